"""Signing in and out, and finding an order without an account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core import doors
from core.admin import landing
from portal import access, services, tries
from portal.forms import LookUpForm, MailLinkForm, SignInForm


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else ""


def _start_of(user: Any) -> str:
    return landing.page_for(user) if user.is_staff else reverse("portal:orders")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by password; the same page offers a mail link and the look-up of a single order."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = access.user_name_for(form.cleaned_data["username"])
        user = authenticate(request, username=name, password=form.cleaned_data["password"])
        if user is not None:
            return doors.enter(request, user, target=_next(request) or _start_of(user))
        if getattr(request, "axes_locked_out", False):
            form.add_error(None, _("Too many tries. Please wait 15 minutes, or have a link mailed to you."))
        else:
            form.add_error(None, _("This name and password do not belong together."))
    context = {"form": form, "link_form": MailLinkForm(), "next": _next(request)}
    return render(request, "portal/sign_in.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def send_link(request: HttpRequest) -> HttpResponse:
    """Mail a link that signs in; the answer never tells whether we know the address."""
    if request.method == "GET":
        return redirect("portal:sign-in")
    form = MailLinkForm(request.POST)
    if not form.is_valid():
        context = {"form": SignInForm(), "link_form": form, "next": _next(request)}
        return render(request, "portal/sign_in.html", context, status=400)
    email = form.cleaned_data["email"]
    if tries.too_many_by_visitor(request, "mail-link"):
        form.add_error(None, _("Too many tries. Please wait a minute."))
        context = {"form": SignInForm(), "link_form": form, "next": _next(request)}
        return render(request, "portal/sign_in.html", context, status=429)
    enough = tries.too_many_links(email)
    if not enough:
        services.send_sign_in_link(email, language=request.LANGUAGE_CODE)
    return render(request, "portal/link_sent.html", {"email": email, "enough": enough}, status=429 if enough else 200)


@require_http_methods(["GET", "POST"])
def use_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask first (mail programs open links by themselves), sign in on the answer."""
    if request.method == "GET":
        return render(request, "portal/use_link.html")
    user = services.user_for_link(token)
    if user is None:
        return render(request, "portal/link_expired.html", {"link_form": MailLinkForm()}, status=410)
    return doors.enter(request, user, target=reverse("portal:orders"))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out and forget every opened order."""
    logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("portal:home")


@require_http_methods(["GET", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Open one order by its number and e-mail address."""
    form = LookUpForm(request.POST or None, initial={"number": request.GET.get("number", "")[:20]})
    if request.method == "POST" and form.is_valid():
        typed = {"number": form.cleaned_data["number"], "email": form.cleaned_data["email"]}
        if tries.too_many_by_visitor(request, "look-up"):
            form.add_error(None, _("Too many tries. Please wait a minute."))
            return render(request, "portal/look_up.html", {"form": form}, status=429)
        if tries.too_many_guesses("look-up", **typed):
            text = _("Too many tries. Please wait half an hour, or use the link in one of our mails.")
            form.add_error(None, text)
            return render(request, "portal/look_up.html", {"form": form}, status=429)
        if order := access.look_up(**typed):
            access.open_order(request, order)
            return redirect("portal:order", number=order.number)
        tries.note_wrong_guess("look-up", **typed)
        form.add_error(None, _("We found no order with this number and e-mail address."))
    return render(request, "portal/look_up.html", {"form": form}, status=400 if form.errors else 200)
