"""Users and their groups: who signs in, and what they may do."""

from collections import defaultdict
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserCreationForm
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core import second_step, sessions, sight
from core.admin import limits, navigation
from core.admin.actors import actor_for
from core.admin.base import BackOfficeAdmin, Tab
from core.admin.columns import when_column
from core.admin.forms import KEY, ReasonForm
from core.admin.site import site
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.models import SavedView, SecondStepRule, User
from core.service import note_change, unit_of_work
from core.templatetags.back_office import badge

# Only who holds every power may hand powers out; else somebody could promote themselves.
POWERS = ("is_superuser", "is_staff", "groups", "user_permissions")


class KeyedChoices(forms.ModelMultipleChoiceField):
    """Rows to be ticked; what cannot be a key is refused before the database is asked for it."""

    def _check_values(self, value: Any) -> Any:
        for key in value if isinstance(value, list | tuple) else ():
            if not KEY.fullmatch(str(key)):
                raise forms.ValidationError(
                    self.error_messages["invalid_pk_value"], code="invalid_pk_value", params={"pk": key}
                )
        return super()._check_values(value)


class PermissionField(KeyedChoices):
    """What may be done, to be ticked, table by table."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_offered(), **kwargs)
        tables: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for permission in _offered():
            tables[_table(permission)].append((permission.pk, _verb(permission)))
        self.choices = sorted(tables.items())


def _offered() -> "QuerySet[Permission]":
    """Return the permissions that open something here: of tables that have a page, of views, and nobody deletes."""
    shown = [kind.pk for kind in ContentType.objects.get_for_models(*site._registry, SavedView).values()]
    rows = Permission.objects.select_related("content_type").filter(content_type__in=shown)
    return rows.exclude(codename__startswith="delete_").order_by("content_type", "pk")


def _table(permission: Permission) -> str:
    model = permission.content_type.model_class()
    app = apps.get_app_config(permission.content_type.app_label).verbose_name
    return f"{app} · {model._meta.verbose_name_plural if model else permission.content_type.model}"


def _verb(permission: Permission) -> str:
    plain = {"add": _("add"), "change": _("change"), "view": _("view")}
    return str(plain.get(permission.codename.split("_")[0], gettext(permission.name)))


@cache
def time_zones() -> list[tuple[str, Any]]:
    """Return the time zones one can live in."""
    return [("", _("as the system"))] + [(name, name) for name in sorted(available_timezones()) if "/" in name]


class NewPersonForm(UserCreationForm):
    """A new user with a password."""

    class Meta(UserCreationForm.Meta):
        model = User


class NewPasswordForm(AdminPasswordChangeForm):
    """A new password for somebody."""

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields.pop("usable_password", None)
        self.fields["password1"].required = self.fields["password2"].required = True


class NotedAdmin(BackOfficeAdmin):
    """Writes to the history who changed which power, with before and after."""

    noted: ClassVar[tuple[str, ...]] = ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer permissions to be ticked, and other relations likewise."""
        if db_field.related_model is Permission:
            return PermissionField(required=False, label=db_field.verbose_name)
        kwargs |= {"widget": forms.CheckboxSelectMultiple(), "form_class": KeyedChoices}
        return super().formfield_for_manytomany(db_field, request, help_text="", **kwargs)

    def _powers(self, obj: Any) -> dict[str, Any]:
        state = {}
        for name in self.noted:
            value = getattr(obj, name)
            state[name] = sorted(str(one) for one in value.all()) if hasattr(value, "all") else str(value)
        return state

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Remember what it was."""
        stored = type(obj).objects.filter(pk=obj.pk).first() if change else None
        form.powers_before = self._powers(stored) if stored else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write down what it is now."""
        super().save_related(request, form, formsets, change)
        before, after = form.powers_before, self._powers(form.instance)
        changed = [name for name in after if before.get(name) != after[name]]
        name = f"{self.opts.label_lower}.{'changed' if change else 'created'}"
        with unit_of_work():
            note_change(
                form.instance,
                name,
                actor=actor_for(request),
                before={name: before[name] for name in changed if name in before},
                after={name: after[name] for name in changed},
            )

    def save_simply(self, obj: Any, form: Any, change: bool, actor: Any) -> None:
        """Save the row; it is written down when its groups and permissions are saved as well."""
        obj.save()


class ReasonToResetForm(ReasonForm):
    """Asks why somebody's second step is taken away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Reason")
        self.fields["reason"].help_text = _("It goes into the history and into the mail to this person.")


@admin.register(User, site=site)
class UserAdmin(TransitionAdmin, NotedAdmin, DjangoUserAdmin):
    """People who sign in."""

    editable = ("username", "email", "first_name", "last_name", "language", "time_zone", "is_active", *POWERS)
    create_fields = ("username", "password1", "password2")
    ordering = ("username",)
    noted = ("username", "email", "first_name", "last_name", "is_active", "language", "time_zone", *POWERS)
    list_display = ("username", "full_name", "email", "state", "may", "sees", "two_steps", when_column("last_login"))
    list_filter = ("is_staff", "is_active", "groups")
    readonly_fields = ("two_steps", "sees")
    list_per_page = 50
    tabs = (
        Tab(_("Staff"), {"is_staff__exact": "1"}),
        Tab(_("Without two steps"), {"is_staff__exact": "1", "second_step_since__isnull": "True"}),
        Tab(_("Others"), {"is_staff__exact": "0"}),
    )
    filter_horizontal = ()
    add_form_template = None
    add_form = NewPersonForm
    change_password_form = NewPasswordForm
    change_user_password_template = "admin/core/user_password.html"  # noqa: S105
    fieldsets = (
        (None, {"fields": ("username", "password", "two_steps")}),
        (_("Person"), {"fields": (("first_name", "last_name"), "email", ("language", "time_zone"))}),
        (pgettext_lazy("permission", "May"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Single permissions"), {"fields": ("user_permissions",), "classes": ("collapse",)}),
    )
    transition_services = {
        "reset-second-step": TransitionSpec(
            _("Reset two-step sign-in"),
            second_step.reset,
            "core.change_user",
            form=ReasonToResetForm,
            when=lambda user: user.second_step_since is not None,
            consequences=lambda user: [
                _("The password alone signs this person in again; make sure that it is them who ask."),
                _("They are signed out everywhere, and get a mail."),
                _("If two steps are required of them, they set them up anew at the next sign-in."),
            ],
            style="danger",
            done=_("Two-step sign-in was reset."),
            icon="key",
        )
    }

    def may_take(self, request: HttpRequest, obj: Any, name: str) -> bool:
        """Offer nothing about somebody who holds more power."""
        return self.has_change_permission(request, obj) and super().may_take(request, obj, name)

    def transition_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Let nobody take the second step away from somebody who holds more power."""
        obj = self.get_object(request, unquote(object_id))
        if obj is not None and not self.has_change_permission(request, obj):
            raise PermissionDenied
        return super().transition_view(request, object_id, name)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a password, and write down that it was set."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            with unit_of_work():
                note_change(User.objects.get(pk=id), "core.user.password_set", actor=actor_for(request))
                mine = request.session.session_key if str(request.user.pk) == id else None
                sessions.end_sessions(int(id), keep=mine, actor=actor_for(request))
        return response

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask for the limits, too, where they may be set."""
        if obj is not None and limits.may_set(request, obj) and self.has_change_permission(request, obj):
            kwargs["form"] = limits.form_class()
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the limits: to be ticked, or to be read."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        may = limits.may_set(request, obj) and self.has_change_permission(request, obj)
        shown = {
            "fields": limits.names() if may else ["sees"],
            "description": _("Superuser status is not limited by this."),
        }
        person, powers, *rest = super().get_fieldsets(request, obj)[1:]
        return [self.fieldsets[0], person, powers, (_("Limited to"), shown), *rest]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep what the person is limited to, with the rest."""
        if isinstance(form, limits.LimitsForm):
            obj.limits = form.chosen()
        super().save_model(request, obj, form, change)

    def _powers(self, obj: Any) -> dict[str, Any]:
        seen = {f"{limits.PREFIX}{kind}": sorted(obj.limits.get(kind, [])) for kind in sight.KINDS}
        return {**super()._powers(obj), **seen}

    @admin.display(description=_("limited to"))
    def sees(self, user: User) -> str:
        """Return what they are limited to."""
        return limits.spoken(user)

    @admin.display(description=_("two-step sign-in"), ordering="second_step_since")
    def two_steps(self, user: User) -> str:
        """Return whether a sign-in asks for a code."""
        return badge("active", _("On")) if user.second_step_since else badge("off", _("Off"))

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, user: User) -> str:
        """Return the name."""
        return user.get_full_name() or "–"

    @admin.display(description=_("state"), ordering="is_active")
    def state(self, user: User) -> str:
        """Return whether they may sign in."""
        return badge("active", _("Active")) if user.is_active else badge("inactive", _("Inactive"))

    @admin.display(description=pgettext_lazy("permission", "may"))
    def may(self, user: User) -> str:
        """Return the role in words."""
        if user.is_superuser:
            return str(_("everything"))
        names = ", ".join(group.name for group in user.groups.all())
        return names or (str(_("staff without a group")) if user.is_staff else "–")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer what can be chosen instead of asking for codes."""
        if db_field.name == "language":
            return forms.ChoiceField(choices=settings.LANGUAGES, label=db_field.verbose_name)
        if db_field.name == "time_zone":
            return forms.ChoiceField(choices=time_zones, label=db_field.verbose_name, required=False)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Fetch the groups with the rows."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let only who holds every power hand powers out."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nobody change (or set the password of) somebody who holds more power."""
        allowed = super().has_change_permission(request, obj)
        if obj is None or request.user.is_superuser or not allowed:
            return allowed
        return not obj.is_superuser and obj.get_all_permissions() <= request.user.get_all_permissions()


class GroupForm(forms.ModelForm):
    """A group, and whether its members need a second step."""

    two_steps_required = forms.BooleanField(
        label=_("Two-step sign-in required"),
        required=False,
        help_text=_("Members who have not set it up do so at their next sign-in, before anything else."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.pk and SecondStepRule.objects.filter(group=self.instance).exists()
        # Who may only look at the group gets a form without fields.
        if "two_steps_required" in self.fields:
            self.fields["two_steps_required"].initial = bool(known)

    class Meta:
        model = Group
        fields = ("name", "permissions")


@admin.register(Group, site=site)
class GroupAdmin(NotedAdmin, DjangoGroupAdmin):
    """Roles: what a kind of work needs."""

    editable = create_fields = ("name", "two_steps_required", "permissions")
    ordering = ("name",)
    noted = ("name", "permissions")
    form = GroupForm
    fields = ("name", "two_steps_required", "permissions")
    list_display = ("name", "people")
    filter_horizontal = ()
    list_filter = ()
    tabs = ()

    @admin.display(description=_("people"))
    def people(self, group: Group) -> str:
        """Return who has the role."""
        return ", ".join(user.get_full_name() or user.get_username() for user in group.user_set.all()[:20]) or "–"

    def get_queryset(self, request: HttpRequest) -> Any:
        """Fetch the people with the rows."""
        return super().get_queryset(request).prefetch_related("user_set")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Keep whether two steps are required, with the rest."""
        second_step.require_of_group(form.instance, required=form.cleaned_data["two_steps_required"])
        super().save_related(request, form, formsets, change)

    def _powers(self, obj: Any) -> dict[str, Any]:
        required = SecondStepRule.objects.filter(group=obj).exists()
        return {**super()._powers(obj), "two_steps_required": str(required)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only who holds every power say what a role may do."""
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let only who holds every power make roles."""
        return bool(request.user.is_superuser)


navigation.register(
    navigation.SETTINGS,
    _("Users"),
    "admin:core_user_changelist",
    permission="core.view_user",
    order=960,
    icon="gear",
)
navigation.register(
    navigation.SETTINGS,
    _("Groups"),
    "admin:auth_group_changelist",
    permission="auth.view_group",
    order=962,
    icon="gear",
)
