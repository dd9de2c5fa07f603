"""Saved views over a list: the pages on which they are saved, changed, moved and deleted, and their columns.

Every list that is built on the frame has them (`keeps_views`). Columns beyond those that are shown from
the start are offered by `extra_columns`.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control

from core.admin import history, view_counts
from core.admin.actors import actor_for
from core.admin.forms import show_refusal
from core.admin.viewed import (
    NO_SUCH,
    OpenList,
    Tab,
    address_of_view,
    impossible,
    known,
    name_of,
    narrowed,
    open_list,
    outdated,
    spoken_name,
    table_of,
)
from core.errors import DomainError, Invalid
from core.looks import COLUMNS, VIEW, Look, moved, overlay, texts
from core.models import SavedView
from core.saved_views import LONGEST_NAME, SHARE, change_view, delete_view, look_of, move_view, save_view
from core.service import thread_of

# A list may be kept for the way back, so that it stands as it was left; it is asked for anew on every other way.
kept_for_the_way_back = cache_control(private=True, no_cache=True, max_age=0)


class ViewForm(forms.Form):
    """What a view is called, and who sees it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_NAME)
    shared = forms.BooleanField(label=gettext_lazy("Everybody sees it"), required=False)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["shared"]


class SavedViewsMixin(admin.ModelAdmin):
    """Gives a list saved views, and columns to choose."""

    keeps_views = True
    tabs: Sequence[Tab] = ()
    all_label: Any = gettext_lazy("All")
    extra_columns: Sequence[Any] = ()

    def get_urls(self) -> list[Any]:
        """Add what is done with views; the list itself may be kept for the way back."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("", kept_for_the_way_back(wrap(self.changelist_view, cacheable=True)), name=f"{name}_changelist"),
            path("views/", wrap(self.new_view_page), name=f"{name}_views"),
            path("view-<slug:slug>/", wrap(self.view_page), name=f"{name}_view"),
            path("tab-counts/", wrap(self.tab_counts), name=f"{name}_tab_counts"),
            path("columns/", wrap(self.choose_columns), name=f"{name}_columns"),
            *super().get_urls(),
        ]

    def may_keep_views(self) -> bool:
        """Whether views of this list are kept; a list of a handful of settings needs none."""
        return self.keeps_views and not getattr(self, "is_small", False)

    # What is shown ------------------------------------------------------------------------------
    def opened(self, request: HttpRequest) -> OpenList:
        """Return the list as the address asks for it; from now on the request says it in Django's words."""
        found: OpenList | None = getattr(request, "opened_list", None)
        if found is None or found.admin is not self:
            found = open_list(self, request)
            request.opened_list = found  # type: ignore[attr-defined]
            request.GET = found.as_query()  # type: ignore[assignment]
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Show what the view keeps that the address names."""
        self.opened(request)
        return super().get_changelist_instance(request)

    def dressed(self, request: HttpRequest, column: Any) -> Any:
        """Return a column as it is shown."""
        return column

    def usual_columns(self, request: HttpRequest) -> list[Any]:
        """Return the columns of the list where nobody chose."""
        return [self.dressed(request, column) for column in super().get_list_display(request)]

    def every_column(self, request: HttpRequest) -> list[Any]:
        """Return the columns that may be chosen."""
        return [*self.usual_columns(request), *(self.dressed(request, column) for column in self.extra_columns)]

    def pinned_columns(self, request: HttpRequest) -> list[str]:
        """Return the columns that are always there: the first, and those that lead to the record."""
        usual = self.usual_columns(request)
        return list(dict.fromkeys(name_of(column) for column in (usual[0], *(self.list_display_links or ()))))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns that were chosen, else those of the list."""
        found: OpenList | None = getattr(request, "opened_list", None)
        if found is None or found.admin is not self or not found.look.columns:
            return self.usual_columns(request)
        every = {name_of(column): column for column in self.every_column(request)}
        return [every[name] for name in found.look.columns]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; what a view keeps and does not exist any more is left out with a word about it."""
        opened = self.opened(request)
        if opened.unknown:
            self.message_user(request, _("There is no such view any more; all rows are shown."), messages.WARNING)
            return HttpResponseRedirect(request.path + opened.address(opened.look).rstrip("?"))
        response, gone = self._try_to_show(request, extra_context, super().changelist_view)
        for name in [*opened.lost, *(spoken_name(self, request, name) for name in gone)]:
            said = _("“%(name)s” of this view does not exist any more and was left out.")
            if opened.view is None:
                said = _("“%(name)s” has no such value (any more) and was left out.")
            self.message_user(request, said % {"name": name}, messages.WARNING)
        # By an address that says so: what is done with all rows that match is done with those that are shown.
        if not gone:
            return response
        return HttpResponseRedirect(request.path + opened.address(opened.look.without(gone)).rstrip("?"))

    def _try_to_show(
        self, request: HttpRequest, extra_context: Any, show: Callable[..., HttpResponse]
    ) -> tuple[HttpResponse, list[str]]:
        """Return the list, and which filters of the open view have no meaning any more."""
        opened = self.opened(request)
        try:
            response = show(request, {**self._views_context(request, opened), **(extra_context or {})})
        except DisallowedModelAdminLookup:
            gone = impossible(opened)
            if not gone:
                raise
            return HttpResponse(), gone
        if response.status_code == HTTPStatus.FOUND and f"?{ERROR_FLAG}=1" in response.headers.get("Location", ""):
            return response, impossible(opened)
        context = getattr(response, "context_data", None) or {}
        changelist = context.get("cl")
        return response, outdated(opened, changelist.filter_specs, changelist) if changelist is not None else []

    def tabs_for(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the views over the list, those of the house and those that were saved, and which of them is open."""
        opened = self.opened(request)
        if not self.tabs and not opened.views:
            return []
        plain = opened.view is None
        built = [
            {"label": tab.label, "url": tab.url, "open": plain and tab.look.filters == opened.look.filters}
            for tab in (Tab(self.all_label), *self.tabs)
        ]
        return [*built, *opened.tabs()]

    def _views_context(self, request: HttpRequest, opened: OpenList) -> dict[str, Any]:
        """Return what the list needs for its tabs, for saving what it shows, and for its columns."""
        tabs = self.tabs_for(request)
        context: dict[str, Any] = {"tabs": tabs, "more_tabs": [tab for tab in tabs if tab.get("tucked")]}
        if IS_POPUP_VAR in request.GET:
            return context
        context["counts_url"] = self._url_of_list("tab_counts")
        if self.may_keep_views():
            context |= {"opened": opened, "columns": opened.columns()}
            context |= {"views_url": self._url_of_list("views"), "columns_url": self._url_of_list("columns")}
        if opened.view:
            context["view_url"] = self._url_of_list("view", opened.view.slug)
        return context

    # What is done -------------------------------------------------------------------------------
    def new_view_page(self, request: HttpRequest) -> HttpResponse:
        """Keep what the list shows under a name."""
        self._refuse_strangers(request)
        if request.method != "POST" or not self.may_keep_views():
            return HttpResponseRedirect(self._url_of_list("changelist"))
        form = ViewForm(request.POST, may_share=request.user.has_perm(SHARE))
        if form.is_valid():
            try:
                view = save_view(
                    table_of(self),
                    name=form.cleaned_data["name"],
                    shared=form.cleaned_data.get("shared", False),
                    look=self._look_said(request),
                    owner_id=cast(int, request.user.pk),
                    actor=actor_for(request),
                )
            except DomainError as error:
                show_refusal(form, error)
            else:
                return self._to_view(request, view, _("The view “%(name)s” is saved."))
        return self._view_form_page(request, form, title=_("Save view"), state=request.POST.get("state", ""))

    def view_page(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show what can be changed of a view (GET), or change it (POST)."""
        self._refuse_strangers(request)
        opened = open_list(self, request, {VIEW: [slug]})
        view = opened.view
        if view is None:
            raise Http404
        if not opened.may_change:
            raise PermissionDenied
        may_share = view.shared or opened.may_share
        initial = {"name": view.name, "shared": view.shared}
        form = ViewForm(
            request.POST if request.POST.get("do") == "change" else None, may_share=may_share, initial=initial
        )
        if request.method == "POST" and (not form.is_bound or form.is_valid()):
            try:
                return self._change_saved_view(request, view, form)
            except DomainError as error:
                if not form.is_bound:
                    self.message_user(request, error.message, messages.ERROR)
                    return HttpResponseRedirect(self._url_of_list("changelist") + address_of_view(view))
                show_refusal(form, error)
        moments = history.moments(thread_of(view))
        return self._view_form_page(
            request, form, title=_("Change view"), view=view, own=opened.is_own, moments=moments
        )

    def _change_saved_view(self, request: HttpRequest, view: SavedView, form: ViewForm) -> HttpResponse:
        actor = actor_for(request)
        wanted = request.POST.get("do")
        if wanted == "delete":
            delete_view(view.pk, actor=actor)
            self.message_user(request, _("The view “%(name)s” is deleted.") % {"name": view.name}, messages.SUCCESS)
            return HttpResponseRedirect(self._url_of_list("changelist"))
        if wanted in ("earlier", "later"):
            view = move_view(view.pk, step=-1 if wanted == "earlier" else 1, actor=actor)
        elif wanted == "save":
            view = change_view(view.pk, look=self._look_said(request), actor=actor)
        elif wanted == "change":
            said = form.cleaned_data
            view = change_view(view.pk, name=said["name"], shared=said.get("shared"), actor=actor)
        else:
            raise Http404
        return self._to_view(request, view, _("The view “%(name)s” is saved."))

    def tab_counts(self, request: HttpRequest) -> HttpResponse:
        """Return how many rows stand behind each tab."""
        self._refuse_strangers(request)
        opened = open_list(self, request, {})
        looks = [(tab.url, tab.look) for tab in self.tabs]
        looks += [(address_of_view(view), look_of(view)) for view in opened.views]
        return JsonResponse({"counts": view_counts.counts(self, request, looks)})

    def choose_columns(self, request: HttpRequest) -> HttpResponse:
        """Lead to the list with other columns; `up` and `down` move one of them."""
        self._refuse_strangers(request)
        said = dict(request.GET.lists())
        up, down = texts(said.pop("up", [""]))[-1], texts(said.pop("down", [""]))[-1]
        names = ",".join(said.get(COLUMNS, [])).split(",")
        said[COLUMNS] = moved(names, up or down, -1 if up else 1)
        opened = open_list(self, request, said)
        return HttpResponseRedirect(self._url_of_list("changelist") + opened.address(opened.look))

    # Parts --------------------------------------------------------------------------------------
    def _refuse_strangers(self, request: HttpRequest) -> None:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied

    def _look_said(self, request: HttpRequest) -> Look:
        """Return what a form says that a list shows. Raises Invalid for a filter that there is not."""
        said = dict(QueryDict(request.POST.get("state", "")[:4000]).lists())
        look, _lost = known(self, request, overlay(Look(), said))
        try:
            narrowed(self, request, self.get_queryset(request), look)
        except NO_SUCH:
            raise Invalid(_("One of these filters does not exist any more; open the list anew.")) from None
        return look

    def _url_of_list(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    def _to_view(self, request: HttpRequest, view: SavedView, said: str) -> HttpResponse:
        self.message_user(request, said % {"name": view.name}, messages.SUCCESS)
        return HttpResponseRedirect(self._url_of_list("changelist") + address_of_view(view))

    def _view_form_page(self, request: HttpRequest, form: ViewForm, **more: Any) -> HttpResponse:
        view = more.get("view")
        back = self._url_of_list("changelist") + (address_of_view(view) if view else "")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form, "back": back, **more}
        return TemplateResponse(request, "admin/saved_view.html", context)
