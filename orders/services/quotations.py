"""Quotations: drafts that are offered to their customer until a day, and accepted, or lapse."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from core import bell, seat
from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.models import EventRecord, User
from core.money import plain, round_amount
from core.outbox import emit
from core.service import note_change, service
from core.transitions import advance
from orders import guards
from orders.errors import InvalidOrder, NotADraft, NothingToPay, QuotationLapsed, StaleOrder
from orders.events import PaymentRequested, QuotationOffered
from orders.inputs import OrderInput
from orders.models import Draft, Order, OrderLine, OrderStatus
from orders.sentences import NOT_ACCEPTED_IN_TIME
from pricing import services as pricing

from .approving import why_approve_discount
from .book import charges_of, take_order
from .drafts import close_draft, park_draft, place_draft, take_offer
from .placement import take_uses

USUAL_DAYS = 14
LONGEST_DAYS = 366
WANTED_ANEW = "orders.quotation_wanted"
UNPAID = (OrderStatus.PLACED, OrderStatus.VERIFIED)


@dataclass(frozen=True)
class Deposit:
    """What is paid before an order is confirmed: a share of its total in percent, or an amount."""

    percent: Decimal | None = None
    amount: Decimal = Decimal(0)


def _deposit_of(order: Order, deposit: Deposit | None) -> Decimal:
    if deposit is None:
        return Decimal(0)
    if order.payment_terms == guards.PREPAID:
        raise _invalid("deposit", "prepaid", "All of it is paid in advance; a deposit is asked for on account only")
    wanted = deposit.amount if deposit.percent is None else order.total * deposit.percent / 100
    wanted = round_amount(wanted, order.currency)
    if not 0 < wanted <= order.total:
        raise _invalid("deposit", "invalid_amount", "A deposit is more than nothing, and no more than the total")
    return wanted


@service
def offer_draft(order_id: int, *, valid_until: date, deposit: Deposit | None = None, actor: Actor) -> Order:
    """Offer a draft to its customer, at the prices it shows, until a day: a mail lets them read and accept it.

    A `deposit` is asked for as soon as it is accepted, and the order is confirmed when that is paid. Stock is not kept
    for an offer; what is missing when it is accepted follows later.
    """
    order, draft = take_offer(order_id)
    now = timezone.now()
    today = seat.day_of(now)
    if not today <= valid_until <= today + timedelta(days=LONGEST_DAYS):
        raise _invalid("valid_until", "invalid_day", "A quotation is valid from today on, for a year at most")
    lines = list(OrderLine.objects.filter(order=order).select_related("product"))
    if not order.email:
        raise _invalid("email", "required", "A quotation goes out by mail; the customer has no address")
    if not lines:
        raise _invalid("lines", "required", "An order has at least one line")
    if not order.shipping_address and not (order.shipping_method and order.shipping_method.pickup):
        raise _invalid("shipping_address", "required", "No address to send it to")
    if reason := why_approve_discount(order, lines, charges_of(order), actor=actor):
        raise _invalid("discount", "needs_approval", reason)
    # What is offered is kept for whom it is offered to, until it lapses.
    take_uses(order, at=now)
    before = {"valid_until": draft.valid_until}
    draft.valid_until, draft.offered_at = valid_until, now
    draft.save(update_fields=["valid_until", "offered_at"])
    after: dict[str, Any] = {"valid_until": valid_until}
    wanted = _deposit_of(order, deposit)
    if wanted != order.deposit_total:
        after["deposit"] = f"{plain(wanted, order.currency)} {order.currency}"
    if before["valid_until"] and (before["valid_until"] != valid_until or "deposit" in after):
        # Another offer than the one that was read: its link accepts nothing any more, and a letter brings the new one.
        order.version += 1
    order.deposit_total = wanted
    order.save(update_fields=["deposit_total", "version"])
    note_change(order, "orders.draft_offered", actor=actor, before=before, after=after)
    emit(QuotationOffered(order_id=order.pk, version=order.version, offered_on=today.isoformat()), actor=actor)
    return order


@service
def offer_typed(
    given: OrderInput,
    *,
    token: UUID,
    typed: Mapping[str, Any],
    expected_version: int | None,
    valid_until: date,
    deposit: Deposit | None = None,
    actor: Actor,
) -> Order:
    """Keep what a page has put together, and offer it to the customer. Raises what the two raise."""
    draft = park_draft(given, token=token, typed=typed, expected_version=expected_version, actor=actor)
    return offer_draft(draft.pk, valid_until=valid_until, deposit=deposit, actor=actor)


@service
def accept_quotation(order_id: int, *, version: int, actor: Actor) -> Order:
    """Place the order that its customer read and accepts; what they read is what they get.

    Units that are gone meanwhile follow later: we offered them. Raises NotADraft, QuotationLapsed, and
    StaleOrder when it says something else now.
    """
    order, draft = take_offer(order_id)
    if draft.valid_until is None:
        raise QuotationLapsed(f"{order} is no offer any more")
    if order.version != version:
        raise StaleOrder(f"{order} was changed meanwhile; read it again", version=order.version)
    return place_draft(order_id, allow_shortage=True, actor=actor)


@service
def ask_for_new_quotation(order_id: int, *, actor: Actor) -> bool:
    """Tell whoever made a quotation that its customer wants it anew, once. Returns whether it was.

    Raises NotADraft for what is no quotation that lapsed.
    """
    order = take_order(order_id)
    if not has_lapsed(order, Draft.objects.filter(order=order).first()):
        raise NotADraft(f"{order} is no quotation that is over", status=order.status)
    if EventRecord.objects.filter(thread=order.history_thread(), name=WANTED_ANEW).exists():
        return False
    note_change(order, WANTED_ANEW, actor=actor)
    kind, _colon, name = Draft.objects.values_list("changed_by", flat=True).get(order=order).partition(":")
    makers = (
        User.objects.filter(username=name, is_active=True, is_staff=True) if kind == "staff" else User.objects.none()
    )
    bell.tell(makers, kind="quotation_wanted", record=order, author=order.customer_name or str(actor))
    return True


def has_lapsed(order: Order, draft: Draft | None) -> bool:
    """Whether an order is a quotation whose last day is over."""
    if draft is None or draft.valid_until is None or order.placed_at is not None:
        return False
    return order.status in (OrderStatus.DRAFT, OrderStatus.EXPIRED) and draft.valid_until < seat.today()


@service
def lapse_draft(order_id: int, *, at: datetime, actor: Actor = SYSTEM) -> bool:
    """Let a quotation lapse whose last day is over. Returns whether it did."""
    order, draft = take_offer(order_id)
    if draft.valid_until is None or draft.valid_until >= seat.day_of(at):
        return False
    order.cancelled_total, order.balance_due = order.total, Decimal(0)
    order.cancelled_at = at
    advance(order, "lapse", actor=actor, note=NOT_ACCEPTED_IN_TIME(), at=at)
    pricing.give_back(str(order.number), at=at)
    close_draft(order)
    return True


def lapse_drafts(now: datetime | None = None, *, limit: int = 500) -> int:
    """Let every quotation lapse that nobody accepted in time, each in a transaction of its own. Returns how many."""
    when = now or timezone.now()
    due = Draft.objects.filter(open=True, valid_until__lt=seat.day_of(when)).order_by("valid_until", "pk")
    lapsed = 0
    for pk in list(due.values_list("order", flat=True)[:limit]):
        try:
            lapsed += lapse_draft(pk, at=when)
        except DomainError:
            # Accepted or discarded a moment ago: it is closed by whoever did that.
            continue
    return lapsed


@service
def request_payment(order_id: int, *, actor: Actor) -> Order:
    """Ask the customer to pay, by a mail with the link to their order. Raises NothingToPay."""
    order = take_order(order_id)
    if order.status not in UNPAID or not guards.payment_missing(order):
        raise NothingToPay(f"{order} waits for no payment", status=order.status)
    if not order.email:
        raise _invalid("email", "required", "The link goes out by mail; the customer has no address")
    emit(PaymentRequested(order_id=order.pk, asked_at=timezone.now().isoformat()), actor=actor)
    return order


def _invalid(name: str, code: str, detail: str) -> InvalidOrder:
    return InvalidOrder(detail, errors=[{"pointer": f"/{name}", "code": code, "detail": detail}])
