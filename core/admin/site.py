"""The back office site that every app registers with."""

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class BackOffice(AdminSite):
    """The one place where staff work."""

    site_header = _("Order desk")
    site_title = _("Order desk")
    index_title = _("Today")


site = BackOffice(name="admin")
