"""The doors of the demo's payment provider: one for the shop, with a secret; and the page on which customers pay."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.gateways import DisputeStand
from core.links import absolute
from core.money import plain
from demo import provider
from demo.guard import only_in_demo
from demo.models import ProviderCheckout
from demo.provider import Refused, State

View = Callable[..., HttpResponse]
ENDS = {
    "pay": (State.PAID, ""),
    # Pays, and thinks better of it.
    "regret": (State.PAID, ""),
    "decline": (State.REFUSED, provider.DECLINED),
    "abort": (State.REFUSED, provider.NOT_CONFIRMED),
    "lapse": (State.CLOSED, provider.NOT_IN_TIME),
}

DECISIONS = {"shop-wins": DisputeStand.WON, "shop-loses": DisputeStand.LOST}


def for_the_shop(view: View) -> View:
    """Answer only who knows the secret, in JSON."""

    @csrf_exempt
    @only_in_demo
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not constant_time_compare(given, settings.DEMO_PROVIDER_SECRET):
            return JsonResponse({"reason": "Wrong secret"}, status=401)
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            return JsonResponse({"reason": str(refused)}, status=409)

    return guarded  # type: ignore[return-value]


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("That is no JSON object")
    return found


def _told(checkout: ProviderCheckout) -> JsonResponse:
    page = absolute(reverse("demo:provider-page", args=[checkout.code]))
    paid = plain(checkout.amount, checkout.currency) if checkout.state == State.PAID else None
    return JsonResponse(
        {
            "id": checkout.code,
            "state": checkout.state,
            "page": page,
            "paid": paid,
            "currency": checkout.currency,
            "reason": checkout.reason,
        }
    )


@for_the_shop
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Open a page for a payment."""
    return _told(provider.start_checkout(provider.understand(_body(request))))


def _known(key: str) -> ProviderCheckout | None:
    found = ProviderCheckout.objects.filter(key=key).first()
    return found and provider.in_time(found)


@for_the_shop
@require_GET
def tell(request: HttpRequest, key: str) -> HttpResponse:
    """Say how a payment stands."""
    found = _known(key)
    return _told(found) if found else JsonResponse({"state": "unknown"}, status=404)


@for_the_shop
@require_POST
def close(request: HttpRequest, key: str) -> HttpResponse:
    """Close a page; where it was decided before, say how."""
    if (found := _known(key)) is None:
        return JsonResponse({"state": "unknown"}, status=404)
    provider.decide(found, State.CLOSED, reason="Closed by the shop")
    return _told(ProviderCheckout.objects.get(pk=found.pk))


@for_the_shop
@require_POST
def refund(request: HttpRequest, code: str) -> HttpResponse:
    """Send money back."""
    body = _body(request)
    refund_id = provider.send_back(code, key=str(body.get("key", "")), amount=provider.amount_of(body))
    return JsonResponse({"id": refund_id})


@for_the_shop
@require_POST
def evidence(request: HttpRequest, code: str) -> HttpResponse:
    """Take what the shop says to a dispute."""
    body = _body(request)
    files = [one for one in body.get("files") or [] if isinstance(one, dict)][:10]
    text = str(body.get("text", ""))[:5000]
    provider.take_evidence(code, key=str(body.get("key", ""))[:100], text=text, files=files)
    return JsonResponse({"taken": True})


@for_the_shop
@require_GET
def disputes(request: HttpRequest, code: str) -> HttpResponse:
    """Say how the dispute over a payment stands, if there is one."""
    checkout = ProviderCheckout.objects.filter(code=code).first()
    if checkout is None:
        return JsonResponse({"state": "unknown"}, status=404)
    page = absolute(reverse("demo:provider-page", args=[checkout.code]))
    more = {"currency": checkout.currency, "page": page, "evidence": bool(checkout.dispute.get("evidence"))}
    found = [{**checkout.dispute, **more}] if checkout.dispute else []
    return JsonResponse({"disputes": found})


@only_in_demo
@csrf_protect
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponse:
    """Let the customer pay, or not."""
    checkout = provider.in_time(get_object_or_404(ProviderCheckout, code=code))
    wanted = request.POST.get("do", "")
    is_open = checkout.state == State.OPEN
    if wanted in ENDS:
        state, reason = ENDS[wanted]
        with translation.override(checkout.language):
            decided = provider.decide(checkout, state, reason=str(reason))
        if decided:
            provider.notify(checkout, state)
            if wanted == "regret":
                provider.dispute_later(checkout)
        # Who clicked twice is led home just the same.
        return HttpResponseRedirect(checkout.return_url)
    if wanted == "challenge" and is_open:
        ProviderCheckout.objects.filter(pk=checkout.pk).update(challenged=True)
    elif wanted == "lose" and is_open:
        provider.decide(checkout, State.PAID)
    elif wanted == "dispute" and provider.open_dispute(code):
        provider.tell(checkout, "payment.disputed", DisputeStand.OPEN)
    elif wanted in DECISIONS and provider.decide_dispute(code, DECISIONS[wanted]):
        provider.tell(checkout, "payment.disputed", DECISIONS[wanted])
    if request.method == "POST":
        return redirect("demo:provider-page", code=code)
    return render(request, "demo/provider/page.html", {"checkout": checkout})
