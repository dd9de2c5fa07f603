"""R5: whatever gets lost, late or doubled on its way, Stripe took once and to the cent what the books say.

Three of ten answers are lost after the work was done, one of ten questions arrives only when it was asked again, three
of ten refunds are called failed and mostly carried out all the same, customers and staff click twice in two windows.
Afterwards the clock asks, and Stripe's books are held against ours.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Sum

from billing.models import LedgerEntry, Payment, Refund
from billing.proofs import ledger
from billing.proofs.asking import Asked
from billing.proofs.storm import (
    DAWDLING,
    WAVERING,
    Buyer,
    Seen,
    cents,
    let_the_clock_ask,
    many_hands,
    open_till,
    weather,
)
from billing.proofs.stripe import Stripe
from billing.services.refund_keys import key_of
from core.models import Delivery, EventRecord
from orders.models import OrderException

EVERY = 100
MOST_TOLD = 20
# How far a payment has come: what is decided never becomes undecided again.
RANKS = {"captured": 2, "voided": 2, "failed": 2, "expired": 2, "authorized": 1, "requires_action": 0, "pending": -1}


def prove(asked: Asked) -> dict[str, Any]:
    """Let that many customers buy on the database of this process, which is there for that, and compare."""
    open_till()
    with weather(dawdling=DAWDLING, wavering=WAVERING) as there:
        seen = many_hands(asked.cases, asked.processes, partial(_buy, there=there, seed=asked.seed), _teller(asked))
        late = len(there.on_their_way)
        let_the_clock_ask(there)
        faults = list(faults_of(there))
        taken = sum(one["amount_received"] for one in there.intents.values())
        back = sum(one["amount"] for one in there.refunds.values() if one["status"] == "succeeded")
        booked = ledger_cents()
    return {
        "customers": asked.cases,
        "seed": asked.seed,
        "hands": asked.processes,
        "did": dict(sorted(seen.did.items())),
        "payments": Payment.objects.count(),
        "questions": len(there.asked),
        "answers_lost": there.lost,
        "questions_late": there.late,
        "late_to_the_end": late,
        "refunds_called_failed": len(there.wavered),
        "carried_out_all_the_same": sum(there.refunds[name]["status"] == "succeeded" for name in there.wavered),
        "sent_twice": Refund.objects.filter(again_of__isnull=False).count(),
        "taken_cents": taken,
        "sent_back_cents": back,
        "provider_cents": taken - back,
        "ledger_cents": booked,
        "captures_above_authorized": sum("was held" in one for one in faults),
        "refunds_above_captured": sum("was sent back" in one for one in faults),
        "unknown_left": sum("unknown" in one for one in faults),
        "faults": len(faults),
        "met": not faults and taken - back == booked,
        "told": faults[:MOST_TOLD],
    }


def _buy(number: int, *, there: Stripe, seed: int) -> Seen:
    buyer = Buyer(number, there, seed=seed, times=1)
    buyer.go()
    return buyer.seen


def _teller(asked: Asked) -> Callable[[int], object]:
    def tell(done: int) -> None:
        if done % EVERY == 0:
            asked.tell(f"{done:,} of {asked.cases:,} customers")

    return tell


def ledger_cents() -> int:
    """Return what the ledger says lies at Stripe."""
    rows = LedgerEntry.objects.filter(account__kind="money", account__detail="stripe")
    return cents(rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))


def faults_of(there: Stripe) -> Iterator[str]:
    """Compare every payment with Stripe's books, and ask the house whether it is in order."""
    yield from _above_what_was_there(there)
    for payment in Payment.objects.order_by("pk").iterator():
        yield from _differences(payment, there)
    yield from _of_refunds(there)
    yield from regressions()
    for name, status, error in Delivery.objects.exclude(status="done").values_list("handler", "status", "last_error"):
        yield f"a debt of {name} is {status}: {error[:100]}"
    yield from ledger.of_sums()
    yield from ledger.of_truths()


def _of_refunds(there: Stripe) -> Iterator[str]:
    """Name the refunds that ended otherwise there, and those that went twice and nobody was told of."""
    ends: dict[str, set[str]] = defaultdict(set)
    for one in there.refunds.values():
        ends[one.get("metadata", {}).get("key", "")].add(one["status"])
    for refund in Refund.objects.select_related("again_of").order_by("pk").iterator():
        went = refund.status == Refund.Status.SUCCEEDED
        if refund.status not in (Refund.Status.SUCCEEDED, Refund.Status.FAILED):
            yield f"refund {refund.code} is unknown: {refund.status}"
        elif went != ("succeeded" in ends.pop(key_of(refund), ())):
            yield f"refund {refund.code} is {refund.status} here, and not there"
        told = OrderException.objects.filter(dedupe_key=f"sent-twice:{refund.code}")
        if went and refund.again_of and not told.exists():
            yield f"refund {refund.code} went twice, and nobody was told"
    for key, states in ends.items():
        if "succeeded" in states:
            yield f"refund {key} went there, and is in no book here"


def _above_what_was_there(there: Stripe) -> Iterator[str]:
    back: dict[str, int] = defaultdict(int)
    for name, one in there.refunds.items():
        if name not in there.wavered or one["status"] == "succeeded":
            back[one["payment_intent"]] += one["amount"]
    for one in there.intents.values():
        if one["amount_received"] > one["amount"]:
            yield f"{one['id']}: {one['amount_received']} were taken, {one['amount']} was held"
        if back[one["id"]] > one["amount_received"]:
            yield f"{one['id']}: {back[one['id']]} was sent back, {one['amount_received']} were taken"


def _differences(payment: Payment, there: Stripe) -> Iterator[str]:
    mine = [one for one in there.intents.values() if one["metadata"].get("key") == payment.code]
    pairs = {
        "taken": (payment.captured, sum(one["amount_received"] for one in mine)),
        "held": (payment.reserved, sum(one["amount_capturable"] for one in mine)),
        "back": (payment.refunded, there.sent_back(payment.code)),
    }
    for what, (ours, theirs) in pairs.items():
        if cents(ours) != theirs:
            yield f"{payment.code} {what}: {cents(ours)} here, {theirs} there"
    pages = [one for one in there.sessions.values() if one["client_reference_id"] == payment.code]
    if payment.is_undecided and not any(one["status"] == "open" for one in pages):
        yield f"{payment.code} is unknown: {payment.status} here, decided there"
    if payment.capturing or payment.giving_up:
        yield f"{payment.code} is unknown: it waits for an answer"
    if len(mine) > 1:
        yield f"{payment.code} was paid {len(mine)} times"
    if payment.refunds.filter(reference__startswith="CLICK-", again_of=None).count() > 1:
        yield f"{payment.code} was refunded by both clicks"


def regressions() -> Iterator[str]:
    """Name the payments that were decided and became undecided again."""
    steps = EventRecord.objects.filter(subject_type="billing.payment").exclude(transition="")
    for code, source, target in steps.values_list("subject_id", "source", "target").iterator():
        if RANKS[source] > RANKS.get(target, 2):
            yield f"payment {code} went back from {source} to {target}"
