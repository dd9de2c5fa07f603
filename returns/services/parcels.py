"""A parcel that never arrived: what was in it is sent again, or its money goes back; what came back is put away."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing import selectors as billing_selectors
from billing import services as billing
from billing.models import CreditNote
from core.actors import SYSTEM, Actor
from core.money import Money, plain
from core.service import service
from customers.addresses import PostalAddress
from fulfillment import services as fulfillment
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.selectors import NEVER_ARRIVED
from inventory import services as inventory
from orders import services as orders
from orders.models import Order, OrderException, OrderLine
from returns.decisions import STOCK
from returns.errors import ParcelElsewhere, PlaceMissing
from returns.models import ReturnLine, ReturnRequest
from returns.sentences import ARRIVED_TWICE, CREDITED, MONEY_BACK, SENT_AGAIN

from .through import return_through

Status = Shipment.Status
CAME_BACK = Status.RETURNED_TO_SENDER
ON_ITS_WAY = (
    Status.LABEL_PENDING,
    Status.READY,
    Status.IN_TRANSIT,
    Status.OUT_FOR_DELIVERY,
    Status.DELIVERY_FAILED,
)


@dataclass(frozen=True)
class Back:
    """Where goods are that came back, and what becomes of them there."""

    warehouse_id: int
    disposition: str = ReturnLine.Disposition.RESTOCK


@dataclass(frozen=True)
class Refunding:
    """What refunding a parcel means: what is credited, and how much of that goes back as money."""

    credit: Decimal
    money: Decimal


def units_in(parcel: Shipment) -> dict[int, int]:
    """Return what is in a parcel, by order line."""
    return dict(ShipmentLine.objects.filter(shipment=parcel).values_list("order_line", "quantity"))


def is_settled(parcel: Shipment) -> bool:
    """Whether what was in a parcel was sent again, or its money went back."""
    if orders.replacement_of(parcel.order_id, str(parcel.number)) is not None:
        return True
    if CreditNote.objects.filter(order=parcel.order_id, reference=_reference(parcel)).exists():
        return True
    return ReturnRequest.objects.filter(order=parcel.order_id, parcel=parcel.number).exists()


def holds_all(parcel: Shipment) -> bool:
    """Whether all goods of its order are in a parcel: then nothing was delivered for what delivery costs."""
    lines = OrderLine.objects.filter(order=parcel.order_id)
    inside = units_in(parcel)
    return all(inside.get(line.pk, 0) >= line.wanted for line in lines)


def refunding(parcel: Shipment, *, with_charges: bool) -> Refunding:
    """Return what refunding a parcel would give. Raises CreditExceedsInvoice where it is not invoiced."""
    credit = billing.preview_credit(parcel.order, units_in(parcel), with_charges=with_charges)
    return Refunding(credit, billing_selectors.refund_due(parcel.order, credit, is_drafted=False))


@service
def send_parcel_again(
    exception_id: int, *, to: PostalAddress | None = None, back: Back | None = None, actor: Actor
) -> OrderException:
    """Send what was in a parcel once more, as an order at no charge; what came back is put away first.

    Raises ParcelElsewhere, PlaceMissing and SentAgainAlready.
    """
    parcel, exception, order = _take(exception_id, back)
    units = units_in(parcel)
    if parcel.status == CAME_BACK and back is not None:
        # Two shelves are locked in one transaction: what came back is among what goes out again. A deadlock with
        # somebody who wants both is broken by the database, and all of it is tried again.
        _put_away(units, back, reference=str(parcel.number), actor=actor)
    placed = orders.send_units_again(order.pk, units=units, reference=str(parcel.number), to=to, actor=actor)
    _await_no_longer(order, actor=actor)
    return orders.finish(exception, SENT_AGAIN(order=placed), actor=actor)


@service
def refund_parcel(
    exception_id: int, *, with_charges: bool = False, back: Back | None = None, actor: Actor
) -> OrderException:
    """Give the money back for what was in a parcel; what came back is returned like any other goods.

    Raises ParcelElsewhere, PlaceMissing, and what crediting and refunding raise.
    """
    parcel, exception, order = _take(exception_id, back)
    units = units_in(parcel)
    with translation.override(order.language):
        words = _("Parcel %(parcel)s came back") if parcel.status == CAME_BACK else _("Parcel %(parcel)s was lost")
        reason = words % {"parcel": parcel.number}
    if back is not None:
        returned = return_through(
            order.pk,
            quantities=units,
            warehouse_id=back.warehouse_id,
            reason=reason,
            parcel=str(parcel.number),
            disposition=back.disposition,
            with_charges=with_charges,
            actor=actor,
            at=timezone.now(),
        )
        money = returned.refund_total
    else:
        money = _refund(parcel, order, units, reason=reason, with_charges=with_charges, actor=actor)
    _await_no_longer(order, actor=actor)
    said = MONEY_BACK(amount=f"{plain(money, order.currency)} {order.currency}") if money else CREDITED()
    return orders.finish(exception, said, actor=actor)


@service
def tell_of_parcel_after_all(shipment_id: int) -> None:
    """Put before a person that a parcel arrived whose goods were sent again, or paid back."""
    parcel = Shipment.objects.select_related("order").get(pk=shipment_id)
    if not is_settled(parcel):
        return
    orders.open_exception(
        category="parcel_arrived_twice",
        title=ARRIVED_TWICE(parcel=parcel.number),
        dedupe_key=f"shipment:{parcel.number}:arrived-twice",
        order_id=parcel.order_id,
        payload={"shipment": str(parcel.number)},
        actor=SYSTEM,
    )


def _take(exception_id: int, back: Back | None) -> tuple[Shipment, OrderException, Order]:
    """Lock the parcel, then its order, and see that both are as somebody saw them."""
    parcel = fulfillment.take_parcel_of(exception_id)
    exception, order = orders.in_hand(exception_id)
    if parcel.status not in NEVER_ARRIVED:
        state = str(parcel.get_status_display())  # type: ignore[attr-defined]
        words = {"parcel": parcel.number, "state": state.lower()}
        raise ParcelElsewhere(_("Parcel %(parcel)s is %(state)s by now") % words)
    if is_settled(parcel):
        raise ParcelElsewhere(_("Parcel %(parcel)s is settled already") % {"parcel": parcel.number})
    if (parcel.status == CAME_BACK) != (back is not None):
        raise PlaceMissing(_("Say where the goods are that came back"))
    parcel.order = order
    return parcel, exception, order


def _refund(
    parcel: Shipment, order: Order, units: dict[int, int], *, reason: str, with_charges: bool, actor: Actor
) -> Decimal:
    """Credit what was lost, and ask for the money that is no longer owed. Returns how much that is."""
    reference = _reference(parcel)
    notes = billing.credit_return(
        order.pk, quantities=units, reference=reference, reason=reason, with_charges=with_charges, actor=actor
    )
    due = billing_selectors.refund_due(order, sum((note.total for note in notes), start=Decimal(0)))
    if due:
        billing.request_refund(
            order.pk,
            amount=Money(due, order.currency),
            reference=reference,
            reason=reason,
            credit_note_id=notes[0].pk if len(notes) == 1 else None,
            actor=actor,
        )
    return due


def _put_away(units: dict[int, int], back: Back, *, reference: str, actor: Actor) -> None:
    pieces: dict[int, int] = defaultdict(int)
    for line in OrderLine.objects.filter(pk__in=units).select_related("product"):
        if line.product.needs_stock:
            for product, per in line.made_of or ((line.product_id, 1),):
                pieces[product] += per * units[line.pk]
    disposition = STOCK.get(back.disposition)
    if pieces and disposition:
        inventory.restock(
            warehouse_id=back.warehouse_id,
            units=dict(pieces),
            disposition=disposition,
            reference=reference,
            actor=actor,
        )


@service
def _await_no_longer(order: Order, *, actor: Actor) -> None:
    """Wait for word of no parcel any more where none of the order is on its way."""
    if not Shipment.objects.filter(order=order, status__in=ON_ITS_WAY).exists():
        orders.await_no_longer(order.pk, actor=actor)


def _reference(parcel: Shipment) -> str:
    return f"lost-{parcel.number}"
