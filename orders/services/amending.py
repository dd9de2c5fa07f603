"""What an edit would do to an order, and the edit itself: one set of steps for both."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.inserting import insert_rows
from core.money import plain
from core.service import service
from core.updating import update_each
from customers.selectors import extra_credit
from inventory.services import Changed
from orders import guards
from orders.changing import Agreement, ChangePreview, Refusal, StockOfLine, agreed_total, agreement_of
from orders.derivation import restate
from orders.errors import UnknownOrder
from orders.models import Movement, Order, OrderCharge, OrderLine, OrderStatus
from orders.ports import Piece, work_book
from orders.selectors import WAITING
from orders.sentences import EDITED, OVER_CREDIT, OVER_LIMIT
from orders.verification.sums import OTHER_CURRENCY
from orders.wishes import Wish
from pricing import services as pricing

from .approving import why_approve_discount
from .book import FIGURES, charges_of, lines_of, touch
from .buyer import owed_by
from .cutoff import is_customer, why_not_by_customer
from .holding import time_to_pay
from .parting import part_holds, part_stock
from .promising import repromise
from .repricing import reprice
from .retying import retie
from .reworking import RELEASED, Rework, fewest_of
from .routing import equip
from .waiting import require_room_to_wait
from .wishing import prices_kept, take_wish

S = OrderStatus
SET_PRICES = ("orders.change_price", "orders:price")
APPROVES = "orders.approve_change"
ORDER_COLUMNS = (
    *("shipping_address", "billing_address", "shipping_method_id", "requested_delivery_on", "ship_complete"),
    *("purchase_order_number", "customer_note", "gift_note", "goods_key", "address_key", "reservation_id"),
    *("subtotal", "discount_total", "shipping_total", "charges_total", "tax_total", "total", "tax_breakdown"),
    *("explanation", "sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later"),
    *("payment_due_at", "stock_held_until", "taxed_on"),
)
LINE_COLUMNS = (
    *("quantity", "unit_price", "discount_total", "net_total", "tax_category", "tax_rate", "tax_total", "total"),
    *("promised_on", "allocated", "backordered", "lent", "lent_until", "cancelled"),
)
CHARGE_COLUMNS = ("code", "name", "amount", "taxes", "net_total", "tax_total", "total")


def preview_change(order_id: int, wish: Wish, *, actor: Actor = SYSTEM, at: datetime | None = None) -> ChangePreview:
    """Say what an edit would do to an order as it stands now. Nothing is written, tied or locked."""
    order = Order.objects.select_related("channel", "shipping_method", "customer").filter(pk=order_id).first()
    if order is None:
        raise UnknownOrder(f"There is no order {order_id}")
    pieces = work_book.pieces(order.pk)
    work = begin_work(order, wish, pieces=pieces, actor=actor, at=at or timezone.now())
    work_out(work, lock=False)
    return replace(preview_of(work), prices=prices_kept(work))


def agreed_now(order: Order) -> Agreement:
    """Return what is agreed of an order in hand."""
    return agreement_of(order, lines_of(order), charges_of(order))


def begin_work(
    order: Order, wish: Wish, *, pieces: Sequence[Piece], actor: Actor, at: datetime, reason: str = ""
) -> Rework:
    """Take an order with all that hangs on it. Who changes it has locked its work, and itself, before."""
    lines = list(OrderLine.objects.filter(order=order).select_related("product").order_by("position"))
    return Rework(
        order=order,
        lines=lines,
        charges=charges_of(order),
        pieces=pieces,
        wish=wish,
        actor=actor,
        at=at,
        reason=reason,
    )


def work_out(work: Rework, *, lock: bool) -> None:
    """Take every step on the objects, as far as nothing speaks against it. With `lock` the stock is changed."""
    order = work.order
    if order.status not in WAITING:
        work.refuse("", "too_late_to_change", _("It has left, or is closed"))
        return
    if is_customer(work.actor) and (why_not := why_not_by_customer(order, pieces=work.pieces, at=work.at)):
        work.refuse("", "too_late_to_change", why_not)
        return
    prices = [*(one.unit_price for one in work.wish.lines), *(one.unit_price for one in work.wish.add)]
    if any(price is not None for price in prices) and not _may_set_prices(work):
        work.refuse("/lines", "price_not_allowed", _("You may not set prices"))
        return
    equip(work.lines)
    take_wish(work)
    if work.refusals:
        return
    is_elsewhere = work.is_about_goods or work.is_another_way
    if is_elsewhere or work.is_taxed_anew:
        try:
            reprice(work, lock=lock)
        except DomainError as error:
            work.refuse_all(error, at="/lines")
        if work.refusals:
            return
        if is_elsewhere:
            retie(work, lock=lock)
        elif lock:
            part_stock(work)
        if lock and work.short:
            require_room_to_wait(work.lines, work.short, exempt=work.may_wait)
        elif work.short:
            _foresee_shortage(work)
    elif work.days_before != (order.requested_delivery_on, order.ship_complete):
        work.facts = repromise(order, work.lines, cause=EDITED, at=work.at, anew=True)
    restate(order, lines=work.lines, charges=work.charges)
    if order.status in (S.PLACED, S.VERIFIED) and order.payment_due_at is None:
        order.payment_due_at, order.stock_held_until = time_to_pay(order, at=work.at)


def preview_of(work: Rework) -> ChangePreview:
    """Return what became of an order, as it is shown."""
    order = work.order
    if work.refusals:
        return _shown(work, work.before)
    after = agreement_of(order, work.lines, work.charges)
    return _shown(
        work,
        after,
        stock=_stock_of(work),
        to_pay=max(Decimal(0), guards.payment_missing(order) - work.missing_before),
        to_refund=max(Decimal(0), max(Decimal(0), -order.balance_due) - work.over_before)
        if order.paid_total > order.refunded_total
        else Decimal(0),
        to_credit=work.to_credit,
        approval=tuple(why_approval(work)),
        used_up=tuple(work.used_up),
        uses_back=tuple(work.uses_back),
        pulled_back=tuple(_pulled_back(work)),
    )


def _shown(work: Rework, after: dict[str, Any], **more: Any) -> ChangePreview:
    return ChangePreview(
        order_number=str(work.order.number),
        version=work.order.version,
        currency=work.order.currency,
        before=work.before,
        after=after,
        refusals=tuple(work.refusals),
        fewest=fewest_of(work),
        **more,
    )


def _stock_of(work: Rework) -> tuple[StockOfLine, ...]:
    codes = {one.pk: one.code for one in pricing.warehouses()}
    stock: Changed | None = work.stock
    if stock is None:
        return ()
    return tuple(
        StockOfLine(
            position=line.position,
            places=tuple(
                (codes.get(place, ""), units)
                for (key, place), units in sorted(stock.tied.items())
                if key == line.position
            ),
            missing=line.backordered,
            given_back=sum(units for (key, _place), units in stock.given_back.items() if key == line.position),
        )
        for line in work.lines
        if line.is_goods
    )


def _pulled_back(work: Rework) -> list[str]:
    """Return the work that stops: somebody wrote it down, and there is less of it now."""
    given = work.stock.given_back if work.stock is not None else {}
    places = {(place, position) for (position, place), units in given.items() if units}
    return [
        piece.number
        for piece in work.pieces
        if piece.status == RELEASED and any((piece.warehouse_id, position) in places for position in piece.units)
    ]


def _may_set_prices(work: Rework) -> bool:
    return work.actor == SYSTEM or any(permission in work.actor.can for permission in SET_PRICES)


def _foresee_shortage(work: Rework) -> None:
    """Say beside a line that more of it is not there, where it may not wait."""
    stock = work.stock
    for line in work.lines:
        more = work.short.get(line.position, 0)
        if not more or line.product.backorder or line.position in work.may_wait or work.order.stock_lapsed:
            continue
        there = sum(pick.quantity for pick in stock.picks if pick.key == line.position) if stock else 0
        text = _("Only %(n)s more are there; let the rest wait, or take fewer") % {"n": there}
        work.refuse(_pointer(work, line), "insufficient_stock", text, position=str(line.position))


def _pointer(work: Rework, line: OrderLine) -> str:
    """Return where the quantity of a line was said; of one that was not named, that it is about the lines."""
    if line.pk is None:
        return f"/add/{[one.position for one in work.lines if one.pk is None].index(line.position)}/quantity"
    named = [one.position for one in work.wish.lines]
    return f"/lines/{named.index(line.position)}/quantity" if line.position in named else "/lines"


def why_approval(work: Rework) -> list[str]:
    """Say for which reasons somebody else has to agree; nothing where nobody has to."""
    order, actor = work.order, work.actor
    if APPROVES in actor.can or actor.kind != "staff":
        return []
    reasons = []
    moved = abs(Decimal(work.before["total"]) - agreed_total(order, work.lines))
    limit = limit_of(order, actor)
    if limit is not None and moved > limit:
        reasons.append(OVER_LIMIT(moved=_amount(order, moved), limit=_amount(order, limit)))
    prices = [*(one.unit_price for one in work.wish.lines), *(one.unit_price for one in work.wish.add)]
    is_priced = any(price is not None for price in prices)
    if is_priced and (said := why_approve_discount(order, work.lines, work.charges, actor=actor)):
        reasons.append(said)
    if said := _why_credit(work):
        reasons.append(said)
    return reasons


def _amount(order: Order, amount: Decimal) -> str:
    return f"{plain(amount, order.currency)} {order.currency}"


def limit_of(order: Order, actor: Actor) -> Decimal | None:
    """Return by how much a person may change a total on this channel: the most of their roles; None is no limit."""
    limits = order.channel.change_limits
    if not limits:
        return None
    roles = Group.objects.filter(user__username=actor.name).values_list("name", flat=True)
    mine = [limits.get(role) for role in roles]
    known = [Decimal(limit) for limit in mine if limit is not None]
    return max(known) if known and len(known) == len(mine) else None


def _why_credit(work: Rework) -> str:
    """Say by how much an edit takes a customer over the limit who was not over it by as much before.

    In a currency without a limit whatever grows waits for a person, as the order did before it was confirmed.
    """
    order, customer = work.order, work.order.customer
    grown = order.balance_due - Decimal(work.before["balance_due"])
    if order.payment_terms not in guards.ON_CREDIT or customer is None or customer.credit_limit is None or grown <= 0:
        return ""
    if customer.currency != order.currency:
        return OTHER_CURRENCY(limit_currency=customer.currency, currency=order.currency)
    over = owed_by(customer) + grown - customer.credit_limit - extra_credit(customer)
    return OVER_CREDIT(over=_amount(order, over)) if over > 0 else ""


@service
def write_work(work: Rework) -> None:
    """Write down what became of an order in hand: its lines and charges, then itself as another version."""
    order, lines = work.order, work.lines
    known = [line for line in lines if line.pk is not None]
    new = [line for line in lines if line.pk is None]
    update_each(
        OrderLine, LINE_COLUMNS, [[line.pk, *(getattr(line, name) for name in LINE_COLUMNS)] for line in known]
    )
    insert_rows(new)
    OrderCharge.objects.filter(pk__in=[one.pk for one in work.dropped if one.pk]).delete()
    kept = [one for one in work.charges if one.pk is not None]
    update_each(
        OrderCharge, CHARGE_COLUMNS, [[one.pk, *(getattr(one, name) for name in CHARGE_COLUMNS)] for one in kept]
    )
    insert_rows([one for one in work.charges if one.pk is None])
    by_position = {line.position: line for line in lines}
    parted = {by_position[position].pk: line.pk for position, line in work.parted.items()}
    work_book.part(order.pk, parted)
    part_holds(parted)
    Movement.objects.bulk_create(
        Movement(line=by_position[position], kind=Movement.Kind.CANCELLED, quantity=units, at=work.at)
        for position, units in work.cancelled.items()
    )
    touch(order, **{name: getattr(order, name) for name in (*ORDER_COLUMNS, *FIGURES)})


def refusal_of(work: Rework) -> tuple[str, list[Refusal]]:
    """Return the first reason against an edit, and all of them."""
    return work.refusals[0]["detail"], work.refusals
