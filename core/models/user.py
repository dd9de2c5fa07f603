"""People who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Somebody who signs in: staff to the back office, customers to the portal."""

    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    # By kind of limit, the codes that are left: {"<kind>": ["<code>", ...]}. None: everything (core.sight).
    limits = models.JSONField(_("limited to"), default=dict, blank=True)
    shortcut_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    # Set while the sign-in asks for a second step; the secret lies in SecondStep.
    second_step_since = models.DateTimeField(_("two-step sign-in since"), null=True, blank=True, editable=False)
