"""Pages composed of parts: what somebody needs to know about one record, in one look.

    @admin.register(Thing, site=site)
    class ThingAdmin(TransitionAdmin, PanelAdmin):
        page = "app.thing"                                       # the name its parts register for
        facts = ["owner", money_column("total"), when_column("placed_at"), "reference"]
        editable = ["note"]                                      # optional: gives the page an Edit link
        remark = "comment"                                       # optional: the step whose form stands in the timeline

        def headline(self, obj): return obj.standing             # one sentence under the title, optional
        def what_next(self, obj): return obj.next_step           # what comes next, optional
        def alert(self, obj): return obj.blocked_because         # what is in the way, optional
        def need(self, obj): return "payment"                    # what the main button is for (core.way), optional
        def is_over(self, obj): return obj.is_closed             # nothing comes next any more, optional
        def badges(self, obj): return [(obj.status, obj.get_status_display())]    # the default

From top to bottom: the way of the record (`core.way`), what is next and what is in the way (panels of
"app.thing.way"), cards (panels of "app.thing.now"), facts, panels (of "app.thing"), and the timeline
(`core.admin.strands`, else the record's own history). A part, in the panels.py of any app above:

    @panel("app.thing", order=20)
    def lines(request, thing):
        return "app/panels/lines.html", {"title": _("Lines"), "count": 3, "lines": ...}

The frame draws the box and its head. It understands these names of the context: `title` (without it the
part stands without a box), `count`, `side=True` (right column, below the timeline; with `pinned=True`
above it), `wide=True` (a card of two), `badge=(value, words)` (in the head of a card), `flush=True` (a table to the
edges), `more=(url, label)` (a link in
the head), `anchor` (its #name, else the name of the function). The template gets the rest, and may use
`{% load back_office %}`: money, badge, when, icon; CSS classes `data` (table), `num`, `quiet`, `empty`. A
link with `data-aside` opens beside the page.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field, unquote
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db.models import DateField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext

from core import mentions, way
from core.admin import history, strands
from core.admin.aside import is_aside
from core.admin.base import BackOfficeAdmin
from core.admin.columns import for_reader
from core.admin.links import link_to, may_see, title_of
from core.drawings import drawn_once
from core.live import is_refresh
from core.panels import leads_for, panels_for
from core.service import thread_of
from core.templatetags.back_office import when


class PanelAdmin(BackOfficeAdmin):
    """A record's page: facts on top, panels below, history last; editing has a page of its own."""

    page: ClassVar[str] = ""
    remark: ClassVar[str] = ""
    facts: ClassVar[Sequence[str | Callable[[Any], Any]]] = ()
    change_form_template = "admin/change_form.html"

    def headline(self, obj: Any) -> Any:
        """Return one sentence on where the record stands."""
        return ""

    def what_next(self, obj: Any) -> Any:
        """Return one sentence on what comes next."""
        return ""

    def alert(self, obj: Any) -> Any:
        """Return one sentence on what is in the way."""
        return ""

    def need(self, obj: Any) -> str:
        """Return the name of what the record needs now (`core.way.remedy`)."""
        return ""

    def is_over(self, obj: Any) -> bool:
        """Whether nothing comes next any more."""
        return False

    def badges(self, obj: Any) -> list[tuple[str, Any]]:
        """Return value and words of the states to show beside the title."""
        return [(obj.status, obj.get_status_display())] if hasattr(obj, "get_status_display") else []

    def page_title(self, obj: Any) -> str:
        """Return the name of the record as the page shows it."""
        return title_of(obj)

    def moments(self, obj: Any) -> list[history.Moment]:
        """Return the history that is told at the end of the page."""
        return history.moments(thread_of(obj))

    def get_urls(self) -> list[Any]:
        """Add the page for editing, and who may be named in a remark."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        framed = self.admin_site.admin_view
        return [
            path("<path:object_id>/edit/", framed(self.edit_view), name=f"{name}_edit"),
            path("<path:object_id>/colleagues/", framed(self.colleagues_view), name=f"{name}_colleagues"),
            *super().get_urls(),
        ]

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the form of the few editable fields."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return super().change_view(request, object_id, extra_context={"editing": True})

    def colleagues_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer which colleagues may see the record, by the beginning of a name; for who may remark on it."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj) or not self.remark_form(request, obj):
            raise PermissionDenied
        typed = request.GET.get("q", "").replace("\0", "")[:40]
        found = mentions.colleagues_for(obj, typed, but=request.user.pk)
        people = [{"username": one.get_username(), "name": one.get_full_name() or one.get_username()} for one in found]
        return JsonResponse({"people": people})

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Go back to the page of the record."""
        route = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(route, args=[obj.pk]))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Go to the page of the new record."""
        return self.response_post_save_change(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the page. It changes nothing; a POST here is refused."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self.unknown(request, object_id)
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request, obj):
            raise PermissionDenied
        if is_refresh(request):
            return drawn_once(request, self.page, obj, partial(self._record_page, request, obj, extra_context))
        return self._record_page(request, obj, extra_context)

    def _record_page(self, request: HttpRequest, obj: Any, extra_context: Any) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": self.page_title(obj),
            "opts": self.opts,
            "original": obj,
            "badges": self.badges(obj),
            "facts": self.facts_of(request, obj),
            "steps": self.steps(request, obj) if hasattr(self, "steps") else [],
            "closed_steps": self.closed_steps(request, obj) if hasattr(self, "closed_steps") else [],
            "edit_url": self._edit_url(request, obj),
            **self._standing(request, obj),
            **self._panels(request, obj),
            **self._timeline(request, obj),
            "media": self.media,
            **(extra_context or {}),
        }
        names = [
            f"admin/{self.opts.app_label}/{self.opts.model_name}/page.html",
            "admin/panel_page.html",
        ]
        return TemplateResponse(request, names, context)

    def _standing(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return where the record stands: its way, what comes next, what is in the way, and the main button."""
        return {
            "way": way.way_of(self.page, request, obj, is_over=self.is_over(obj)),
            "headline": self.headline(obj),
            "what_next": self.what_next(obj),
            "alert": self.alert(obj),
            "in_the_way": self._drawn(request, obj, f"{self.page}.way"),
            "remedy": way.remedy_for(self.page, self.need(obj), request, obj),
        }

    def _timeline(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the timeline tells, and the form to add to it."""
        if not strands.STRANDS[self.page]:
            return {"moments": self.moments(obj)}
        told = strands.telling(self.page, request, obj)
        return {**told, "remark": self.remark_form(request, obj) if self.remark and not is_aside(request) else None}

    def remark_form(self, request: HttpRequest, obj: Any) -> dict[str, Any] | None:
        """Return the form of the step that adds a remark, for who may take it now."""
        return None

    def _edit_url(self, request: HttpRequest, obj: Any) -> str:
        if not self.has_change_permission(request, obj):
            return ""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_edit", args=[obj.pk])

    def _panels(self, request: HttpRequest, obj: Any) -> dict[str, list[Any]]:
        panels = self._drawn(request, obj, self.page)
        side = [part for part in panels if part.get("side")]
        return {
            "leads": leads_for(self.page, request, obj),
            "cards": self._drawn(request, obj, f"{self.page}.now"),
            "main_panels": [part for part in panels if not part.get("side")],
            "pinned_panels": [part for part in side if part.get("pinned")],
            "side_panels": [part for part in side if not part.get("pinned")],
        }

    def _drawn(self, request: HttpRequest, obj: Any, page: str) -> list[dict[str, Any]]:
        return [
            {**context, "body": render_to_string(template, {**context, "original": obj}, request=request)}
            for template, context in panels_for(page, request, obj)
        ]

    def facts_of(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """Return label and value of each fact that is known."""
        shown = []
        for name in self.facts:
            value = self._fact(for_reader(name, request.user), obj, request.user)
            if value not in ("", None, "–"):
                shown.append({"label": self._fact_label(name), "value": value})
        return shown

    def _fact_label(self, name: Any) -> str:
        lookup = getattr(name, "field_path", "") or name
        return str(label_for_field(lookup, self.model, self))

    def _fact(self, name: Any, obj: Any, user: Any) -> Any:
        try:
            column, _attribute, value = lookup_field(name, obj, self)
        except ObjectDoesNotExist:
            return ""
        if column is None:
            return display_for_value(value, "") if not isinstance(value, str) else value
        if column.flatchoices:
            return capfirst(display_for_field(value, column, ""))
        if column.is_relation:
            found = getattr(obj, column.name)
            return link_to(found) if found is None or may_see(user, found) else title_of(found)
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(column, DateField):
            return when(value) if value else ""
        return display_for_field(value, column, "")
