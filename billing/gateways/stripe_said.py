"""What Stripe says, taken apart: pure, and wary of everything that is not there."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from billing.gateways import minor, wire
from billing.gateways.base import (
    About,
    Answer,
    DisputeStand,
    DisputeStanding,
    NoticeRefused,
    Outcome,
    PayoutEntry,
    PayoutKind,
    PayoutStanding,
    Proves,
    ProviderSilent,
    Stand,
    Standing,
)
from core.money import Money

DASHBOARD = "https://dashboard.stripe.com"
KEPT = ("brand", "last4", "exp_month", "exp_year")
# An inquiry that ended took no money, and what was sent back meanwhile is disputed no more.
ENDS = {
    "won": DisputeStand.WON,
    "warning_closed": DisputeStand.WON,
    "charge_refunded": DisputeStand.WON,
    "lost": DisputeStand.LOST,
}
ABOUT = {"refund": About.AFTERWARDS, "dispute": About.AFTERWARDS, "payout": About.PAYOUT}
KINDS = {
    "charge": PayoutKind.PAYMENT,
    "payment": PayoutKind.PAYMENT,
    "refund": PayoutKind.REFUND,
    "payment_refund": PayoutKind.REFUND,
    "refund_failure": PayoutKind.REFUND,
    "payment_failure_refund": PayoutKind.REFUND,
    "stripe_fee": PayoutKind.FEE,
    "stripe_fx_fee": PayoutKind.FEE,
}
# Where Stripe wants which document; it takes one of each (docs.stripe.com/api/disputes/evidence_object).
EXHIBITS = {
    Proves.INVOICE: "receipt",
    Proves.DELIVERY: "shipping_documentation",
    Proves.LETTERS: "customer_communication",
    Proves.OTHER: "uncategorized_file",
}
OUR_REFUND = re.compile(r"re_\w{20}")
Said = Mapping[str, Any]


def flat(asked: Any, path: str = "") -> dict[str, str]:
    """Return nested fields as Stripe reads them: `a[b][0][c]`."""
    if isinstance(asked, Mapping):
        inner = [(f"{path}[{name}]" if path else name, one) for name, one in asked.items()]
    elif isinstance(asked, list):
        inner = [(f"{path}[{number}]", one) for number, one in enumerate(asked)]
    else:
        return {path: str(asked)}
    return {name: text for where, one in inner for name, text in flat(one, where).items()}


def means(intent: Said, charge: Said) -> dict[str, str]:
    """Return what names the card to Stripe, and to people: never its number."""
    details = part(charge, "payment_method_details")
    card = part(details, "card")
    named = {"kind": text(details, "type"), **{name: str(card[name]) for name in KEPT if card.get(name)}}
    tokens = {"customer": text(intent, "customer"), "method": text(intent, "payment_method")}
    return {name: text[:100] for name, text in {**tokens, **named}.items() if text}


def of_refund(said: Said) -> Answer:
    """Return how a refund stands."""
    state, reference = said.get("status"), id_of(said)
    if state == "succeeded":
        return Answer(outcome=Outcome.DONE, reference=reference)
    if state in ("failed", "canceled"):
        return Answer(outcome=Outcome.REFUSED, reference=reference, reason=text(said, "failure_reason") or str(state))
    return Answer(outcome=Outcome.PENDING, reference=reference)


def no(said: Said) -> Answer:
    """Return that it was not done, and why."""
    return Answer(outcome=Outcome.REFUSED, reason=reason(said))


def refused(said: Said) -> Standing:
    """Return that a charge was refused, and why."""
    intent = part(part(said, "error"), "payment_intent")
    return Standing(stand=Stand.REFUSED, reference=text(intent, "id")[:100], reason=reason(said))


def reason(said: Said) -> str:
    """Return why not."""
    return text(part(said, "error"), "message") or text(said, "status") or "Stripe said no"


def part(said: Any, name: str) -> dict[str, Any]:
    """Return what is said under a name, where that is an object."""
    found = said.get(name) if isinstance(said, Mapping) else None
    return found if isinstance(found, dict) else {}


def text(said: Said, name: str) -> str:
    """Return what is said under a name, where that is a text."""
    found = said.get(name)
    return found if isinstance(found, str) else ""


def id_of(said: Said) -> str:
    """Return what it is called there. Raises ProviderSilent."""
    if not (found := text(said, "id")[:100]):
        raise ProviderSilent("Stripe's answer names nothing")
    return found


def origin(url: str) -> str:
    """Return where an address is."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def check_signature(header: str, body: bytes, now: datetime) -> None:
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


def dispute_of(said: Said, *, live: bool) -> DisputeStanding:
    """Return how a dispute stands. What was taken and given back is what its entries in Stripe's books say."""
    try:
        currency = str(said["currency"])
        amount = minor.money(int(said["amount"]), currency)
        entries = [one for one in said.get("balance_transactions") or [] if isinstance(one, Mapping)]
        moved = [int(one["amount"]) for one in entries]
        same = all(str(one["currency"]) == currency for one in entries)
    except (KeyError, TypeError, ValueError):
        raise ProviderSilent("Stripe's answer cannot be understood") from None
    taken = minor.money(-sum(one for one in moved if one < 0), currency)
    returned = minor.money(sum(one for one in moved if one > 0), currency)
    if not same:
        # Paid out in another currency, it says there how much that was; of ours it is what is disputed.
        taken = amount if any(one < 0 for one in moved) else _nothing(currency)
        returned = amount if any(one > 0 for one in moved) else _nothing(currency)
    state, evidence = text(said, "status"), part(said, "evidence_details")
    due = evidence.get("due_by")
    return DisputeStanding(
        reference=id_of(said),
        stand=ENDS.get(state, DisputeStand.OPEN),
        amount=amount,
        taken=taken,
        returned=returned,
        reason=text(said, "reason")[:40],
        due_at=datetime.fromtimestamp(due, UTC) if isinstance(due, int) and due > 0 else None,
        sent=state.endswith("under_review"),
        page=f"{DASHBOARD}/{'' if live else 'test/'}disputes/{id_of(said)}",
    )


def _nothing(currency: str) -> Money:
    return minor.money(0, currency)


def payout_of(said: Said, rows: Sequence[Said]) -> PayoutStanding:
    """Return what a payout was paid out of; the row that is the payout itself is left out."""
    try:
        amount = minor.money(int(said["amount"]), str(said["currency"]))
        entries = [_entry(row) for row in rows if not text(row, "type").startswith("payout")]
    except (KeyError, TypeError, ValueError):
        raise ProviderSilent("Stripe's answer cannot be understood") from None
    arrives = said.get("arrival_date")
    return PayoutStanding(
        amount=amount,
        is_paid=text(said, "status") == "paid",
        is_off=text(said, "status") in ("failed", "canceled"),
        arrives_on=datetime.fromtimestamp(arrives, UTC).date() if isinstance(arrives, int) else None,
        entries=entries,
    )


def _entry(row: Said) -> PayoutEntry:
    currency, source = str(row["currency"]), part(row, "source")
    kind = KINDS.get(text(row, "type"), PayoutKind.OTHER)
    if text(source, "object") == "dispute":
        kind = PayoutKind.DISPUTE
    ours = OUR_REFUND.search(text(part(source, "metadata"), "key"))
    return PayoutEntry(
        reference=id_of(row),
        kind=kind,
        amount=minor.money(int(row["amount"]), currency),
        fee=minor.money(int(row.get("fee") or 0), currency),
        payment=text(source, "payment_intent")[:100],
        refund=ours[0] if ours and kind is PayoutKind.REFUND else "",
        dispute=text(source, "id")[:100] if kind is PayoutKind.DISPUTE else "",
        text=text(row, "description"),
    )
