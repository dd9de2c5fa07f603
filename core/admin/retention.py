"""How long what is kept, and what would go. The page deletes nothing; the command of the operator does."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import retention
from core.admin import navigation
from core.admin.actors import actor_for
from core.admin.site import BackOffice
from core.events import RETENTION, DataPurged
from core.models import EventRecord
from core.today import CAP, spoken

VIEW, CHANGE = "core.view_retentionperiod", "core.change_retentionperiod"
LAST = 20


class YearsForm(forms.Form):
    """Years by kind; empty is for good."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in retention.KINDS.values():
            if kind.old is not None:
                self.fields[kind.code] = forms.IntegerField(
                    label=kind.label, min_value=kind.least, max_value=retention.MOST_YEARS, required=False
                )


def urls(site: Any) -> list[Any]:
    """Return the address of the page."""

    def view(request: HttpRequest) -> HttpResponse:
        return page(site, request)

    return [path("retention/", site.admin_view(view), name="retention")]


def page(site: Any, request: HttpRequest) -> HttpResponse:
    """Show what would go (GET), or keep the years (POST)."""
    user: Any = request.user
    if not user.has_perm(VIEW) or (request.method == "POST" and not user.has_perm(CHANGE)):
        raise PermissionDenied
    stand = list(retention.standings(cap=CAP))
    form = YearsForm(request.POST if request.method == "POST" else None, initial={s.kind.code: s.years for s in stand})
    if request.method == "POST" and form.is_valid():
        for code, years in form.cleaned_data.items():
            retention.set_years(code, years, actor=actor_for(request))
        messages.success(request, _("Kept. Nothing was deleted."))
        return HttpResponseRedirect(reverse("admin:retention"))
    purged = EventRecord.objects.filter(thread=RETENTION, name=DataPurged.name).order_by("-id")[:LAST]
    rows = [
        {"standing": one, "due": spoken(one.due), "field": form[one.kind.code] if one.kind.old is not None else None}
        for one in stand
    ]
    context = {
        **site.each_context(request),
        "title": _("Retention"),
        "rows": rows,
        "form": form,
        "may_change": user.has_perm(CHANGE),
        "purged": [(one, retention.KINDS.get(one.payload.get("kind", ""))) for one in purged],
    }
    return TemplateResponse(request, "admin/retention.html", context, status=400 if form.errors else 200)


BackOffice.more_urls.append(urls)
navigation.register(
    navigation.SETTINGS, gettext_lazy("Retention"), "admin:retention", permission=VIEW, order=985, icon="gear"
)
