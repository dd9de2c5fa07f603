"""What a provider paid out: asked for when he writes of it, matched row by row, and found on the bank statement.

In the ledger a payout empties the account of the provider: what he sends is on its way to the bank, what he kept is
his fee. A row that nobody knows stays on his account until somebody says what it is.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import gateways, postings
from billing.errors import AlreadyBooked, UnknownGateway
from billing.events import PayoutTold
from billing.gateways import Notice, PayoutEntry, PayoutKind, PayoutStanding, ProviderSilent
from billing.models import BankLine, Dispute, LedgerTransaction, Payment, Payout, PayoutRow, Refund
from billing.postings import NOTHING, Posting
from billing.services.ledger import open_day, post
from billing.services.sellers import is_alone, seller_of_money
from core.actors import SYSTEM, Actor
from core.inserting import insert_once
from core.outbox import emit
from core.service import note_change, service

Status = PayoutRow.Status
FIRST_PAUSE = timedelta(seconds=15)
PAUSE = timedelta(minutes=15)
# As long as one round of questions may take, in seconds.
ROUND = 10.0
MOST = 10_000


@service
def take_payout(gateway: str, notice: Notice) -> bool:
    """Note that a provider wrote of a payout; what is in it, he is asked. False where it is known."""
    payout = Payout(gateway=gateway, reference=notice.reference, ask_at=timezone.now() + FIRST_PAUSE)
    if not notice.reference or not insert_once(payout):
        return False
    emit(PayoutTold(payout_id=payout.pk))
    return True


def read_payout(payout_id: int) -> None:
    """Ask what a payout was paid out of, and write it down. Safe to repeat. Raises ProviderSilent."""
    payout = Payout.objects.get(pk=payout_id)
    if payout.listed_at is None:
        settle_payout(payout_id, gateways.hosted(payout.gateway).payout(reference=payout.reference))


def read_payouts(now: datetime | None = None, *, limit: int = 50) -> int:
    """Ask for the payouts whose rows nobody told yet. Returns how many were asked for."""
    when = now or timezone.now()
    end = time.monotonic() + ROUND
    asked = 0
    for payout in Payout.objects.filter(ask_at__lte=when).order_by("ask_at", "pk")[:limit]:
        if time.monotonic() > end:
            break
        if not _postpone(payout, now=when):
            continue
        try:
            read_payout(payout.pk)
        except (ProviderSilent, UnknownGateway):
            continue
        asked += 1
    return asked


@service
def _postpone(payout: Payout, *, now: datetime) -> bool:
    return Payout.objects.filter(pk=payout.pk, ask_at=payout.ask_at).update(ask_at=now + PAUSE) == 1


@service
def settle_payout(payout_id: int, standing: PayoutStanding, *, actor: Actor = SYSTEM) -> Payout:
    """Write down what a payout was paid out of. Written twice, it changes nothing.

    Where the rows do not add up to it, the difference is a row that nobody knows.
    """
    payout = Payout.objects.locked().get(pk=payout_id)
    if standing.is_off:
        Payout.objects.filter(pk=payout.pk).update(ask_at=None)
    if payout.listed_at is not None or not standing.is_paid:
        return payout
    when = timezone.now()
    payout.currency, payout.amount = standing.amount.currency, standing.amount.amount
    payout.arrives_on = standing.arrives_on
    rows = _match(payout, standing.entries)
    if rest := payout.amount - sum((row.amount - row.fee for row in rows), start=NOTHING):
        rows.append(PayoutRow(payout=payout, reference="rest", kind="other", amount=rest, status=Status.OPEN))
    payout.fees = sum((row.fee - (row.amount if row.kind == "fee" else NOTHING) for row in rows), start=NOTHING)
    payout.open_rows = sum(row.status == Status.OPEN for row in rows)
    payout.listed_at, payout.ask_at = when, None
    payout.save()
    PayoutRow.objects.bulk_create(rows)
    _look_after_unknown(rows)
    legs = postings.payout_legs(payout.amount, fees=payout.fees, account=payout.gateway)
    post(_posting(payout, "payout", legs, at=when), actor=actor)
    return payout


def _posting(payout: Payout, kind: str, legs: tuple[postings.Leg, ...], *more: object, at: datetime) -> Posting:
    entity = _books_of(payout)
    source = postings.source_of("payout", payout.pk, *more)
    day = open_day(entity, timezone.localdate(at))
    return Posting(kind, source, entity, payout.currency, day, legs, text=payout.reference)


def _books_of(payout: Payout) -> int:
    """Return in whose books a payout is: where most of the payments lie that it was paid out of."""
    if is_alone():
        return seller_of_money()
    rows = payout.rows.filter(payment__isnull=False)
    # By the order as well, which has an index.
    lie = LedgerTransaction.objects.filter(
        kind=LedgerTransaction.Kind.PAYMENT,
        payment__in=rows.values("payment"),
        order__in=rows.values("payment__order"),
    )
    most = lie.values("entity").annotate(payments=Count("pk")).order_by("-payments", "entity").first()
    return most["entity"] if most else seller_of_money()


def _match(payout: Payout, entries: Sequence[PayoutEntry]) -> list[PayoutRow]:
    """Say of every row what it belongs to here, in three statements."""
    named = {entry.payment for entry in entries if entry.payment}
    payments = {one.reference: one for one in Payment.objects.filter(gateway=payout.gateway, reference__in=named)}
    codes = {entry.refund for entry in entries if entry.refund}
    refunds = {one.code: one for one in Refund.objects.filter(code__in=codes).select_related("payment")}
    names = {entry.dispute for entry in entries if entry.dispute}
    asked = Dispute.objects.filter(reference__in=names, payment__gateway=payout.gateway)
    disputes = {one.reference: one for one in asked}
    rows = []
    for entry in entries:
        row = PayoutRow(
            payout=payout,
            reference=entry.reference,
            kind=str(entry.kind),
            amount=entry.amount.amount,
            fee=entry.fee.amount,
            text=entry.text[:200],
            status=Status.MATCHED,
        )
        row.payment = payments.get(entry.payment)
        row.refund, row.dispute = refunds.get(entry.refund), disputes.get(entry.dispute)
        if not _is_known(row, payout.currency):
            row.status = Status.OPEN
        rows.append(row)
    return rows


def _is_known(row: PayoutRow, currency: str) -> bool:
    """Whether a row is what we have written down, to the cent and in its currency."""
    if row.kind == PayoutKind.FEE:
        return True
    if row.kind == PayoutKind.PAYMENT and row.payment is not None:
        return row.payment.currency == currency and row.amount == row.payment.captured
    if row.kind == PayoutKind.REFUND and row.refund is not None:
        return row.refund.currency == currency and abs(row.amount) == row.refund.amount
    if row.kind == PayoutKind.DISPUTE and row.dispute is not None:
        wanted = row.dispute.taken if row.amount < 0 else row.dispute.returned
        return row.dispute.currency == currency and abs(row.amount) == wanted
    return False


def _look_after_unknown(rows: Sequence[PayoutRow]) -> None:
    """Have it asked what happened to the payments of rows that are not known: a message may have been lost."""
    keys = [row.payment.pk for row in rows if row.status == Status.OPEN and row.payment is not None]
    Payment.objects.filter(pk__in=keys).update(look_at=timezone.now())


@service
def match_payout_again(payout_id: int, *, actor: Actor) -> int:
    """Look once more what the unknown rows of a payout are. Returns how many are known by now."""
    payout = Payout.objects.locked().get(pk=payout_id)
    found = 0
    for row in payout.rows.filter(status=Status.OPEN).select_related("payment", "refund", "dispute"):
        if row.kind == PayoutKind.DISPUTE and row.dispute is None and row.payment is not None:
            taken = Q(taken=-row.amount) if row.amount < 0 else Q(returned=row.amount)
            row.dispute = Dispute.objects.filter(taken, payment=row.payment).order_by("pk").first()
        if _is_known(row, payout.currency):
            PayoutRow.objects.filter(pk=row.pk).update(status=Status.MATCHED, dispute=row.dispute)
            found += 1
    _count(payout)
    return found


def _count(payout: Payout) -> None:
    waiting = payout.rows.filter(status=Status.OPEN).count()
    Payout.objects.filter(pk=payout.pk).update(open_rows=waiting)


@service
def settle_payout_rows(payout_id: int, *, is_cost: bool, reason: str, actor: Actor) -> int:
    """Say what the unknown rows of a payout are: costs of the provider, or left out on his account. Returns how many.

    Raises AlreadyBooked where none is unknown.
    """
    payout = Payout.objects.locked().get(pk=payout_id)
    rows = list(payout.rows.filter(status=Status.OPEN).order_by("pk"))
    if not rows:
        raise AlreadyBooked(_("Every row of this payout is known"))
    ids = [row.pk for row in rows]
    status = Status.FEE if is_cost else Status.LEFT
    PayoutRow.objects.filter(pk__in=ids).update(status=status, reason=reason[:300], done_by=str(actor)[:120])
    if is_cost:
        when = timezone.now()
        legs = [postings.cost_legs(-row.amount, account=payout.gateway) for row in rows]
        post(
            *(_posting(payout, "fee", leg, "row", row.pk, at=when) for row, leg in zip(rows, legs, strict=True)),
            actor=actor,
        )
    _count(payout)
    note_change(payout, "billing.payout_rows_settled", actor=actor, after={"rows": len(rows)}, note=reason[:300])
    return len(rows)


@service
def arrive(line: BankLine, *, actor: Actor) -> None:
    """Write down that a row of a bank statement, in hand, is the payout that was proposed for it.

    Raises AlreadyBooked where another row was that before.
    """
    payout = Payout.objects.locked().get(pk=line.payout_id or 0)
    moved = Payout.objects.filter(pk=payout.pk, bank_line=None).update(bank_line=line)
    if not moved or payout.amount != line.amount:
        raise AlreadyBooked(_("Another transfer is this payout already"))
    legs = postings.arrival_legs(payout.amount)
    at = timezone.make_aware(datetime.combine(line.booked_on, datetime.min.time().replace(hour=12)))
    post(_posting(payout, "payout", legs, "arrived", at=min(at, timezone.now())), actor=actor)
    note_change(payout, "billing.payout_arrived", actor=actor)


def on_their_way(currency: str) -> list[Payout]:
    """Return the payouts that no row of a bank statement is yet, oldest first.

    Below nothing is what a provider takes from the bank, because more went back to customers than came in.
    """
    rows = Payout.objects.filter(bank_line=None, currency=currency, listed_at__isnull=False).exclude(amount=NOTHING)
    return list(rows.order_by("arrives_on", "pk")[:MOST])
