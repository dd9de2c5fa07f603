"""Stripe: the customer pays on its page (Checkout); the money is held first and taken when goods leave.

It is spoken to over its own HTTP interface: a dozen fields of seven calls. Every call that does something carries
our key, so that asked again it does nothing twice; how a payment stands is asked, never guessed.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings

from billing.gateways import minor, stripe_said, wire
from billing.gateways.base import (
    About,
    Answer,
    Captures,
    Charge,
    Checkout,
    DisputeStanding,
    Evidence,
    Exhibit,
    Notice,
    NoticeRefused,
    Outcome,
    PayoutStanding,
    ProviderSilent,
    Stand,
    Standing,
)
from billing.sentences import ODD_AMOUNT, PAYS_THERE
from core.money import Money

VERSION = "2024-06-20"
LANGUAGES = frozenset({"da", "de", "en", "es", "fi", "fr", "it", "nb", "nl", "pl", "pt", "sv"})
# What came too early, too often or at once with its twin is asked again, and what our key does not allow says nothing.
NO_ANSWER = frozenset({401, 403, 409, 425, 429})
# For how long a bank holds money, where the card does not say.
USUAL_DAYS = 7
Said = Mapping[str, Any]


def _odd(amount: Money) -> Answer:
    """Say no in its place: it has no such amount, and would be asked for it for ever."""
    return Answer(outcome=Outcome.REFUSED, reason=ODD_AMOUNT(amount=amount))


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
            return stripe_said.refused(said)
        # What comes again under a key is what was said the first time; how it stands now is asked.
        return self._of_page(
            self._read(f"checkout/sessions/{stripe_said.id_of(said)}", expand="payment_intent.latest_charge")
        )

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
        if not self.takes(charge.amount):
            return Standing(stand=Stand.REFUSED, reason=_odd(charge.amount).reason)
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
        return self._of_intent(said) if status == 200 else stripe_said.refused(said)

    def capture(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Take (some of) what is held; the rest is let go by Stripe."""
        if not self.takes(amount):
            return _odd(amount)
        asked = {"amount_to_capture": minor.units(amount)}
        status, said = self._do(f"payment_intents/{quote(reference)}/capture", asked, key=key)
        done = status == 200 and said.get("status") == "succeeded"
        return Answer(outcome=Outcome.DONE, reference=reference) if done else stripe_said.no(said)

    def void(self, *, reference: str, key: str) -> Answer:
        """Let go of what is held."""
        status, said = self._do(f"payment_intents/{quote(reference)}/cancel", {}, key=key)
        done = status == 200 and said.get("status") == "canceled"
        return Answer(outcome=Outcome.DONE, reference=reference) if done else stripe_said.no(said)

    def authorize(self, *, amount: Money, reference: str, key: str) -> Answer:
        """Refuse: only the customer can pay, on its page."""
        return Answer(outcome=Outcome.REFUSED, reason=PAYS_THERE())

    # Money that goes back --------------------------------------------------------------------------

    def refund(self, *, reference: str, amount: Money, key: str) -> Answer:
        """Send money back; asked again under the same key it is sent once."""
        if not self.takes(amount):
            return _odd(amount)
        asked = {"payment_intent": reference, "amount": minor.units(amount), "metadata": {"key": key}}
        status, said = self._do("refunds", asked, key=key)
        return stripe_said.of_refund(said) if status == 200 else stripe_said.no(said)

    def find_refund(self, *, reference: str, key: str) -> Answer | None:
        """Look among the refunds of a payment for the one under a key."""
        return self.refunds_of(reference=reference).get(key)

    def refunds_of(self, *, reference: str) -> dict[str, Answer]:
        """Say how all the refunds of a payment stand, by our keys; what was sent back by hand there has none."""
        return {
            key: stripe_said.of_refund(one)
            for one in self._rows("refunds", payment_intent=reference)
            if (key := stripe_said.text(stripe_said.part(one, "metadata"), "key"))
        }

    def disputes_of(self, *, reference: str) -> list[DisputeStanding]:
        """Say how the disputes over a payment stand."""
        live = "_test_" not in settings.STRIPE_SECRET_KEY
        return [stripe_said.dispute_of(one, live=live) for one in self._rows("disputes", payment_intent=reference)]

    def give_evidence(self, evidence: Evidence) -> Answer:
        """Give the bank what we have to say; files first, each once under a key of its own."""
        said = {"uncategorized_text": evidence.text}
        for one in evidence.exhibits:
            status, kept = self._upload(one, key=f"{evidence.key}-{one.proves}")
            if status != 200:
                return stripe_said.no(kept)
            said[stripe_said.EXHIBITS[one.proves]] = stripe_said.id_of(kept)
        asked = {"evidence": said, "submit": "true"}
        status, found = self._do(f"disputes/{quote(evidence.dispute)}", asked, key=evidence.key)
        return Answer(outcome=Outcome.DONE, reference=evidence.dispute) if status == 200 else stripe_said.no(found)

    def payout(self, *, reference: str) -> PayoutStanding:
        """Say what a payout was paid out of: the rows of Stripe's books that it settles."""
        rows = self._rows("balance_transactions", expand="data.source", payout=reference)
        return stripe_said.payout_of(self._read(f"payouts/{quote(reference)}"), rows)

    # What it writes --------------------------------------------------------------------------------

    def read_notice(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Return what an event is about, if Stripe signed it within the last five minutes."""
        stripe_said.check_signature(headers.get("Stripe-Signature", ""), body, now)
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
            stripe_said.part(about, "metadata").get("key")
            if about.get("object") in ("checkout.session", "payment_intent")
            else ""
        )
        return Notice(
            id=event_id,
            key=stripe_said.text({"key": key}, "key"),
            reference=stripe_said.text({"id": reference}, "id"),
            about=stripe_said.ABOUT.get(str(about.get("object")), About.PAYMENT),
        )

    # The wire --------------------------------------------------------------------------------------

    def _do(self, path: str, asked: Said, *, key: str) -> tuple[int, dict[str, Any]]:
        """Ask Stripe to do something, once under a key."""
        return self._call("POST", path, stripe_said.flat(asked), {"Idempotency-Key": key})

    def _read(self, path: str, *, expand: str = "", **asked: str) -> dict[str, Any]:
        fields = {**asked, **({"expand[]": expand} if expand else {})}
        status, said = self._call("GET", path, fields, {})
        if status != 200:
            # Where we ask about something that was there, no is no answer: nothing is concluded from it.
            raise ProviderSilent(f"Stripe answered {status}: {stripe_said.reason(said)}")
        return said

    def _rows(self, path: str, *, expand: str = "", **asked: str) -> list[dict[str, Any]]:
        """Return a whole list, page by page."""
        rows: list[dict[str, Any]] = []
        while True:
            more = {"starting_after": stripe_said.id_of(rows[-1])} if rows else {}
            said = self._read(path, expand=expand, **asked, limit="100", **more)
            found = said.get("data")
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise ProviderSilent("Stripe's answer cannot be understood")
            rows += found
            if not (said.get("has_more") and found):
                return rows

    def _call(
        self, method: str, path: str, fields: Mapping[str, str], more: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        if not self.is_ready:
            raise ProviderSilent("There is no key for Stripe")
        url = f"{settings.STRIPE_API_URL}/v1/{path}"
        headers = {**more, "Stripe-Version": VERSION}
        status, said = wire.call_with_form(
            method,
            url,
            secret=settings.STRIPE_SECRET_KEY,
            fields=fields,
            headers=headers,
            longest=wire.LONGEST_LIST if "limit" in fields else wire.LONGEST_ANSWER,
        )
        return self._heard(status, said)

    def _upload(self, exhibit: Exhibit, *, key: str) -> tuple[int, dict[str, Any]]:
        if not self.is_ready:
            raise ProviderSilent("There is no key for Stripe")
        found = wire.call_with_file(
            f"{settings.STRIPE_FILES_URL}/v1/files",
            secret=settings.STRIPE_SECRET_KEY,
            fields={"purpose": "dispute_evidence"},
            name=exhibit.name,
            content_type=exhibit.content_type,
            content=exhibit.content,
            headers={"Idempotency-Key": key, "Stripe-Version": VERSION},
        )
        return self._heard(*found)

    @staticmethod
    def _heard(status: int, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return an answer that is one."""
        if status in NO_ANSWER or stripe_said.part(said, "error").get("type") == "idempotency_error":
            raise ProviderSilent(f"Stripe answered {status}: {stripe_said.reason(said)}")
        return status, said

    # What it says ----------------------------------------------------------------------------------

    def _of_page(self, said: Said) -> Standing:
        intent, state = said.get("payment_intent"), said.get("status")
        if state == "open":
            page = stripe_said.text(said, "url")
            last = stripe_said.part(intent, "last_payment_error") if isinstance(intent, dict) else {}
            # Nobody is led anywhere else.
            page = page if stripe_said.origin(page) == self.origin else ""
            return Standing(
                stand=Stand.OPEN,
                reference=stripe_said.id_of(said),
                page=page,
                reason=stripe_said.text(last, "message"),
            )
        if isinstance(intent, dict):
            return self._of_intent(intent)
        if state == "expired":
            return Standing(stand=Stand.CLOSED, reference=stripe_said.id_of(said))
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
        said_amount = {Stand.HELD: "amount_capturable", Stand.PAID: "amount_received"}.get(stand, "status")
        if said.get(said_amount) is None:
            # Money there that does not say how much it is counts as unknown, never as none.
            raise ProviderSilent("Stripe's answer does not say how much it is about")
        charge = stripe_said.part(said, "latest_charge")
        return Standing(
            stand=stand,
            reference=stripe_said.id_of(said),
            held=held,
            paid=paid,
            until=self._until(charge) if stand is Stand.HELD else None,
            reason=stripe_said.text(stripe_said.part(said, "last_payment_error"), "message"),
            means=stripe_said.means(said, charge) if stand in (Stand.HELD, Stand.PAID) else {},
        )

    def _until(self, charge: Said) -> datetime:
        """Return until when the bank holds it: the card says so, else it is as usual."""
        until = stripe_said.part(stripe_said.part(charge, "payment_method_details"), "card").get("capture_before")
        if isinstance(until, int):
            return datetime.fromtimestamp(until, UTC)
        since = charge.get("created")
        began = datetime.fromtimestamp(since, UTC) if isinstance(since, int) else datetime.now(UTC)
        return began + timedelta(days=USUAL_DAYS)
