"""People who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticesByMail(models.TextChoices):
    """When a notice of the back office is mailed as well."""

    UNREAD = "unread", _("when I have not read it after ten minutes")
    ALWAYS = "always", _("always, at once")
    NEVER = "never", _("never")


class User(AbstractUser):
    """Somebody who signs in: staff to the back office, customers to the portal."""

    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    # By kind of limit, the codes that are left: {"<kind>": ["<code>", ...]}. None: everything (core.sight).
    limits = models.JSONField(_("limited to"), default=dict, blank=True)
    shortcut_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    notices_by_mail = models.CharField(
        _("notices by mail"),
        max_length=10,
        choices=NoticesByMail.choices,
        default=NoticesByMail.UNREAD,
        editable=False,
    )
    # Set while the sign-in asks for a second step; the secret lies in SecondStep.
    second_step_since = models.DateTimeField(_("two-step sign-in since"), null=True, blank=True, editable=False)

    class Meta(AbstractUser.Meta):
        # Colleagues are few among all who may sign in, and are looked up while somebody types.
        indexes = [models.Index(fields=["username"], name="staff_by_name", condition=models.Q(is_staff=True))]
