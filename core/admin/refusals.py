"""What the back office answers when it has nothing to show: it says why, inside its frame, and leads back."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.admin.site import site


def belongs(request: HttpRequest) -> bool:
    """Whether a member of staff asked for a page of the back office."""
    user = getattr(request, "user", None)
    places = ("/admin/", "/reports/", "/desk/")
    return user is not None and site.has_permission(request) and request.path_info.startswith(places)


def page(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Say that there is no such page, or that it is not for this person."""
    if status == HTTPStatus.FORBIDDEN:
        title, text = _("This is not yours to do"), _("Your groups do not allow it. An administrator can change that.")
    else:
        title, text = _("Page not found"), _("There is nothing at this address. It may have moved or never existed.")
    context = {**site.each_context(request), "title": title, "text": text}
    return render(request, "admin/refused.html", context, status=status)
