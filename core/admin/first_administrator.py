"""The set-up of a new installation: who its first administrator is."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core import doors, first_administrator
from core.admin import landing
from core.errors import DomainError
from core.models import User

PASSWORD = {"autocomplete": "new-password"}
# What a user name may be made of: the mail address is theirs.
NAME_SIGNS = RegexValidator(r"^[\w.@+-]+\Z", gettext_lazy("Letters, digits and @ . + - _ only: you sign in by it."))


class FirstAdministratorForm(forms.Form):
    """Asks who it is, how they sign in, and in which language and time zone they work."""

    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=150,
        validators=[NAME_SIGNS],
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        help_text=gettext_lazy("You sign in by it."),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs=PASSWORD),
        help_text=gettext_lazy("At least eight characters, not a common word."),
    )
    again = forms.CharField(
        label=gettext_lazy("Password again"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs=PASSWORD),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted({name for name in available_timezones() if "/" in name} | {settings.TIME_ZONE})
        choices: Any = self.fields["time_zone"]
        choices.choices = [(name, name.replace("_", " ")) for name in zones]
        self.fields["time_zone"].initial = settings.TIME_ZONE
        self.fields["language"].initial = (get_language() or "en")[:2]

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is guessed easily, or was typed in two ways."""
        given = self.cleaned_data
        if User.objects.filter(username=given.get("email", "").lower()).exists():
            self.add_error("email", _("Somebody signs in by this address already; take another one."))
        password = given.get("password")
        if password and "again" in given and password != given["again"]:
            self.add_error("again", _("The two passwords are not the same."))
        if password:
            user = User(
                username=given.get("email", ""), email=given.get("email", ""), first_name=given.get("name", "")
            )
            try:
                validate_password(password, user)
            except ValidationError as error:
                self.add_error("password", error)
        return given


def urls(site: Any) -> list[Any]:
    """Return the address of the set-up."""

    @require_http_methods(["GET", "POST"])
    def first_administrator_view(request: HttpRequest, token: str) -> HttpResponse:
        return set_up(site, request, token)

    decorated = sensitive_post_parameters("password", "again")(never_cache(first_administrator_view))
    return [path("first-administrator/<str:token>/", login_not_required(decorated), name="first_administrator")]


def set_up(site: Any, request: HttpRequest, token: str) -> HttpResponse:
    """Ask who the first administrator is; on POST make them and sign them in."""
    context = {**site.each_context(request), "title": _("Welcome")}
    if not first_administrator.is_open(token):
        context["exists"] = not first_administrator.is_missing()
        return render(request, "admin/first_administrator_closed.html", context, status=410)
    form = FirstAdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        person = first_administrator.Person(
            name=given["name"],
            email=given["email"],
            password=given["password"],
            language=given["language"],
            time_zone=given["time_zone"],
        )
        try:
            user = first_administrator.create(token, person)
        except DomainError:
            context["exists"] = not first_administrator.is_missing()
            return render(request, "admin/first_administrator_closed.html", context, status=410)
        messages.success(request, _("Welcome. From now on you sign in with %(name)s.") % {"name": user.username})
        return doors.enter(request, user, target=landing.page_for(user))
    context["form"] = form
    return render(request, "admin/first_administrator.html", context, status=400 if form.errors else 200)
