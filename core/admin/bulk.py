"""One step for many rows of a list: asked for on a page that says how many, then a job with a result per row.

    class ThingAdmin(BulkAdmin, BackOfficeAdmin):
        bulk_services = {
            "release": BulkSpec(_("Release"), services.release_thing, "app.operate_thing",
                                already=lambda thing, said: thing.released),
            "close": BulkSpec(_("Close"), services.close_thing, "app.close_thing", form=CloseForm),
            "export": export_spec("app.view_thing"),
        }

The service takes one row, as `service(pk, *, actor, **form)`: every row in a transaction of its own, so that a
refusal stops nothing but itself. `already` says that a row needs nothing. A step with `paper` makes one file of
all rows instead. An app above adds its steps to a list with `offer`, as it does with panels. The page names the
number of rows; what is meant is read again when it is sent, and again for each row (`core.admin.bulk_running`).
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core import bulk
from core.admin import bulk_running
from core.admin.actors import actor_for
from core.admin.forms import KEY
from core.admin.paging import capped_count
from core.admin.viewed import name_of
from core.models import BulkJob

LIMIT = 10_000
# So few rows are done while the page loads, unless a worker has them in hand already.
AT_ONCE = 25
TOKEN = re.compile(r"[0-9a-z]{1,64}")


class PersonForm(forms.Form):
    """A form that knows who fills it in."""

    def __init__(self, *args: Any, person: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.prepare()

    def prepare(self) -> None:
        """Adapt the fields to `self.person`."""


@dataclass(frozen=True)
class Batch:
    """The rows that a file is made of, and for whom."""

    admin: Any
    request: HttpRequest
    ids: Sequence[int]
    columns: Sequence[str] = ()


@dataclass(frozen=True)
class BulkSpec:
    """A step for many rows: `consequences` turns their number into sentences, `tucked` puts it into the menu.

    `arguments` turns what the form said into the arguments of the service. `paper` returns the file, and why
    some rows (by id) have no part in it.
    """

    label: Any
    service: Callable[..., Any] | None
    permission: str
    form: type[forms.Form] | None = None
    consequences: Callable[[int], Sequence[Any]] | None = None
    style: str = ""
    already: Callable[[Any, dict[str, Any]], bool] | None = None
    arguments: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    paper: Callable[[Batch], tuple[bulk.Paper | None, dict[int, str]]] | None = None
    order: int = 50
    tucked: bool = False

    @property
    def asks_first(self) -> bool:
        """Whether a page comes before it; what changes nothing begins at once."""
        return self.paper is None or self.form is not None

    def form_for(self, data: Any, person: Any) -> forms.Form:
        """Return what is asked."""
        kind = self.form or forms.Form
        return kind(data, person=person) if issubclass(kind, PersonForm) else kind(data)


OFFERED: dict[str, dict[str, BulkSpec]] = defaultdict(dict)


def offer(table: str, name: str, spec: BulkSpec) -> None:
    """Add a step to the list of another app (`orders.order`); the same name again replaces it."""
    OFFERED[table][name] = spec


class BulkAdmin(admin.ModelAdmin):
    """Offers steps for the rows that are selected, or for all that match the filter."""

    bulk_services: ClassVar[Mapping[str, BulkSpec]] = {}

    def bulk_specs(self) -> dict[str, BulkSpec]:
        """Return the steps of this list, its own and those that other apps offer, in their order."""
        every = {**self.bulk_services, **OFFERED[self.opts.label_lower]}
        return dict(sorted(every.items(), key=lambda pair: pair[1].order))

    @property
    def tucked_steps(self) -> list[str]:
        """Return the steps that stand in the menu of the bar."""
        return [name for name, spec in self.bulk_specs().items() if spec.tucked]

    def batch_of(self, request: HttpRequest, ids: Sequence[int], columns: Sequence[str]) -> Batch:
        """Return rows as a file is made of them."""
        return Batch(self, request, ids, columns)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the steps that the person may take."""
        actions: dict[str, Any] = super().get_actions(request)
        for name, spec in self.bulk_specs().items():
            if request.user.has_perm(spec.permission):
                actions[name] = (partial(_act, name), name, str(spec.label))
        return actions

    def response_action(self, request: HttpRequest, queryset: "QuerySet") -> HttpResponse | None:
        """Take the step that was chosen; what cannot be the key of a row is none of them."""
        said = request.POST.copy()
        keys = said.getlist(ACTION_CHECKBOX_NAME)
        said.setlist(ACTION_CHECKBOX_NAME, [key for key in keys if KEY.fullmatch(key)])
        said["select_across"] = "1" if said.get("select_across") == "1" else "0"
        request.POST = said  # type: ignore[assignment]
        return super().response_action(request, queryset)

    def bulk_view(self, request: HttpRequest, rows: "QuerySet", name: str) -> HttpResponse | None:
        """Say what will happen to how many rows, and on the second POST begin it."""
        spec = self.bulk_specs()[name]
        if not request.user.has_perm(spec.permission):
            raise PermissionDenied
        count = capped_count(rows, LIMIT)
        if count > LIMIT:
            most = number_format(LIMIT, force_grouping=True)
            message = _("That is more than %(limit)s rows at once; narrow the list first.") % {"limit": most}
            self.message_user(request, message, messages.WARNING)
            return None
        confirmed = "confirmed" in request.POST
        if not spec.asks_first and not confirmed:
            return self._begin_job(request, spec, name, rows, spec.form_for({}, request.user))
        form = spec.form_for(request.POST if confirmed else None, request.user)
        if confirmed and form.is_valid():
            # Of all that match, exactly as many as the page named; what was ticked is named by itself.
            counted = request.POST.get("counted", "" if request.POST["select_across"] == "1" else str(count))
            if counted == str(count) or _is_known(request):
                return self._begin_job(request, spec, name, rows, form)
            message = _("Meanwhile the list has changed: look at the number, and confirm once more.")
            form.add_error(None, message)
        return self._bulk_page(request, spec, name, rows, count, form)

    def _begin_job(
        self, request: HttpRequest, spec: BulkSpec, name: str, rows: "QuerySet", form: forms.Form
    ) -> HttpResponse:
        """Write the job down; a small one is done by the time the next page is there."""
        opened = getattr(request, "opened_list", None)
        wanted = bulk.Wanted(
            table=self.opts.label_lower,
            step=name,
            token=_token(request) or uuid.uuid4().hex,
            owner_id=int(request.user.pk or 0),
            said={field: request.POST.getlist(field) for field in form.fields if field in request.POST},
            columns=[name_of(column) for column in self.get_list_display(request)] if opened else [],
            about=self._rows_in_words(request),
            back=request.get_full_path(),
            language=get_language() or "en",
        )
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:LIMIT])
        job, _new = bulk.begin(wanted, ids, actor=actor_for(request))
        if spec.paper is None and len(ids) <= AT_ONCE:
            job = bulk_running.pay_now(job)
        return self._lead_on(request, spec, job)

    def _lead_on(self, request: HttpRequest, spec: BulkSpec, job: BulkJob) -> HttpResponse:
        """Lead back to the list where all is well, else to the page of the job."""
        counted = bulk.tally(job)
        if job.status != BulkJob.Status.SUCCEEDED or counted.skipped or spec.paper is not None:
            return HttpResponseRedirect(reverse("admin:bulk_job", args=[job.key]))
        said = ngettext("%(step)s: %(n)s row done.", "%(step)s: %(n)s rows done.", counted.done)
        self.message_user(request, said % {"step": spec.label, "n": counted.done}, messages.SUCCESS)
        return HttpResponseRedirect(request.get_full_path())

    def _bulk_page(
        self, request: HttpRequest, spec: BulkSpec, name: str, rows: "QuerySet", count: int, form: forms.Form
    ) -> HttpResponse:
        across = request.POST.get("select_across") == "1"
        for field in list(form.fields.values())[:1]:
            field.widget.attrs["autofocus"] = True
        ids = rows.order_by("pk").values_list("pk", flat=True)
        context = {
            **self.admin_site.each_context(request),
            "title": str(spec.label),
            "opts": self.opts,
            "spec": spec,
            "name": name,
            "form": form,
            "media": self.media + form.media,
            "count": count,
            "spoken_count": number_format(count, force_grouping=True),
            "about": self._rows_in_words(request),
            "token": _token(request) or uuid.uuid4().hex,
            "across": across,
            # Django asks for one selected row even where all that match are meant.
            "selected": list(ids[:1] if across else ids),
            "checkbox": ACTION_CHECKBOX_NAME,
            "consequences": list(spec.consequences(count)) if spec.consequences else [],
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/bulk.html", context)

    def _rows_in_words(self, request: HttpRequest) -> str:
        """Say in words which rows are meant: those that were ticked, or what the list was narrowed to."""
        if request.POST.get("select_across") != "1":
            return ""
        shown = getattr(request, "shown_list", None)
        opened = getattr(request, "opened_list", None)
        parts = [f"“{opened.view.name}”"] if opened and opened.view else []
        for spec in getattr(shown, "filter_specs", ()):
            chosen = [str(choice["display"]) for choice in list(spec.choices(shown))[1:] if choice["selected"]]
            parts += [f"{capfirst(str(spec.title))}: {text}" for text in chosen]
        if opened and opened.look.search:
            parts.append(_("search “%(term)s”") % {"term": opened.look.search})
        return ", ".join(parts) or str(_("the whole list"))


def _token(request: HttpRequest) -> str:
    """Return what was drawn with the page that was sent; nothing where it cannot be one."""
    said = request.POST.get("token", "")
    return said if TOKEN.fullmatch(said) else ""


def _is_known(request: HttpRequest) -> bool:
    """Whether this page was sent before: its job is shown, whatever the list looks like by now."""
    token = _token(request)
    return bool(token) and BulkJob.objects.filter(owner_id=request.user.pk, token=token).exists()


def _act(name: str, model_admin: BulkAdmin, request: HttpRequest, rows: "QuerySet") -> HttpResponse | None:
    return model_admin.bulk_view(request, rows, name)
