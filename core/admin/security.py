"""Your account → Security: two-step sign-in, recovery codes, and where you are signed in."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core import doors, second_step, sessions
from core.actors import Actor
from core.admin import commands
from core.admin.actors import actor_for
from core.admin.history import phrase
from core.admin.sign_in import AppCodeForm, second_step_view, spoken, start_again
from core.errors import Missing
from core.reader import spoken_date


class ProofForm(forms.Form):
    """Asks for something that only the owner has: who finds the page open must not get further."""

    proof = forms.CharField(
        label=gettext_lazy("Your password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user.second_step_since is not None:
            self.fields["proof"].label = _("Your password, or a code of the app")


def security_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Show how this person signs in, and where they are signed in."""
    user: Any = request.user
    browsers = sessions.signed_in(user, current=request.session.session_key)
    context = {
        **site.each_context(request),
        "title": _("Security"),
        "is_on": user.second_step_since is not None,
        "since": spoken_date(user.second_step_since) if user.second_step_since else "",
        "is_required": second_step.is_required(user),
        "codes_left": second_step.codes_left(user) if user.second_step_since else 0,
        "browsers": browsers,
        "others": sum(not one.is_this_one for one in browsers),
    }
    return render(request, "admin/security.html", context)


def turn_on_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Ask who it is, then show the new secret."""
    user: Any = request.user
    form = _proven(request)
    if form.is_valid():
        doors.offer_secret(request)
        return HttpResponseRedirect(reverse("admin:security_set_up"))
    if user.second_step_since is not None:
        says = [
            _("You scan a new picture with the app of the other phone."),
            _("The app and the recovery codes you have now work no longer; you get ten new codes."),
            _("Your other browsers are signed out."),
        ]
        return _ask(site, request, form, title=_("Move to another phone"), says=says, button=_("Go on"))
    return _ask(
        site,
        request,
        form,
        title=_("Turn on two-step sign-in"),
        says=[
            _("You need an authenticator app on your phone, for example Aegis, Google Authenticator or 2FAS."),
            _("From then on signing in asks for your password and for the code that the app shows."),
            _("You get ten recovery codes for the day on which the phone is not at hand."),
            _("Your other browsers are signed out."),
        ],
        button=_("Go on"),
    )


def set_up_view(site: Any, request: HttpRequest, who: doors.Waiting | None = None) -> HttpResponse:
    """Show the secret, and turn the second step on when the app shows the right code."""
    user: Any = who.user if who else request.user
    secret = doors.offered_secret(request)
    if secret is None:
        return start_again(request) if who else _back(request)
    move = user.second_step_since is not None
    form = AppCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code, actor = form.cleaned_data["code"], Actor("staff", user.get_username())
        try:
            codes = second_step.turn_on(user.pk, secret=secret, code=code, actor=actor, move=move)
        except second_step.WrongCode:
            form.add_error("code", _("This code is not right. Take the one that the app shows now."))
        except second_step.SecondStepIsOn:
            return start_again(request) if who else _back(request)
        else:
            return _turned_on(site, request, who, codes)
    address = second_step.address_of(secret, user)
    context = {
        **site.each_context(request),
        "title": _("Move to another phone") if move else _("Set up two-step sign-in"),
        "form": form,
        "move": move,
        "waiting": who is not None,
        "address": address,
        "picture": second_step.picture_of(address),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    }
    return render(request, "admin/second_step_set_up.html", context, status=400 if form.errors else 200)


def _turned_on(site: Any, request: HttpRequest, who: doors.Waiting | None, codes: list[str]) -> HttpResponse:
    request.session.pop(doors.NEW_SECRET, None)
    target = doors.finish(request, who).url if who else reverse("admin:security")
    request.session[doors.FINISHED] = True
    # Browsers that never gave a code are let in no longer; nor shall they stay in the list.
    sessions.end_sessions(request.user.pk, keep=request.session.session_key, actor=actor_for(request))  # type: ignore[arg-type]
    return _show_codes(site, request, codes, target=target)


def first_set_up_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Let somebody who must have a second step set it up before anything else."""
    who = doors.waiting(request)
    if who is None or who.user.second_step_since is not None:
        return start_again(request)
    with translation.override(who.user.language):
        return spoken(set_up_view(site, request, who))


def codes_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Make new recovery codes, and show them this once."""
    user: Any = request.user
    if user.second_step_since is None:
        return _back(request)
    form = _proven(request)
    if form.is_valid():
        try:
            codes = second_step.renew_codes(user.pk, actor=actor_for(request))
        except second_step.SecondStepIsOff:
            return _back(request)
        return _show_codes(site, request, codes, target=reverse("admin:security"))
    return _ask(
        site,
        request,
        form,
        title=_("Make new recovery codes"),
        says=[_("You see ten new codes, once."), _("The codes you have now work no longer.")],
        button=_("Make new codes"),
    )


def turn_off_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Let the password be enough again."""
    user: Any = request.user
    if user.second_step_since is None:
        return _back(request)
    form = _proven(request)
    if form.is_valid():
        try:
            second_step.turn_off(user.pk, actor=actor_for(request))
        except second_step.SecondStepRequired:
            form.add_error(None, _("Your account has to use two-step sign-in; it cannot be turned off."))
        except second_step.SecondStepIsOff:
            return _back(request)
        else:
            request.session.pop(doors.FINISHED, None)
            messages.success(request, _("Two-step sign-in is turned off."))
            return _back(request)
    return _ask(
        site,
        request,
        form,
        title=_("Turn off two-step sign-in"),
        says=[
            _("The password alone signs you in again."),
            _("The codes of the app and the recovery codes work no longer."),
        ],
        button=_("Turn it off"),
        style="danger",
    )


def sign_out_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Sign one other browser out."""
    try:
        sessions.end_session(request.user.pk, request.POST.get("browser", ""), actor=actor_for(request))  # type: ignore[arg-type]
    except Missing:
        messages.info(request, _("That browser is signed out already."))
    else:
        messages.success(request, _("That browser is signed out."))
    return _back(request)


def sign_out_others_view(site: Any, request: HttpRequest) -> HttpResponse:
    """Sign every browser out but this one."""
    ended = sessions.end_sessions(request.user.pk, keep=request.session.session_key, actor=actor_for(request))  # type: ignore[arg-type]
    said = ngettext("%(count)s other browser is signed out.", "%(count)s other browsers are signed out.", ended)
    messages.success(request, said % {"count": ended})
    return _back(request)


def _proven(request: HttpRequest) -> ProofForm:
    """Return the form, valid only where its answer proves that the owner sits there."""
    user: Any = request.user
    form = ProofForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        proof = form.cleaned_data["proof"]
        if authenticate(request, username=user.get_username(), proof=proof) is None:
            form.add_error("proof", _("That is not right."))
    return form


def _ask(
    site: Any,
    request: HttpRequest,
    form: ProofForm,
    *,
    title: str,
    says: list[str],
    button: str,
    style: str = "primary",
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": title,
        "form": form,
        "consequences": says,
        "button": button,
        "style": style,
    }
    return render(request, "admin/security_ask.html", context, status=400 if form.errors else 200)


def _show_codes(site: Any, request: HttpRequest, codes: list[str], *, target: str) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": _("Your recovery codes"),
        "codes": codes,
        "file": quote("\n".join([f"{site.site_header} – {request.user.get_username()}", "", *codes, ""])),
        "target": target,
    }
    return render(request, "admin/recovery_codes.html", context)


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:security"))


READ = ("GET", "HEAD")
ASK = (*READ, "POST")
DO = ("POST",)


def urls(site: Any) -> list[Any]:
    """Return the addresses: those of the owner, and the two that are open to who is between two steps."""

    def bound(view: Callable[..., HttpResponse], methods: Sequence[str]) -> Callable[..., HttpResponse]:
        secretly = sensitive_post_parameters("code", "proof")
        return require_http_methods(methods)(secretly(never_cache(lambda request: view(site, request))))

    own = {
        "security": ("security/", security_view, READ),
        "security_turn_on": ("security/turn-on/", turn_on_view, ASK),
        "security_set_up": ("security/set-up/", set_up_view, ASK),
        "security_codes": ("security/codes/", codes_view, ASK),
        "security_turn_off": ("security/turn-off/", turn_off_view, ASK),
        "security_sign_out": ("security/sign-out/", sign_out_view, DO),
        "security_sign_out_others": ("security/sign-out-others/", sign_out_others_view, DO),
    }
    return [
        path("login/code/", bound(second_step_view, ASK), name="second_step"),
        path("login/set-up/", bound(first_set_up_view, ASK), name="second_step_to_do"),
        *[path(address, site.admin_view(bound(view, how)), name=name) for name, (address, view, how) in own.items()],
    ]


phrase("core.second_step_turned_on", gettext_lazy("Two-step sign-in turned on"), icon="key")
phrase("core.second_step_moved", gettext_lazy("Two-step sign-in moved to another app"), icon="key")
phrase("core.second_step_turned_off", gettext_lazy("Two-step sign-in turned off"), icon="key")
phrase("core.second_step_reset", gettext_lazy("Two-step sign-in reset: %(reason)s"), icon="key")
phrase("core.recovery_codes_made", gettext_lazy("New recovery codes made"), icon="key")
phrase("core.recovery_code_used", gettext_lazy("Recovery code used, %(left)s left"), icon="key")
phrase("core.sessions_ended", gettext_lazy("Signed out elsewhere, browsers: %(count)s"), icon="door")
commands.register("security", gettext_lazy("Security"), url_name="admin:security", icon="key", order=915)
