"""The back office site that every app registers with."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from core import presence, sessions, today
from core.admin import aside, bell, commands, first_administrator, navigation, searching, security, sign_in
from core.admin.actors import actor_for
from core.bell import token_for
from core.live import is_refresh


class BackOffice(AdminSite):
    """The one place where staff work."""

    site_header = "Ninefold"
    site_title = "Ninefold"
    index_title = _("Today")
    empty_value_display = "–"
    enable_nav_sidebar = False
    password_change_template = "admin/password_change.html"  # noqa: S105
    password_change_done_template = "admin/password_changed.html"  # noqa: S105
    # Pages of modules that need the site themselves, and so cannot be named here.
    more_urls: ClassVar[list[Callable[[Any], list[Any]]]] = []

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what frames every page: the name, and the way around for this person."""
        if aside.is_aside(request) and self.has_permission(request):
            return {"site_title": self.site_title, "has_permission": True, **aside.frame_of(request)}
        if is_refresh(request) and self.has_permission(request):
            # Only what stands in the middle is taken from it (core/live.py): the way around it need not be drawn.
            return {"site_title": self.site_title, "has_permission": False}
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
            "bell": reverse("bell", args=[token_for(request.user.pk)]) if allowed and request.user.pk else "",
            "can_search": allowed and searching.can_search(request),
        }

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the day."""
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "greeting": greeting(request),
            "today": today.page_for(request.user),
            "colleagues": presence.colleagues(request.user),
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
        """Add the search over everything, the page of keys, and what people decide about their own account."""
        ours = (searching, commands, security, first_administrator, bell)
        pages = [*(part.urls for part in ours), *self.more_urls]
        return [*(one for urls in pages for one in urls(self)), *super().get_urls()]

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Ask for the password; the second step may follow."""
        return sign_in.login_view(self, request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Change the own password, which signs the other browsers out."""
        response = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            user: Any = request.user
            sessions.end_sessions(user.pk, keep=request.session.session_key, actor=actor_for(request))
        return response


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
