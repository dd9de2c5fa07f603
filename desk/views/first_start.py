"""The first start: what is still to do until the first order can be shipped."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.admin.actors import actor_for
from core.admin.site import site
from core.errors import DomainError
from core.mail_trial import send_test_mail
from desk import services
from desk.selectors import first_start
from pricing import services as pricing

# Who adds people is the one who sets the house up.
PERMISSION = "core.add_user"


def _enter_defaults(request: HttpRequest) -> str:
    pricing.ensure_defaults(actor=actor_for(request))
    return _("Channels, tax rates and ways of delivery are entered. Look at them once.")


def _enter_days(request: HttpRequest) -> str:
    pricing.ensure_transits(actor=actor_for(request))
    return _("The usual days are entered.")


def _order(request: HttpRequest) -> str:
    user: Any = request.user
    name = user.get_full_name() or user.get_username()
    order = services.place_test_order(name=name, email=user.email, actor=actor_for(request))
    return _("%(order)s is placed.") % {"order": order.number}


def _ship(request: HttpRequest) -> str:
    order = services.ship_test_order(actor=actor_for(request))
    return _("%(order)s has left, and has arrived.") % {"order": order.number}


def _take_back(request: HttpRequest) -> str:
    found = services.take_test_order_back(actor=actor_for(request))
    return _("Taken back with %(number)s.") % {"number": found.number}


def _dismiss(request: HttpRequest) -> str:
    services.dismiss_first_start(actor=actor_for(request))
    return _("The first start is put away. You find it under System, First start.")


def _reopen(request: HttpRequest) -> str:
    services.reopen_first_start()
    return ""


DEEDS: dict[str, Callable[[HttpRequest], str]] = {
    "defaults": _enter_defaults,
    "transits": _enter_days,
    "order": _order,
    "ship": _ship,
    "take-back": _take_back,
    "dismiss": _dismiss,
    "reopen": _reopen,
}


@require_GET
@site.admin_view
@permission_required(PERMISSION, raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """Show the lines, the next one first in sight."""
    context = {
        **site.each_context(request),
        "title": _("First start"),
        "checklist": first_start.checklist(),
    }
    return TemplateResponse(request, "desk/first_start.html", context)


@require_POST
@site.admin_view
@permission_required(PERMISSION, raise_exception=True)
def act(request: HttpRequest, deed: str) -> HttpResponse:
    """Do what a button of the page says, and come back to it."""
    if deed not in DEEDS:
        raise Http404
    try:
        said = DEEDS[deed](request)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        if said:
            messages.success(request, said)
    return HttpResponseRedirect(reverse("admin:index" if deed == "dismiss" else "desk:first-start"))


class TestMailForm(forms.Form):
    """Asks where the mail goes."""

    to = forms.EmailField(label=gettext_lazy("To"), max_length=320)


@require_http_methods(["GET", "POST"])
@site.admin_view
@permission_required(PERMISSION, raise_exception=True)
def test_mail(request: HttpRequest) -> HttpResponse:
    """Send a mail now, and show what the mail server said."""
    user: Any = request.user
    form = TestMailForm(request.POST or None, initial={"to": user.email})
    refused = ""
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["to"]
        answer = send_test_mail(to, language=get_language() or "en", actor=actor_for(request))
        if answer.sent:
            said = _("The server took the mail to %(to)s: %(answer)s. Look whether it arrives.")
            messages.success(request, said % {"to": to, "answer": answer.text})
            return HttpResponseRedirect(reverse("desk:first-start"))
        refused = answer.text
    context = {**site.each_context(request), "title": _("Send a test mail"), "form": form, "refused": refused}
    return TemplateResponse(request, "desk/test_mail.html", context, status=400 if form.errors or refused else 200)
