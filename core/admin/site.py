"""The back office site that every app registers with."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import today
from core.admin import commands, navigation, searching


class BackOffice(AdminSite):
    """The one place where staff work."""

    site_header = "Ninefold"
    site_title = "Ninefold"
    index_title = _("Today")
    empty_value_display = "–"
    enable_nav_sidebar = False
    password_change_template = "admin/password_change.html"  # noqa: S105
    password_change_done_template = "admin/password_changed.html"  # noqa: S105

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what frames every page: the name, and the way around for this person."""
        allowed = self.has_permission(request)
        places = navigation.groups_for(request) if allowed else []
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": self.site_url,
            "company_name": getattr(settings, "COMPANY_NAME", ""),
            "has_permission": allowed,
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
            "navigation": places,
            "commands": commands.sections_for(self, request, places) if allowed else [],
            "can_search": allowed and searching.can_search(request),
        }

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the day."""
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "greeting": greeting(request),
            "today": today.page_for(request.user),
            "now": timezone.localtime(),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/today.html", context)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Sign out, and let the browser forget the lists that it kept for the way back."""
        response = super().logout(request, extra_context)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    def get_urls(self) -> list[Any]:
        """Add the search over everything, and the page of keys."""
        return [*searching.urls(self), *commands.urls(self), *super().get_urls()]


def greeting(request: HttpRequest) -> str:
    """Greet by the time of day and the first name."""
    hour = timezone.localtime().hour
    name = getattr(request.user, "first_name", "") or request.user.get_username().capitalize()
    if hour < 12:
        return gettext("Good morning, %(name)s.") % {"name": name}
    if hour < 18:
        return gettext("Good afternoon, %(name)s.") % {"name": name}
    return gettext("Good evening, %(name)s.") % {"name": name}


site = BackOffice(name="admin")
