"""Steps a record can take, each behind a page that says what will happen.

    @admin.register(Thing, site=site)
    class ThingAdmin(TransitionAdmin, BackOfficeAdmin):          # or (TransitionAdmin, PanelAdmin)
        transition_services = {
            "ship": TransitionSpec(
                label=_("Ship"),
                service=services.ship_thing,                     # (pk, *, actor, **what the form says)
                permission="app.operate_thing",
                form=ShipForm,                                   # optional; a SubjectForm gets the record
                initial=lambda thing: {"carrier": thing.carrier},
                consequences=lambda thing: [_("The customer is told."), _("Stock goes down by 3.")],
                style="primary",                                 # "primary", "danger" or ""
            ),
        }

The key is the name of the transition in the model's machine: the step is offered only while the machine
allows it (source and conditions) and the person holds the permission. A key that is no transition (such
as placing a hold) is offered while `when(record)` says so, else always. `when` also narrows transitions.

A step with `shown` tells, from what was answered, what it will do; it is only done as it was told: until those very
sentences stood on the page, and whenever they or the `state` are others by now, sending the form shows them instead.
That is looked at behind `lock`, so that a double click does it once.

A step with `once` that no status closes (money that goes back can go back again) is taken once for each page that was
opened: its form sent again, from the history of the browser or by a second click, says that it is done.

The change page shows links, never submit buttons. `<pk>/do/<name>/` shows the consequences and the form;
only its POST acts, and checks the permission again. A DomainError is shown in words beside the form,
nothing typed is lost, and nothing has changed. `?next=/some/path` says where to go afterwards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from core import today
from core.admin.actors import actor_for
from core.admin.aside import go_to, is_aside
from core.admin.forms import SubjectForm, show_refusal
from core.admin.links import title_of
from core.errors import DomainError
from core.inserting import insert_once
from core.models import IdempotencyKey
from core.reader import retold
from core.service import attempt, unit_of_work

SHOWN = "shown"
PAGE = "page"
# For so long a page that was left open is known to have been sent.
KNOWN_FOR = timedelta(days=30)


class SentBefore(Exception):
    """The form of this very page was sent and taken before."""


@dataclass(frozen=True)
class TransitionSpec:
    """One step: who may take it, which service takes it, what to ask, and what will happen.

    `consequences` returns sentences. `arguments` turns (record, cleaned data) into the keyword
    arguments of the service where the form's names are not theirs. `shown` turns them into sentences that have to be
    on the page before anything is done. `done` is said afterwards. A step that is offered
    `elsewhere`, by a part of the page, is none of the buttons in its head.
    """

    label: Any
    service: Callable[..., Any]
    permission: str
    form: type[forms.BaseForm] | None = None
    consequences: Callable[[Any], Sequence[Any]] | None = None
    style: str = ""
    when: Callable[[Any], bool] | None = None
    initial: Callable[[Any], dict[str, Any]] | None = None
    arguments: Callable[[Any, dict[str, Any]], dict[str, Any]] | None = None
    shown: Callable[[Any, dict[str, Any]], Sequence[Any]] | None = None
    state: Callable[[Any], Any] | None = None
    lock: Callable[[int], Any] | None = None
    done: Any = ""
    icon: str = ""
    elsewhere: bool = False
    once: bool = False


def _mark(spec: TransitionSpec, obj: Any, told: Sequence[Any]) -> str:
    """Name some sentences and how the record stood, so that a form says what was on its page."""
    state = spec.state(obj) if spec.state else ""
    return sha256("\n".join(str(one) for one in (state, *told)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Step:
    """A step as it is offered on a page."""

    name: str
    label: str
    url: str
    style: str
    icon: str
    why_not: str = ""


class TransitionAdmin(admin.ModelAdmin):
    """Offers the steps of a record, and takes them through its services."""

    transition_services: ClassVar[Mapping[str, TransitionSpec]] = {}

    def get_urls(self) -> list[Any]:
        """Add the page of each step."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.transition_view)
        return [path("<path:object_id>/do/<slug:name>/", view, name=name), *super().get_urls()]

    def steps(self, request: HttpRequest, obj: Any) -> list[Step]:
        """Return the steps that the record's state and the person's permissions allow now."""
        return [
            Step(name, str(spec.label), self._address(obj, name), spec.style, spec.icon)
            for name, spec in self.transition_services.items()
            if not spec.elsewhere and self.may_take(request, obj, name)
        ]

    def closed_steps(self, request: HttpRequest, obj: Any) -> list[Step]:
        """Return the steps that begin where the record stands and are not open, each with why: that can be changed."""
        machine = getattr(obj, "get_all_status_transitions", None)
        why_not = getattr(obj, "why_not", None)
        if machine is None or why_not is None:
            return []
        begin_here = {one.name for one in machine() if one.source in (obj.status, "*")}
        return [
            Step(name, str(spec.label), "", spec.style, spec.icon, retold(why))
            for name, spec in self.transition_services.items()
            if name in begin_here and request.user.has_perm(spec.permission) and (why := why_not(name))
        ]

    def _address(self, obj: Any, name: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_do", args=[obj.pk, name])

    def remark_form(self, request: HttpRequest, obj: Any) -> dict[str, Any] | None:
        """Return the form that a page shows in place of the button of its remark, with where it is sent."""
        name = getattr(self, "remark", "")
        if not name or not self.may_take(request, obj, name):
            return None
        spec = self.transition_services[name]
        form = self._form(spec, obj, None)
        form.auto_id = f"{name}_%s"
        for field in form.fields.values():
            field.widget.attrs.setdefault("placeholder", str(spec.label))
        if hasattr(self, "colleagues_view"):
            kind = f"admin:{self.opts.app_label}_{self.opts.model_name}_colleagues"
            names = {"data-names": reverse(kind, args=[obj.pk]), "data-names-label": _("Colleagues")}
            form.visible_fields()[0].field.widget.attrs.update(names)
        focus = form.visible_fields()[0].id_for_label
        return {"form": form, "url": self._address(obj, name), "label": str(spec.label), "step": name, "focus": focus}

    def may_take(self, request: HttpRequest, obj: Any, name: str) -> bool:
        """Whether this person may take this step now."""
        spec = self.transition_services[name]
        return bool(request.user.has_perm(spec.permission)) and self.is_open(obj, name)

    def is_open(self, obj: Any, name: str) -> bool:
        """Whether the record stands where this step begins."""
        spec = self.transition_services[name]
        if spec.when is not None and not spec.when(obj):
            return False
        machine = getattr(obj, "get_all_status_transitions", None)
        if machine is None or name not in {transition.name for transition in machine()}:
            return True
        return name in {transition.name for transition in obj.get_available_status_transitions()}

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer the steps on the change page."""
        obj = kwargs.get("obj")
        if obj is not None:
            context["steps"] = self.steps(request, obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def transition_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Say what will happen (GET) or do it (POST)."""
        spec = self.transition_services.get(name)
        obj = self.get_object(request, unquote(object_id))
        if spec is None or obj is None:
            raise Http404
        if not self.has_view_permission(request, obj) or not request.user.has_perm(spec.permission):
            raise PermissionDenied
        if not self.is_open(obj, name):
            return self._explain(request, obj, name, spec)
        sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form, told = self._form(spec, obj, *sent), None
        if request.method == "POST" and form.is_valid():
            try:
                told = self._take_as_told(request, obj, spec, form)
            except DomainError as error:
                show_refusal(form, error)
            except SentBefore:
                return self._after(request, obj, spec, again=True)
            else:
                if told is None:
                    return self._after(request, obj, spec)
        elif request.method != "POST":
            told = self._foretold(spec, obj, form)
        status = 409 if form.errors and not form.fields else 200
        return self._page(request, obj, name, spec, form, told=told, status=status)

    def _take_as_told(
        self, request: HttpRequest, obj: Any, spec: TransitionSpec, form: forms.BaseForm
    ) -> Sequence[Any] | None:
        """Take a step, or return what it would do where that did not stand on the page."""
        if spec.shown is None:
            self._take(request, obj, spec, form)
            return None
        with unit_of_work():
            if spec.lock:
                spec.lock(obj.pk)
            fresh = self.get_object(request, str(obj.pk)) or obj
            told = spec.shown(fresh, form.cleaned_data)
            if request.POST.get(SHOWN) != _mark(spec, fresh, told):
                return told
            self._take(request, fresh, spec, form)
            return None

    def _foretold(self, spec: TransitionSpec, obj: Any, form: forms.BaseForm) -> Sequence[Any] | None:
        """Return what the answers that are proposed come to, where they are complete."""
        if spec.shown is None:
            return None
        proposed = self._form(spec, obj, {name: form[name].value() for name in form.fields})
        try:
            return spec.shown(obj, proposed.cleaned_data) if proposed.is_valid() else None
        except DomainError:
            return None

    def _form(self, spec: TransitionSpec, obj: Any, data: Any, files: Any = None) -> forms.BaseForm:
        kind = spec.form or forms.Form
        about = {"subject": obj} if issubclass(kind, SubjectForm) else {}
        return kind(data, files, initial=spec.initial(obj) if spec.initial else None, **about)

    def _take(self, request: HttpRequest, obj: Any, spec: TransitionSpec, form: forms.BaseForm) -> None:
        values = spec.arguments(obj, form.cleaned_data) if spec.arguments else form.cleaned_data
        take = partial(spec.service, obj.pk, actor=actor_for(request), **values)
        page = request.POST.get(PAGE, "")[:60]
        if spec.once and page:
            attempt(partial(self._take_once, request.user.pk, page, take))
        else:
            take()

    @staticmethod
    def _take_once(user: Any, page: str, take: Callable[[], Any]) -> None:
        """Take a step and remember its page, both or neither. Raises SentBefore."""
        now = timezone.now()
        row = IdempotencyKey(
            client=f"user:{user}",
            key=f"page:{page}",
            # Where the step is not taken, this is not kept either: whoever finds it is sent on.
            status_code=HTTPStatus.SEE_OTHER,
            created_at=now,
            keep_until=now + KNOWN_FOR,
        )
        if not insert_once(row):
            raise SentBefore
        take()

    def _after(self, request: HttpRequest, obj: Any, spec: TransitionSpec, *, again: bool = False) -> HttpResponse:
        done = _("%(thing)s: %(step)s – done") % {"thing": title_of(obj), "step": spec.label}
        said = str(spec.done) if spec.done else done
        if again:
            said = _("This was done already, by the same page; nothing was done twice.")
        self.message_user(request, said, messages.WARNING if again else messages.SUCCESS)
        today.acted(request.user.pk)
        back = self._way_back(request, obj)
        return go_to(back) if is_aside(request) else HttpResponseRedirect(back)

    def _way_back(self, request: HttpRequest, obj: Any) -> str:
        wanted = request.POST.get("next") or request.GET.get("next") or ""
        if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            return wanted
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])

    @staticmethod
    def _said(spec: TransitionSpec, obj: Any, told: Sequence[Any] | None) -> list[Any]:
        return [*(told or ()), *(spec.consequences(obj) if spec.consequences else ())]

    def _explain(self, request: HttpRequest, obj: Any, name: str, spec: TransitionSpec) -> HttpResponse:
        """Say why the step is not open, instead of offering it."""
        why_not = getattr(obj, "why_not", None)
        reason = (why_not(name) if why_not else "") or _("This cannot be done while the status is “%(status)s”.") % {
            "status": obj.get_status_display() if hasattr(obj, "get_status_display") else title_of(obj)
        }
        return self._page(request, obj, name, spec, None, reason=reason, status=409)

    def _page(
        self,
        request: HttpRequest,
        obj: Any,
        name: str,
        spec: TransitionSpec,
        form: forms.BaseForm | None,
        *,
        reason: str = "",
        told: Sequence[Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": str(spec.label),
            "opts": self.opts,
            "object": obj,
            "called": title_of(obj),
            "name": name,
            "spec": spec,
            "form": form,
            "media": self.media + form.media if form is not None else self.media,
            "reason": reason,
            "consequences": self._said(spec, obj, told) if not reason else [],
            "shown": _mark(spec, obj, told) if told is not None else "",
            "is_shown_again": told is not None and bool(request.POST.get(SHOWN)),
            "is_told_first": spec.shown is not None,
            "page": (request.POST.get(PAGE) or get_random_string(22)) if spec.once else "",
            "back": self._way_back(request, obj),
            "next": request.POST.get("next") or request.GET.get("next") or "",
        }
        templates = [
            f"admin/{self.opts.app_label}/{self.opts.model_name}/do_{name}.html",
            "admin/transition.html",
        ]
        return TemplateResponse(request, templates, context, status=status)
