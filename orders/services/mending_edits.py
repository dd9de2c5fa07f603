"""Ways out of an exception that are edits of its order: taken at once, and never behind somebody's back."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.actors import Actor
from core.service import service
from customers.addresses import PostalAddress
from inventory import selectors as stock
from orders.changing import ChangePreview
from orders.errors import ExceptionNotOpen, MayNotChange
from orders.models import Hold, Order, OrderChange, OrderException, OrderLine
from orders.sentences import ADDRESS_CORRECTED, MISSING_CANCELLED, SENT_IN_PART, SUBSTITUTED
from orders.wishes import LineWish, NewLine, Wish

from .amending import preview_change
from .changes import amend_order
from .mending import finish, in_hand


@dataclass(frozen=True)
class Substitute:
    """What could be sent in place of missing units, how many of it are free, and what the order would be then."""

    sku: str
    name: str
    free: int
    shown: ChangePreview


def missing_lines(exception: OrderException) -> dict[OrderLine, int]:
    """Return the units that an exception is about, by line: those that were not found, else those that wait."""
    lines = OrderLine.objects.filter(order=exception.order_id).select_related("product").order_by("position")
    not_found = exception.payload.get("missing") if exception.category == "short_pick" else None
    if isinstance(not_found, Mapping):
        known = {line.sku: line for line in lines if line.open}
        return {known[sku]: min(units, known[sku].open) for sku, units in not_found.items() if sku in known}
    return {line: line.backordered for line in lines if line.backordered}


def without_missing(exception: OrderException) -> Wish | None:
    """Return the wish for an order without what is missing of it; none where nothing is, or nothing would stay."""
    missing = missing_lines(exception)
    if not missing:
        return None
    return Wish(
        lines=tuple(
            LineWish(position=line.position, quantity=line.wanted - units, may_wait=True)
            for line, units in missing.items()
        )
    )


def with_substitute(exception: OrderException, sku: str) -> Wish | None:
    """Return the wish for an order with another product in place of what is missing of one."""
    missing = missing_lines(exception)
    if len(missing) != 1:
        return None
    ((line, units),) = missing.items()
    return Wish(
        lines=(LineWish(position=line.position, quantity=line.wanted - units, may_wait=True),),
        add=(NewLine(sku=sku, quantity=units),),
    )


def substitutes_for(exception: OrderException, *, limit: int = 3) -> list[Substitute]:
    """Return what is free and like the one product that is missing, with what each would make of the order."""
    missing = missing_lines(exception)
    if len(missing) != 1 or exception.order_id is None:
        return []
    ((line, units),) = missing.items()
    found = []
    for product, free in stock.substitutes(line.product, units=units, limit=limit):
        wish = with_substitute(exception, product.sku)
        shown = preview_change(exception.order_id, wish) if wish else None
        if shown is not None and shown.is_possible:
            found.append(Substitute(product.sku, product.name_in(), free, shown))
    return found


def sent_in_part(order: Order) -> Wish | None:
    """Return the wish for an order of which some leaves at once; none where nothing is here, or nothing keeps it."""
    if not order.ship_complete or not OrderLine.objects.filter(order=order, allocated__gt=0).exists():
        return None
    return Wish(simple={"ship_complete": False})


@service
def cancel_missing(exception_id: int, *, reason: str, actor: Actor) -> OrderException:
    """Take off the order what is missing of it; what was paid for it goes back."""
    exception, order = in_hand(exception_id, with_work=True)
    _amend(order, without_missing(exception), reason=reason, actor=actor)
    return finish(exception, MISSING_CANCELLED(), actor=actor)


@service
def substitute_missing(exception_id: int, *, sku: str, actor: Actor) -> OrderException:
    """Send another product in place of what is missing."""
    exception, order = in_hand(exception_id, with_work=True)
    _amend(order, with_substitute(exception, sku), reason=str(exception.title), actor=actor)
    return finish(exception, SUBSTITUTED(sku=sku), actor=actor)


@service
def send_in_part(exception_id: int, *, actor: Actor) -> OrderException:
    """Send what is here now, and the rest when it comes."""
    exception, order = in_hand(exception_id, with_work=True)
    _amend(order, sent_in_part(order), reason=str(exception.title), actor=actor)
    return finish(exception, SENT_IN_PART(), actor=actor)


@service
def correct_address(exception_id: int, *, address: PostalAddress, actor: Actor) -> OrderException:
    """Write down where it really goes. What still is wrong with that keeps the exception open."""
    exception, order = in_hand(exception_id, with_work=True)
    _amend(order, Wish(shipping_address=address), reason=str(exception.title), actor=actor)
    held = Hold.objects.filter(pk=exception.payload.get("hold"), status=Hold.Status.ACTIVE).exists()
    return exception if held else finish(exception, ADDRESS_CORRECTED(), actor=actor)


def _amend(order: Order, wish: Wish | None, *, reason: str, actor: Actor) -> None:
    if wish is None:
        raise ExceptionNotOpen(_("Nothing of it is missing any more"))
    change = amend_order(order.pk, wish, expected_version=order.version, reason=reason[:300], actor=actor)
    if change.status != OrderChange.Status.APPLIED:
        raise MayNotChange(_("Somebody has to agree to this change; ask for it on the page of the order"))
