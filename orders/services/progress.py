"""What the floors above report: each locks the order, writes its lines and figures once, and says what happened.

`at` is when it really happened, for history that is told afterwards.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from core.actors import Actor
from core.errors import Conflict
from core.outbox import emit
from core.service import service
from orders import guards, selectors
from orders.derivation import cancelled_worth, restate
from orders.events import GoodsDelivered, GoodsShipped
from orders.models import Movement, Order, OrderException, OrderStatus
from orders.sentences import LATE_MONEY, MONEY_GONE, MONEY_WENT_BACK
from pricing.models import Channel

from .asking import UNDER_WAY, ask_for_more
from .book import charges_of, invoice_charges, lines_of, move_units, note_units, take_order, write_units
from .crediting import tell_credit_moved
from .exceptions import close_exceptions, open_exception
from .holds import lift_holds
from .settlement import settle
from .supply import refuse_old_rates

Kind = Movement.Kind


@service
def record_release(order_id: int, *, actor: Actor, at: datetime | None = None) -> Order:
    """Note that work started in a warehouse; the second warehouse changes nothing."""
    order = take_order(order_id)
    if order.status == OrderStatus.FULFILLING:
        return order
    settle(order, "release", actor=actor, at=at or timezone.now())
    return order


@service
def record_shipment(
    order_id: int, *, reference: str, quantities: Mapping[int, int], actor: Actor, at: datetime | None = None
) -> Order:
    """Note that units left the building, or that a service was rendered; when nothing is open, it is fulfilled.

    Raises OldTaxRate where a rate changed and nobody has decided by which one they are invoiced.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    if order.status != OrderStatus.FULFILLING:
        raise Conflict(f"{order} is not being fulfilled: {order.get_status_display()}", status=order.status)
    lines = lines_of(order)
    refuse_old_rates(order, lines, quantities, at=when)
    move_units(lines, Kind.SHIPPED, quantities, reference=reference, at=when)
    restate(order, lines=lines)
    order.shipped_at = when
    emit(GoodsShipped(order_id=order.pk, reference=reference, quiet=order.quiet), actor=actor, at=when)
    settle(order, actor=actor, at=when)
    return order


@service
def record_delivery(
    order_id: int, *, reference: str, quantities: Mapping[int, int], actor: Actor, at: datetime | None = None
) -> Order:
    """Note that units arrived; then the order completes if nothing else is open."""
    when = at or timezone.now()
    order = take_order(order_id)
    lines = lines_of(order)
    move_units(lines, Kind.DELIVERED, quantities, reference=reference, at=when)
    restate(order, lines=lines)
    if order.fulfillment_status == Order.Fulfillment.DELIVERED:
        order.delivered_at = when
    emit(GoodsDelivered(order_id=order.pk, reference=reference, quiet=order.quiet), actor=actor, at=when)
    settle(order, actor=actor, at=when)
    return order


@service
def record_passage(
    order_id: int,
    *,
    left: Mapping[str, Mapping[int, int]],
    arrived: Mapping[str, datetime],
    left_at: datetime,
    actor: Actor,
) -> Order:
    """Note at once what is told afterwards: work began, parcels left, and some of them arrived.

    `left` maps references to units by line id; `arrived` says which of them arrived, and when.
    The same as record_release, record_shipment and record_delivery one after the other, in fewer statements; what
    has left before today is a fact, and refused for no rate.
    """
    order = take_order(order_id)
    if order.status not in (OrderStatus.CONFIRMED, OrderStatus.FULFILLING):
        raise Conflict(f"{order} is not being fulfilled: {order.get_status_display()}", status=order.status)
    lines = lines_of(order)
    if timezone.localdate(left_at) >= timezone.localdate():
        for units in left.values():
            refuse_old_rates(order, lines, units, at=left_at)
    quiet, tied = order.quiet, order.allocation_status
    noted: list[Movement] = []
    for reference, units in left.items():
        noted += note_units(lines, Kind.SHIPPED, units, reference=reference, at=left_at)
        emit(GoodsShipped(order_id=order.pk, reference=reference, quiet=quiet), actor=actor, at=left_at)
    order.shipped_at = left_at
    steps = ["release"] if order.status == OrderStatus.CONFIRMED else []
    there = max(arrived.values(), default=left_at)
    restate(order, lines=lines)
    if there != left_at or (steps and order.why_not("release")):
        # Two days are written with their own dates; and work began while its units were still tied.
        order.allocation_status = tied
        settle(order, *steps, actor=actor, at=left_at)
        steps = []
    for reference, at in arrived.items():
        noted += note_units(lines, Kind.DELIVERED, left[reference], reference=reference, at=at)
        emit(GoodsDelivered(order_id=order.pk, reference=reference, quiet=quiet), actor=actor, at=at)
    write_units(noted)
    restate(order, lines=lines)
    if order.fulfillment_status == Order.Fulfillment.DELIVERED:
        order.delivered_at = there
    settle(order, *steps, actor=actor, at=there)
    return order


@service
def record_payment(
    order_id: int,
    *,
    authorized: Decimal,
    paid: Decimal,
    refunded: Decimal,
    overdrawn: Decimal = Decimal(0),
    actor: Actor,
    at: datetime | None = None,
) -> Order:
    """Note how the money stands: what is held and not yet taken, what was taken, what went back, each in all.

    `overdrawn` is what of the latter went back beyond what was taken, by a mistake of the provider.

    Lifts the holds that wait for money, then settles: verify, confirm, complete as far as the guards allow. Where
    money is gone again for which an order under way was let go on, nothing more of it leaves. Money for an order that
    is over is an exception until all of it went back.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    came_in = paid > order.paid_total or authorized > order.authorized_total
    taken, missing = paid > order.paid_total, guards.payment_missing(order)
    order.authorized_total, order.paid_total = authorized, paid
    order.refunded_total, order.overdrawn_total = refunded, overdrawn
    restate(order)
    if order.active_holds and not guards.payment_missing(order):
        lift_holds(order, because="paid", actor=actor, at=when)
    elif not order.quiet and guards.payment_missing(order) > missing and not (taken and _by_parcel(order)):
        ask_for_more(order, reason=MONEY_GONE, actor=actor, at=when)
    settle(order, actor=actor, at=when)
    tell_credit_moved(order, actor=actor, at=when)
    if came_in and order.status in selectors.GONE:
        open_exception(
            category="payment",
            title=LATE_MONEY(order=order),
            dedupe_key=f"late-payment:{order.pk}",
            order_id=order.pk,
            at=when,
        )
    elif order.status in selectors.GONE and order.open_exceptions and paid <= refunded:
        late = OrderException.objects.filter(order=order, dedupe_key=f"late-payment:{order.pk}")
        close_exceptions(late.values_list("pk", flat=True), resolution=MONEY_WENT_BACK(), actor=actor, at=when)
    return order


def _wait_no_more(order: Order, *, actor: Actor, at: datetime) -> None:
    """Let an order under way go on of which less is owed now, where nothing is missing any more."""
    if order.active_holds and order.status in UNDER_WAY and not guards.payment_missing(order):
        lift_holds(order, because="paid", actor=actor, at=at)


def _by_parcel(order: Order) -> bool:
    """Whether the house itself lets go of the rest of a hold with the first parcel, and is paid later for others."""
    return order.channel.capture_policy != Channel.CapturePolicy.FIRST_PARCEL


@service
def record_write_off(order_id: int, *, written_off: Decimal, actor: Actor, at: datetime | None = None) -> Order:
    """Note what of its invoices nobody expects any more, in all; then the order settles as far as the guards allow."""
    when = at or timezone.now()
    order = take_order(order_id)
    order.written_off_total = written_off
    restate(order)
    _wait_no_more(order, actor=actor, at=when)
    settle(order, actor=actor, at=when)
    tell_credit_moved(order, actor=actor, at=when)
    return order


@service
def record_invoice(
    order_id: int,
    *,
    reference: str,
    quantities: Mapping[int, int],
    charges: Iterable[int] = (),
    total: Decimal,
    actor: Actor,
    at: datetime | None = None,
) -> Order:
    """Note what an invoice bills: units by line id, charges by their position, and its total."""
    when = at or timezone.now()
    order = take_order(order_id)
    lines, all_charges = lines_of(order), charges_of(order)
    move_units(lines, Kind.INVOICED, quantities, reference=reference, at=when)
    invoice_charges(all_charges, charges)
    order.invoiced_total += total
    if any(line.cancelled for line in lines):
        order.cancelled_total = cancelled_worth(order, lines, all_charges)
    restate(order, lines=lines, charges=all_charges)
    settle(order, actor=actor, at=when)
    return order


@service
def record_credit(
    order_id: int,
    *,
    reference: str,
    quantities: Mapping[int, int],
    total: Decimal,
    actor: Actor,
    at: datetime | None = None,
) -> Order:
    """Note what a credit note takes back: units by line id, if any, and its total."""
    when = at or timezone.now()
    order = take_order(order_id)
    if quantities:
        move_units(lines_of(order), Kind.CREDITED, quantities, reference=reference, at=when)
    order.credited_total += total
    restate(order)
    _wait_no_more(order, actor=actor, at=when)
    settle(order, actor=actor, at=when)
    tell_credit_moved(order, actor=actor, at=when)
    return order


@service
def record_billed_again(
    order_id: int,
    *,
    reference: str,
    quantities: Mapping[int, int],
    total: Decimal,
    actor: Actor,
    at: datetime | None = None,
) -> Order:
    """Note that what a credit note took back is on another invoice: units by line id, and its total.

    It counts as if it had never been taken back.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    if quantities:
        back = {line: -units for line, units in quantities.items()}
        move_units(lines_of(order), Kind.CREDITED, back, reference=reference, at=when)
    order.credited_total -= total
    restate(order)
    settle(order, actor=actor, at=when)
    return order


@service
def record_return_request(
    order_id: int,
    *,
    open_returns_delta: int = 0,
    authorized: Mapping[int, int] | None = None,
    returned: Mapping[int, int] | None = None,
    reference: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> Order:
    """Note that a return was opened or closed, and which units may come back or did.

    `authorized` may be negative: what will not come back after all is free to be claimed again.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    lines = lines_of(order)
    move_units(lines, Kind.RETURN_AUTHORIZED, authorized or {}, reference=reference, at=when)
    move_units(lines, Kind.RETURNED, returned or {}, reference=reference, at=when)
    order.open_returns = max(0, order.open_returns + open_returns_delta)
    restate(order, lines=lines)
    settle(order, actor=actor, at=when)
    return order
