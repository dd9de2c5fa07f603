"""One step for many rows of a list, behind a page that says how many.

    class ThingAdmin(BulkAdmin, BackOfficeAdmin):
        bulk_services = {
            "close": BulkSpec(_("Close"), services.close_things, "app.close_thing", form=CloseForm),
            "release": BulkSpec(_("Release"), services.release_thing, "app.operate_thing", each=True),
        }

The service gets the list of ids (set-based), or with `each=True` one id at a time: then every refusal is
shown with its row and reason, and the others are done. It is called as `service(ids, *, actor, **form)`.
The page names the number of rows; the POST reads the same selection or filter again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.admin.actors import actor_for
from core.admin.forms import show_refusal
from core.errors import DomainError

LIMIT = 5_000


@dataclass(frozen=True)
class BulkSpec:
    """A step for many rows: `consequences` turns their number into sentences."""

    label: Any
    service: Callable[..., Any]
    permission: str
    form: type[forms.Form] | None = None
    each: bool = False
    consequences: Callable[[int], Sequence[Any]] | None = None
    style: str = ""


class BulkAdmin(admin.ModelAdmin):
    """Offers steps for the rows that are selected, or for all that match the filter."""

    bulk_services: ClassVar[Mapping[str, BulkSpec]] = {}

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the steps that the person may take."""
        actions: dict[str, Any] = super().get_actions(request)
        for name, spec in self.bulk_services.items():
            if request.user.has_perm(spec.permission):
                actions[name] = (partial(_act, name), name, str(spec.label))
        return actions

    def bulk_view(self, request: HttpRequest, rows: "QuerySet", name: str) -> HttpResponse | None:
        """Say what will happen to how many rows, and on the second POST do it."""
        spec = self.bulk_services[name]
        if not request.user.has_perm(spec.permission):
            raise PermissionDenied
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[: LIMIT + 1])
        confirmed = "confirmed" in request.POST
        form = (spec.form or forms.Form)(request.POST if confirmed else None)
        refused: list[tuple[Any, str]] = []
        if len(ids) > LIMIT:
            message = _("That is more than %(limit)s rows at once; narrow the list first.") % {"limit": LIMIT}
            self.message_user(request, message, messages.WARNING)
            return None
        if confirmed and form.is_valid():
            try:
                done, refused = self._act_on(spec, ids, request, form.cleaned_data)
            except DomainError as error:
                show_refusal(form, error)
            else:
                if done:
                    said = ngettext("%(step)s: %(n)s row done.", "%(step)s: %(n)s rows done.", done)
                    self.message_user(request, said % {"step": spec.label, "n": done}, messages.SUCCESS)
                if not refused:
                    return None
        return self._bulk_page(request, spec, name, ids, form, refused)

    def _act_on(
        self, spec: BulkSpec, ids: list[Any], request: HttpRequest, values: dict[str, Any]
    ) -> tuple[int, list[tuple[Any, str]]]:
        actor = actor_for(request)
        if not spec.each:
            answer = spec.service(ids, actor=actor, **values)
            return (answer if isinstance(answer, int) and not isinstance(answer, bool) else len(ids)), []
        refused = []
        for pk in ids:
            try:
                spec.service(pk, actor=actor, **values)
            except DomainError as error:
                refused.append((pk, error.message))
        return len(ids) - len(refused), refused

    def _bulk_page(
        self,
        request: HttpRequest,
        spec: BulkSpec,
        name: str,
        ids: list[Any],
        form: forms.Form,
        refused: list[tuple[Any, str]],
    ) -> HttpResponse:
        reasons = dict(refused)
        rows = self.get_queryset(request).filter(pk__in=list(reasons)[:200]) if refused else []
        across = request.POST.get("select_across") == "1"
        context = {
            **self.admin_site.each_context(request),
            "title": str(spec.label),
            "opts": self.opts,
            "spec": spec,
            "name": name,
            "form": form,
            "count": len(ids),
            "across": across,
            # Django asks for one selected row even where all that match are meant.
            "selected": ids[:1] if across else ids,
            "checkbox": ACTION_CHECKBOX_NAME,
            "consequences": list(spec.consequences(len(ids))) if spec.consequences else [],
            "refused": [(row, reasons[row.pk]) for row in rows],
            "refused_count": len(refused),
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/bulk.html", context)


def _act(name: str, model_admin: BulkAdmin, request: HttpRequest, rows: "QuerySet") -> HttpResponse | None:
    return model_admin.bulk_view(request, rows, name)
