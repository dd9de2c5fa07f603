"""Pages composed of panels: what somebody needs to know about one record, in one look.

    @admin.register(Thing, site=site)
    class ThingAdmin(TransitionAdmin, PanelAdmin):
        page = "app.thing"                                       # the name panels register for
        facts = ["owner", money_column("total"), when_column("placed_at"), "reference"]
        editable = ["note"]                                      # optional: gives the page an Edit link

        def headline(self, obj): return obj.next_step            # one sentence under the title, optional
        def alert(self, obj): return obj.blocked_because         # what is in the way, optional
        def badges(self, obj): return [(obj.status, obj.get_status_display())]    # the default

A panel, in the panels.py of any app above:

    @panel("app.thing", order=20)
    def lines(request, thing):
        return "app/panels/lines.html", {"title": _("Lines"), "count": 3, "lines": ...}

The frame draws the box and its head. It understands these names of the context: `title` (without it the
part stands without a box), `count`, `side=True` (right column), `flush=True` (a table to the edges),
`more=(url, label)` (a link in the head), `anchor` (its #name). The template gets the rest, and may use
`{% load back_office %}`: money, badge, when, icon; CSS classes `data` (table), `num`, `quiet`, `empty`.
The history comes last by itself.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field, unquote
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db.models import DateField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext

from core.admin import history
from core.admin.base import BackOfficeAdmin
from core.admin.columns import for_reader
from core.admin.links import link_to, may_see
from core.panels import panels_for
from core.service import thread_of
from core.templatetags.back_office import when


class PanelAdmin(BackOfficeAdmin):
    """A record's page: facts on top, panels below, history last; editing has a page of its own."""

    page: ClassVar[str] = ""
    facts: ClassVar[Sequence[str | Callable[[Any], Any]]] = ()
    change_form_template = "admin/change_form.html"

    def headline(self, obj: Any) -> Any:
        """Return one sentence on where the record stands."""
        return ""

    def alert(self, obj: Any) -> Any:
        """Return one sentence on what is in the way."""
        return ""

    def badges(self, obj: Any) -> list[tuple[str, Any]]:
        """Return value and words of the states to show beside the title."""
        return [(obj.status, obj.get_status_display())] if hasattr(obj, "get_status_display") else []

    def page_title(self, obj: Any) -> str:
        """Return the name of the record as the page shows it."""
        return str(obj)

    def moments(self, obj: Any) -> list[history.Moment]:
        """Return the history that is told at the end of the page."""
        return history.moments(thread_of(obj))

    def get_urls(self) -> list[Any]:
        """Add the page for editing."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_edit"
        return [
            path("<path:object_id>/edit/", self.admin_site.admin_view(self.edit_view), name=name),
            *super().get_urls(),
        ]

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the form of the few editable fields."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return super().change_view(request, object_id, extra_context={"editing": True})

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
        main, side = self._panels(request, obj)
        context = {
            **self.admin_site.each_context(request),
            "title": self.page_title(obj),
            "opts": self.opts,
            "original": obj,
            "headline": self.headline(obj),
            "alert": self.alert(obj),
            "badges": self.badges(obj),
            "facts": self.facts_of(request, obj),
            "steps": self.steps(request, obj) if hasattr(self, "steps") else [],
            "edit_url": self._edit_url(request, obj),
            "main_panels": main,
            "side_panels": side,
            "moments": self.moments(obj),
            "media": self.media,
            **(extra_context or {}),
        }
        names = [
            f"admin/{self.opts.app_label}/{self.opts.model_name}/page.html",
            "admin/panel_page.html",
        ]
        return TemplateResponse(request, names, context)

    def _edit_url(self, request: HttpRequest, obj: Any) -> str:
        if not self.has_change_permission(request, obj):
            return ""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_edit", args=[obj.pk])

    def _panels(self, request: HttpRequest, obj: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        main: list[dict[str, Any]] = []
        side: list[dict[str, Any]] = []
        for template, context in panels_for(self.page, request, obj):
            body = render_to_string(template, {**context, "original": obj}, request=request)
            (side if context.get("side") else main).append({**context, "body": body})
        return main, side

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
            return link_to(found) if found is None or may_see(user, found) else str(found)
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(column, DateField):
            return when(value) if value else ""
        return display_for_field(value, column, "")
