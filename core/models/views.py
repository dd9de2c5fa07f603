"""Views of lists that people keep."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from .base import LockingManager


class SavedView(models.Model):
    """What somebody keeps of a list under a name: filters, search term, sort and columns.

    `table` names the list (`app.model`). The slug is its address in the back office and in the API; it
    stays when the view gets another name. Sort and columns are names, so that a new column moves nothing.
    """

    table = models.CharField(_("list"), max_length=100)
    slug = models.SlugField(_("address"), max_length=60, db_index=False)
    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("owner"))
    shared = models.BooleanField(_("shared with everybody"), default=False)
    position = models.PositiveSmallIntegerField(_("place"), default=0)
    filters = models.JSONField(_("filters"), default=dict, blank=True)
    search = models.CharField(_("search term"), max_length=200, blank=True)
    sort = models.JSONField(_("sort"), default=list, blank=True)
    columns = models.JSONField(_("columns"), default=list, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    objects = LockingManager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        default_permissions = ()
        permissions = [
            ("share_view", gettext_noop("Can share saved views with everybody")),
            ("manage_shared_view", gettext_noop("Can change saved views that others share")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["table", "slug"], name="one_view_per_list_and_slug"),
            models.CheckConstraint(condition=~models.Q(slug="") & ~models.Q(name=""), name="a_view_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
