"""Signing in to the back office: the password, then the code."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import doors, second_step
from core.admin import landing

TYPED = {"autocapitalize": "off", "spellcheck": "false", "autofocus": True}


class AppCodeForm(forms.Form):
    """Asks for the code that the app shows. It may be pasted, and filled in by the browser."""

    code = forms.CharField(
        label=gettext_lazy("Code of the authenticator app"),
        max_length=40,
        widget=forms.TextInput(attrs={**TYPED, "autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class RecoveryCodeForm(forms.Form):
    """Asks for one of the codes on paper."""

    code = forms.CharField(
        label=gettext_lazy("Recovery code"),
        max_length=40,
        widget=forms.TextInput(attrs={**TYPED, "autocomplete": "off"}),
        help_text=gettext_lazy("One of the ten codes you kept, like abcd-efgh-jkmn-pqrs. Each works once."),
    )


class StaffLogin(LoginView):
    """The first step. Who has a second one is not signed in by it."""

    authentication_form = AdminAuthenticationForm
    template_name = "admin/login.html"
    next_page = "admin:index"

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        """Sign in, or lead to the second step; who came for nothing in particular lands where their work is."""
        user, target = form.get_user(), self.get_success_url()
        if target == reverse("admin:index"):
            target = landing.page_for(user)
        return doors.enter(self.request, user, target=target)


def login_view(site: Any, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    """Ask for name and password."""
    if request.method == "GET" and site.has_permission(request):
        return HttpResponseRedirect(reverse("admin:index"))
    context = {
        **site.each_context(request),
        "title": _("Log in"),
        "app_path": request.get_full_path(),
        "username": request.user.get_username(),
        **(extra_context or {}),
    }
    if REDIRECT_FIELD_NAME not in request.GET and REDIRECT_FIELD_NAME not in request.POST:
        context[REDIRECT_FIELD_NAME] = reverse("admin:index")
    return StaffLogin.as_view(extra_context=context)(request)


def second_step_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Ask for the code, and sign in with it."""
    who = doors.waiting(request)
    if who is None or who.user.second_step_since is None:
        return start_again(request)
    with translation.override(who.user.language):
        on_paper = "recovery" in request.GET
        form = (RecoveryCodeForm if on_paper else AppCodeForm)(request.POST or None)
        if request.method == "POST" and form.is_valid():
            code = form.cleaned_data["code"]
            if authenticate(request, username=who.user.get_username(), code=code) is not None:
                return doors.finish(request, who)
            form.add_error(
                "code", _("This code is not right, or was used already. Each works once: take the next one.")
            )
        context = {
            **site.each_context(request),
            "title": _("Second step"),
            "form": form,
            "on_paper": on_paper,
            "unreadable": not second_step.is_readable(who.user),
            "called": who.user.get_full_name() or who.user.get_username(),
        }
        return spoken(render(request, "admin/second_step.html", context, status=400 if form.errors else 200))


def start_again(request: HttpRequest) -> HttpResponse:
    """Lead back to the password where nobody waits for the second step (any more)."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("admin:index"))
    messages.warning(request, _("Signing in took too long or was started anew. Please begin with your password."))
    return HttpResponseRedirect(reverse("admin:login"))


def spoken(response: HttpResponse) -> HttpResponse:
    """Say in which language a page is that is written for who is not signed in yet."""
    response.headers["Content-Language"] = translation.get_language() or ""
    return response
