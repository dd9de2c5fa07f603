"""What every table of the back office is built on.

    @admin.register(Zone, site=site)
    class ZoneAdmin(BackOfficeAdmin):
        list_display = ["code", "name", "method", money_column("amount"), badge_column("status")]
        tabs = [Tab(_("Active"), {"active__exact": "1"})]      # views in one click, beside those that people save
        extra_columns = ["priority"]                           # offered to choose from, not shown from the start
        list_filter = ["active"]
        search_fields = ["=code", "name"]                      # "=" and "^" use an index, "icontains" does not
        empty_text = _("No zones yet. Add one to be able to ship.")
        editable = ["name", "active"]                          # everything else is read-only
        create_fields = ["code", "name", "active"]             # asked for when adding; none: nobody adds
        change_service = staticmethod(services.change_zone)    # (pk, changes: dict, *, actor)
        create_service = staticmethod(services.create_zone)    # (values: dict, *, actor) -> object

Rules it keeps: nothing is editable unless named; nobody deletes; foreign keys are looked up, never
listed; rows come with their relations in one query; nothing counts a whole table; every change is
written to the history with before and after. Without services a row is simply saved (for settings
that are one row). A DomainError of a service is shown beside the form, and nothing typed is lost.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import history, overtaken
from core.admin.actors import actor_for
from core.admin.columns import badge_column, choice_column, flag_column, for_reader, when_column
from core.admin.forms import LookUpSelect, asked_way_back, show_refusal
from core.admin.links import title_of
from core.admin.paging import BackOfficeChangeList, CappedPaginator
from core.admin.view_pages import SavedViewsMixin
from core.admin.viewed import Tab as Tab
from core.amounts import AmountField
from core.errors import DomainError, Stale
from core.service import note_change, thread_of, unit_of_work
from core.sight import seen

OVERTAKEN = _("Somebody changed this while you were editing. Look at the history, then save again.")


class LeanListMixin(SavedViewsMixin):
    """A list that stays fast on a million rows, with views over it in one click (`tabs`)."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    empty_text: Any = ""
    # Long columns of the table that no list shows.
    list_defer: Sequence[str] = ()

    @property
    def media(self) -> forms.Media:
        """Load for forms what looking up related rows needs, and no more; lists load nothing."""
        names = ("vendor/jquery/jquery.min.js", "jquery.init.js", "core.js", "admin/RelatedObjectLookups.js")
        return forms.Media(js=[f"admin/js/{name}" for name in names])

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return what is there for the reader: for lists, pages, steps and look-ups alike."""
        return seen(super().get_queryset(request))

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        """Take only what is there for the reader, also from who types a key by hand."""
        rows = super().get_field_queryset(db, db_field, request)
        return seen(db_field.remote_field.model._default_manager.using(db) if rows is None else rows)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BackOfficeChangeList]:
        """Return the list of the back office."""
        return BackOfficeChangeList

    def action_checkbox(self, obj: Any) -> str:
        """Draw the box that ticks a row, as Django does, without a template for each."""
        said = gettext("Select this object for an action - %(name)s") % {"name": title_of(obj)}
        box = '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">'
        return format_html(box, ACTION_CHECKBOX_NAME, obj.pk, said)

    def dressed(self, request: HttpRequest, column: Any) -> Any:
        """Show plain names of states, dates and switches as badges, short dates and ticks."""
        return for_reader(self._column(column), request.user)

    def _column(self, name: Any) -> Any:
        if not isinstance(name, str) or hasattr(self, name):
            return name
        try:
            field = self.opts.get_field(name)
        except FieldDoesNotExist:
            return name
        if isinstance(field, models.DateField):
            return when_column(name)
        if isinstance(field, models.BooleanField):
            return flag_column(name)
        if name == "status":
            return badge_column(name)
        return choice_column(name) if getattr(field, "choices", None) else name

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; a filter that makes no sense is dropped with a word about it."""
        try:
            if "%00" in request.META.get("QUERY_STRING", ""):
                raise DisallowedModelAdminLookup("PostgreSQL takes no NUL, not even to look for it")
            response = super().changelist_view(request, extra_context)
        except DisallowedModelAdminLookup:
            response = HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        if response.status_code == 302 and response.headers["Location"].endswith(f"?{ERROR_FLAG}=1"):
            self.message_user(request, _("That filter does not exist any more; all rows are shown."), messages.WARNING)
            return HttpResponseRedirect(request.path)
        return response


class BackOfficeAdmin(LeanListMixin):
    """A table of the back office: fast, read-only unless said otherwise, without delete."""

    ordering: Any = ("-pk",)
    formfield_overrides: ClassVar[dict[type[models.Field], dict[str, Any]]] = {
        models.DecimalField: {"form_class": AmountField},
        models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")},
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        },
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 4, "cols": 60})},
    }

    editable: Sequence[str] = ()
    create_fields: Sequence[str] = ()
    create_service: Callable[..., Any] | None = None
    change_service: Callable[..., Any] | None = None
    is_small = False

    # What may be done ---------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only what has fields to fill in is added."""
        return bool(self.create_fields) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what has an editable field is changed."""
        return bool(self.editable) and super().has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may view, or would be allowed to change, sees it."""
        names = (f"{self.opts.app_label}.{verb}_{self.opts.model_name}" for verb in ("view", "change"))
        return any(request.user.has_perm(name) for name in names)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted; it is ended, revoked or deactivated."""
        return False

    # The form -----------------------------------------------------------------------------------
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return everything that is not editable."""
        if obj is None:
            return list(self.readonly_fields)
        own = [f.name for f in self.opts.fields if not f.primary_key] + [f.name for f in self.opts.many_to_many]
        return [*self.readonly_fields, *(name for name in own if name not in self.editable)]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the fields of creation when adding."""
        if obj is None and self.create_fields:
            return [(None, {"fields": list(self.create_fields)})]
        return super().get_fieldsets(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show all columns in the order of the model unless `fields` names them."""
        if self.fields or obj is None:
            return super().get_fields(request, obj)
        return [f.name for f in self.opts.fields if not f.primary_key]

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Look every foreign key up that can be looked up."""
        registry = self.admin_site._registry
        return [
            f.name
            for f in self.opts.fields
            if f.is_relation and f.related_model in registry and registry[f.related_model].search_fields
        ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Never list every row of another table: what cannot be looked up is typed by its id."""
        if "widget" not in kwargs and db_field.name not in self.get_autocomplete_fields(request):
            small = getattr(self.admin_site._registry.get(db_field.related_model), "is_small", False)
            if not small and db_field.related_model in self.admin_site._registry:
                kwargs["widget"] = ForeignKeyRawIdWidget(db_field.remote_field, self.admin_site)
        elif "widget" not in kwargs:
            kwargs["widget"] = LookUpSelect(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Let the form carry the refusal of a service, if there was one."""
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal: DomainError | None = getattr(request, "refusal", None)
        if refusal is None:
            return form

        def clean(self: Any) -> Any:
            cleaned = super(refused, self).clean()
            show_refusal(self, refusal)
            return cleaned

        refused = type(form)(form.__name__, (form,), {"clean": clean})
        return refused

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form again with the reason when a service refuses; its transaction is rolled back."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            request.refusal = error  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def _changeform_view(
        self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: Any
    ) -> HttpResponse:
        """Compare before anything is read from the form, in the transaction that saves it."""
        is_refused = getattr(request, "refusal", None) is not None
        if request.method == "POST" and object_id is not None and overtaken.SEEN in request.POST and not is_refused:
            self._compare(request, object_id)
        return super()._changeform_view(request, object_id, form_url, extra_context)

    def _compare(self, request: HttpRequest, object_id: str) -> None:
        """Read what was sent beside what stands there by now; it is refused where somebody else was faster.

        The row is locked by the statement that reads it: who saves at the same moment is compared afterwards.
        """
        obj = self._locked(request, unquote(object_id))
        if obj is None or not self.has_change_permission(request, obj):
            return
        shown = self.get_form(request, obj, change=True)(instance=obj)
        read, clashes = overtaken.answer(shown, request.POST)
        request.POST = read
        # The form writes what was typed on its own object.
        request.heading = title_of(obj)  # type: ignore[attr-defined]
        if clashes:
            request.overtaken = overtaken.overtaken(clashes, thread_of(obj))  # type: ignore[attr-defined]
            request.refusal = Stale(str(OVERTAKEN))  # type: ignore[attr-defined]

    def _locked(self, request: HttpRequest, key: str) -> Any:
        rows = self.get_queryset(request).select_for_update(of=("self",), no_key=True)
        try:
            return rows.get(pk=self.opts.pk.to_python(key))
        except (self.model.DoesNotExist, ValidationError, ValueError):
            return None

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Name the record to its reader; let the form carry what he sees in it, and show in what he was overtaken."""
        if kwargs.get("change"):
            context["subtitle"] = getattr(request, "heading", None) or title_of(kwargs["obj"])
        if kwargs.get("change") and self.has_change_permission(request, kwargs["obj"]):
            context["seen"] = overtaken.seen_in(context["adminform"].form)
            context["overtaken"] = getattr(request, "overtaken", None)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save through the service of the table, or simply, with before and after in the history."""
        if getattr(request, "refusal", None) is not None:
            raise request.refusal  # type: ignore[attr-defined]
        self._refuse_if_stale(request, obj, change)
        actor = actor_for(request)
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}
        if change and self.change_service is not None:
            self.change_service(obj.pk, values, actor=actor)
        elif not change and self.create_service is not None:
            created = self.create_service(dict(form.cleaned_data), actor=actor)
            obj.__dict__.update(created.__dict__)
        else:
            self.save_simply(obj, form, change, actor)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Go back to where the form was opened from, or to the list."""
        back = asked_way_back(request)
        return HttpResponseRedirect(back) if back else super().response_post_save_add(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Go back to where the form was opened from, or to the list."""
        back = asked_way_back(request)
        return HttpResponseRedirect(back) if back else super().response_post_save_change(request, obj)

    def _refuse_if_stale(self, request: HttpRequest, obj: Any, change: bool) -> None:
        """Let nobody overwrite unseen what somebody else changed meanwhile."""
        seen = request.POST.get("_version", "")
        compared = overtaken.SEEN in request.POST and not self.inlines
        if change and seen and not compared and seen != str(getattr(obj, "version", seen)):
            raise Stale(str(OVERTAKEN))

    def save_simply(self, obj: Any, form: Any, change: bool, actor: Any) -> None:
        """Save one row and write down what it was and what it is."""
        before, after = self.told_changes(obj, form)
        before = before if change else {}
        with unit_of_work():
            obj.save()
            name = f"{self.opts.label_lower}.{'changed' if change else 'created'}"
            note_change(obj, name, actor=actor, before=before, after=after)

    def told_changes(self, obj: Any, form: Any) -> tuple[dict[str, str], dict[str, str]]:
        """Return what a form changes, before and after, as the history tells it."""
        before = {name: str(form.initial.get(name, "")) for name in form.changed_data}
        return before, {name: str(form.cleaned_data.get(name, "")) for name in form.changed_data}

    # One log: Django's own second one stays empty.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The event log says it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The event log says it."""

    def unknown(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that there is no such record, and lead back to the list."""
        said = _("There is no %(name)s %(key)s.") % {"name": self.opts.verbose_name, "key": unquote(object_id)}
        self.message_user(request, said, messages.WARNING)
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))

    # Lists --------------------------------------------------------------------------------------
    def get_list_select_related(self, request: HttpRequest) -> Any:
        """Fetch the relations that are shown with the rows: one query per list."""
        if self.list_select_related:
            return self.list_select_related
        shown = [name for name in self.get_list_display(request) if isinstance(name, str) and self._is_key(name)]
        return shown or ["pk"][:0]

    def _is_key(self, name: str) -> bool:
        try:
            found = self.opts.get_field(name)
        except FieldDoesNotExist:
            return False
        return bool(found.many_to_one or found.one_to_one)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the history of one record from the event log."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self.unknown(request, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "subtitle": title_of(obj),
            "opts": self.opts,
            "object": obj,
            "back": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk]),
            "moments": history.moments(thread_of(obj)),
        }
        return TemplateResponse(request, "admin/history_page.html", context)


class ReadOnlyInline(admin.TabularInline):
    """Rows of another table on a page, to be read."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only read."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only read."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the page sees its rows."""
        return True
