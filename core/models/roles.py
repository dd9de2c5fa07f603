"""Roles that come with the house, and what limits a person."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.Model):
    """A group that every installation starts with, and the permissions it was ever given by the house.

    What is in `granted` and no longer in the group was taken away by an administrator, and stays away.
    """

    code = models.CharField(_("code"), max_length=30, unique=True)
    group = models.OneToOneField(
        "auth.Group", models.SET_NULL, null=True, related_name="role", verbose_name=_("group")
    )
    granted = models.JSONField(_("permissions"), default=list)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.code
