"""Stripe: the customer pays on its page (Checkout); the money is held first and taken when goods leave.

It is spoken to over its own HTTP interface: a dozen fields of seven calls. Every call that does something carries
our key, so that asked again it does nothing twice; how a payment stands is asked, never guessed.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from billing.gateways import minor, wire
from billing.gateways.base import (
    Answer,
    Captures,
    Charge,
    Checkout,
    Notice,
    NoticeRefused,
    Outcome,
    ProviderSilent,
    Stand,
    Standing,
)
from core.money import Money

VERSION = "2024-06-20"
LANGUAGES = frozenset({"da", "de", "en", "es", "fi", "fr", "it", "nb", "nl", "pl", "pt", "sv"})
# What came too early, too often or at once with its twin is asked again, and what our key does not allow says nothing.
NO_ANSWER = frozenset({401, 403, 409, 425, 429})
# For how long a bank holds money, where the card does not say.
USUAL_DAYS = 7
KEPT = ("brand", "last4", "exp_month", "exp_year")
Said = Mapping[str, Any]


class StripeGateway:
    """Speaks to Stripe with the keys of the environment (`STRIPE_SECRET_KEY`, `STRIPE_WEBHOOK_SECRET`)."""

    code = "stripe"
    at_once = False
    # More than one capture of an authorization has to be asked for at Stripe, and only some cards allow it.
    captures = Captures.ONE
    lives_days: int | None = USUAL_DAYS

    @property
    def is_ready(self) -> bool:
        """Whether there is a key."""
        return bool(settings.STRIPE_SECRET_KEY)

    @property
    def origin(self) -> str:
        """Return where its page is served."""
        return str(settings.STRIPE_PAGE_ORIGIN)

    def takes(self, amount: Money) -> bool:
        """Whether the amount can be said in its units."""
        return minor.fits(amount)

    # Its page -------------------------------------------------------------------------------------

    def start_checkout(self, checkout: Checkout) -> Standing:
        """Have a page made; asked again under the same key it is the same page."""
        intent = {
            "capture_method": "manual" if checkout.hold else "automatic",
            "description": checkout.subject,
            "metadata": {"key": checkout.key},
            **({"setup_future_usage": "off_session"} if checkout.save else {}),
        }
        price = {
            "currency": checkout.amount.currency.lower(),
            "unit_amount": minor.units(checkout.amount),
            "product_data": {"name": checkout.subject},
        }
        asked = {
            "mode": "payment",
            "client_reference_id": checkout.key,
            "metadata": {"key": checkout.key},
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_intent_data": intent,
            "success_url": checkout.return_url,
            "cancel_url": checkout.return_url,
            "locale": checkout.language if checkout.language in LANGUAGES else "auto",
            **({"customer_creation": "always"} if checkout.save else {}),
        }
        status, said = self._do("checkout/sessions", asked, key=checkout.key)
        if status != 200:
            return _refused(said)
        # What comes again under a key is what was said the first time; how it stands now is asked.
        return self._of_page(self._read(f"checkout/sessions/{_id(said)}", expand="payment_intent.latest_charge"))

    def ask(self, *, key: str, reference: str = "") -> Standing:
        """Say how a payment stands. One whose page nobody was told of has none."""
        if reference.startswith("cs_"):
            return self._of_page(
                self._read(f"checkout/sessions/{quote(reference)}", expand="payment_intent.latest_charge")
            )
        if reference:
            return self._of_intent(self._read(f"payment_intents/{quote(reference)}", expand="latest_charge"))
        found = self._read(
            "payment_intents/search", query=f'metadata["key"]:"{key}"', expand="data.latest_charge"
        ).get("data")
        if not isinstance(found, list):
            raise ProviderSilent("Stripe's answer cannot be understood")
        return self._of_intent(found[0]) if found else Standing(stand=Stand.UNKNOWN)

    def close_checkout(self, *, key: str, reference: str = "") -> Standing:
        """See to it that nobody pays any more; where somebody did before, say so."""
        if reference.startswith("cs_"):
            self._do(f"checkout/sessions/{quote(reference)}/expire", {}, key=f"{key}-close")
        elif reference:
            self._do(f"payment_intents/{quote(reference)}/cancel", {}, key=f"{key}-close")
        return self.ask(key=key, reference=reference)

    # Money that is held ----------------------------------------------------------------------------

    def charge(self, charge: Charge) -> Standing:
        """Take money from a card that was used before, while its owner is away."""
        asked = {
            "amount": minor.units(charge.amount),
            "currency": charge.amount.currency.lower(),
            "customer": charge.means.get("customer", ""),
            "payment_method": charge.means.get("method", ""),
            "off_session": "true",
            "confirm": "true",
            "description": charge.subject,
            "metadata": {"key": charge.key},
        }
        status, said = self._do("payment_intents", asked, key=charge.key)
        return self._of_intent(said) if status == 200 else _refused(said)

    def capture(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Take (some of) what is held; the rest is let go by Stripe."""
        asked = {"amount_to_capture": minor.units(amount)}
        status, said = self._do(f"payment_intents/{quote(reference)}/capture", asked, key=key)
        done = status == 200 and said.get("status") == "succeeded"
        return Answer(outcome=Outcome.DONE, reference=reference) if done else _no(said)

    def void(self, *, reference: str, key: str) -> Answer:
        """Let go of what is held."""
        status, said = self._do(f"payment_intents/{quote(reference)}/cancel", {}, key=key)
        done = status == 200 and said.get("status") == "canceled"
        return Answer(outcome=Outcome.DONE, reference=reference) if done else _no(said)

    def authorize(self, *, amount: Money, reference: str, key: str) -> Answer:
        """Refuse: only the customer can pay, on its page."""
        return Answer(outcome=Outcome.REFUSED, reason="The customer pays on the provider's page")

    # Money that goes back --------------------------------------------------------------------------

    def refund(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Send money back; asked again under the same key it is sent once."""
        asked = {"payment_intent": reference, "amount": minor.units(amount), "metadata": {"key": key}}
        status, said = self._do("refunds", asked, key=key)
        return _of_refund(said) if status == 200 else _no(said)

    def find_refund(self, *, reference: str, key: str) -> Answer | None:
        """Look among the refunds of a payment for the one under a key."""
        found = self._read("refunds", payment_intent=reference, limit="100").get("data")
        if not isinstance(found, list):
            raise ProviderSilent("Stripe's answer cannot be understood")
        mine = [one for one in found if isinstance(one, dict) and _part(one, "metadata").get("key") == key]
        return _of_refund(mine[0]) if mine else None

    # What it writes --------------------------------------------------------------------------------

    def read_notice(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Return what an event is about, if Stripe signed it within the last five minutes."""
        _check_signature(headers.get("Stripe-Signature", ""), body, now)
        try:
            event = json.loads(body)
            about = event["data"]["object"]
            event_id = str(event["id"])[:200]
        except (ValueError, KeyError, TypeError):
            raise NoticeRefused("The event cannot be understood") from None
        if not isinstance(about, dict) or not event_id:
            raise NoticeRefused("The event is about nothing")
        intent = about.get("payment_intent")
        reference = intent.get("id", "") if isinstance(intent, dict) else intent or about.get("id", "")
        key = (
            _part(about, "metadata").get("key")
            if about.get("object") in ("checkout.session", "payment_intent")
            else ""
        )
        return Notice(id=event_id, key=_text({"key": key}, "key"), reference=_text({"id": reference}, "id"))

    # The wire --------------------------------------------------------------------------------------

    def _do(self, path: str, asked: Said, *, key: str) -> tuple[int, dict[str, Any]]:
        """Ask Stripe to do something, once under a key."""
        return self._call("POST", path, _flat(asked), {"Idempotency-Key": key})

    def _read(self, path: str, *, expand: str = "", **asked: str) -> dict[str, Any]:
        fields = {**asked, **({"expand[]": expand} if expand else {})}
        status, said = self._call("GET", path, fields, {})
        if status != 200:
            # Where we ask about something that was there, no is no answer: nothing is concluded from it.
            raise ProviderSilent(f"Stripe answered {status}: {_reason(said)}")
        return said

    def _call(
        self, method: str, path: str, fields: Mapping[str, str], more: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        if not self.is_ready:
            raise ProviderSilent("There is no key for Stripe")
        url = f"{settings.STRIPE_API_URL}/v1/{path}"
        headers = {**more, "Stripe-Version": VERSION}
        status, said = wire.call_with_form(
            method, url, secret=settings.STRIPE_SECRET_KEY, fields=fields, headers=headers
        )
        if status in NO_ANSWER or _part(said, "error").get("type") == "idempotency_error":
            raise ProviderSilent(f"Stripe answered {status}: {_reason(said)}")
        return status, said

    # What it says ----------------------------------------------------------------------------------

    def _of_page(self, said: Said) -> Standing:
        intent, state = said.get("payment_intent"), said.get("status")
        if state == "open":
            page = _text(said, "url")
            last = _part(intent, "last_payment_error") if isinstance(intent, dict) else {}
            # Nobody is led anywhere else.
            page = page if _origin(page) == self.origin else ""
            return Standing(stand=Stand.OPEN, reference=_id(said), page=page, reason=_text(last, "message"))
        if isinstance(intent, dict):
            return self._of_intent(intent)
        if state == "expired":
            return Standing(stand=Stand.CLOSED, reference=_id(said))
        raise ProviderSilent("Stripe's answer cannot be understood")

    def _of_intent(self, said: Said) -> Standing:
        try:
            currency, state = str(said["currency"]), said["status"]
            held = minor.money(int(said.get("amount_capturable") or 0), currency)
            paid = minor.money(int(said.get("amount_received") or 0), currency)
        except (KeyError, TypeError, ValueError):
            raise ProviderSilent("Stripe's answer cannot be understood") from None
        stand = {
            "requires_capture": Stand.HELD,
            "succeeded": Stand.PAID,
            "canceled": Stand.CLOSED,
            # A charge that was declined waits for other means, which nobody here will name.
            "requires_payment_method": Stand.REFUSED,
        }.get(state, Stand.OPEN)
        charge = _part(said, "latest_charge")
        return Standing(
            stand=stand,
            reference=_id(said),
            held=held,
            paid=paid,
            until=self._until(charge) if stand is Stand.HELD else None,
            reason=_text(_part(said, "last_payment_error"), "message"),
            means=_means(said, charge) if stand in (Stand.HELD, Stand.PAID) else {},
        )

    def _until(self, charge: Said) -> datetime:
        """Return until when the bank holds it: the card says so, else it is as usual."""
        until = _part(_part(charge, "payment_method_details"), "card").get("capture_before")
        if isinstance(until, int):
            return datetime.fromtimestamp(until, UTC)
        since = charge.get("created")
        began = datetime.fromtimestamp(since, UTC) if isinstance(since, int) else datetime.now(UTC)
        return began + timedelta(days=USUAL_DAYS)


def _flat(asked: Any, path: str = "") -> dict[str, str]:
    """Return nested fields as Stripe reads them: `a[b][0][c]`."""
    if isinstance(asked, Mapping):
        inner = [(f"{path}[{name}]" if path else name, one) for name, one in asked.items()]
    elif isinstance(asked, list):
        inner = [(f"{path}[{number}]", one) for number, one in enumerate(asked)]
    else:
        return {path: str(asked)}
    return {name: text for where, one in inner for name, text in _flat(one, where).items()}


def _means(intent: Said, charge: Said) -> dict[str, str]:
    """Return what names the card to Stripe, and to people: never its number."""
    details = _part(charge, "payment_method_details")
    card = _part(details, "card")
    named = {"kind": _text(details, "type"), **{name: str(card[name]) for name in KEPT if card.get(name)}}
    tokens = {"customer": _text(intent, "customer"), "method": _text(intent, "payment_method")}
    return {name: text[:100] for name, text in {**tokens, **named}.items() if text}


def _of_refund(said: Said) -> Answer:
    state, reference = said.get("status"), _id(said)
    if state == "succeeded":
        return Answer(outcome=Outcome.DONE, reference=reference)
    if state in ("failed", "canceled"):
        return Answer(outcome=Outcome.REFUSED, reference=reference, reason=_text(said, "failure_reason") or str(state))
    return Answer(outcome=Outcome.PENDING, reference=reference)


def _no(said: Said) -> Answer:
    return Answer(outcome=Outcome.REFUSED, reason=_reason(said))


def _refused(said: Said) -> Standing:
    intent = _part(_part(said, "error"), "payment_intent")
    return Standing(stand=Stand.REFUSED, reference=_text(intent, "id")[:100], reason=_reason(said))


def _reason(said: Said) -> str:
    return _text(_part(said, "error"), "message") or _text(said, "status") or "Stripe said no"


def _part(said: Any, name: str) -> dict[str, Any]:
    found = said.get(name) if isinstance(said, Mapping) else None
    return found if isinstance(found, dict) else {}


def _text(said: Said, name: str) -> str:
    found = said.get(name)
    return found if isinstance(found, str) else ""


def _id(said: Said) -> str:
    if not (found := _text(said, "id")[:100]):
        raise ProviderSilent("Stripe's answer names nothing")
    return found


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _check_signature(header: str, body: bytes, now: datetime) -> None:
    """Raise NoticeRefused unless Stripe signed it with our secret, a moment ago."""
    secret = str(settings.STRIPE_WEBHOOK_SECRET)
    if not secret:
        raise NoticeRefused("There is no secret to check the event with")
    parts = [one.strip().partition("=") for one in header.split(",")[:20]]
    at = next((text for name, _, text in parts if name == "t"), "")
    if not (at.isascii() and at.isdigit() and len(at) < 12):
        raise NoticeRefused("The event does not say when it was signed")
    if abs(now.timestamp() - int(at)) > wire.FRESH_SECONDS:
        raise NoticeRefused("The event is too old, or from the future")
    wanted = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    given = [text.encode("utf-8", "replace") for name, _, text in parts if name == "v1"]
    if not any(hmac.compare_digest(wanted, one) for one in given):
        raise NoticeRefused("The event is not signed by Stripe")
