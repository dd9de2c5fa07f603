"""What a sign-in asks for beside the password."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SecondStep(models.Model):
    """The secret that somebody shares with the authenticator app on their phone."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="second_step", verbose_name=_("user")
    )
    # Encrypted: core.encryption.
    secret = models.CharField(max_length=250)
    # The newest half minute whose code was used: no code up to it works again.
    last_used = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user_id}"


class RecoveryCode(models.Model):
    """A code on paper that stands in for the phone, once. Only its hash is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes", verbose_name=_("user")
    )
    code_hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user_id} {self.code_hash[:6]}"


class SecondStepRule(models.Model):
    """A group whose members sign in with two steps."""

    group = models.OneToOneField("auth.Group", models.CASCADE, primary_key=True, related_name="second_step_rule")

    def __str__(self) -> str:
        return f"{self.group_id}"
