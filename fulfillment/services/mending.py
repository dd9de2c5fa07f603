"""What a warehouse and its carriers can do about exceptions, and how they see that a cause is gone."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django_fsm import can_proceed

from core.actors import Actor
from core.service import service
from fulfillment.errors import NotPlanned
from fulfillment.models import FulfillmentOrder, Shipment
from fulfillment.sentences import ARRIVED_AFTER_ALL, COMES_FROM, NOT_FOUND, PART_FROM, SENT_FROM
from inventory import services as inventory
from orders import categories
from orders import services as orders
from orders.models import OrderException
from orders.services import Alternative

from .picking import SHORT_PICK
from .rerouting import missing_units, reroute_fulfillment, ways_elsewhere
from .splitting import split_fulfillment
from .tracking import HERE, deliver_shipment
from .work import lines_of

Status = FulfillmentOrder.Status
PARCEL_TROUBLE = ("parcel_delivery_failed", "parcel_returned_to_sender", "parcel_lost")
# So many pieces of work of one order are looked at for another place.
MOST_WORKS = 5
NOT_FETCHED = (Status.PLANNED, Status.RELEASED, Status.PICKING)


def way_out(exception: OrderException) -> tuple[FulfillmentOrder, Alternative] | None:
    """Return planned work that an exception is about, and the best place to send it from instead.

    What is late helps only a place from which it arrives earlier.
    """
    for work, ways in _ways(exception):
        possible = [way for way in ways if way.is_possible]
        if exception.category != SHORT_PICK:
            possible = [way for way in possible if way.arrives_on and way.now_on and way.arrives_on < way.now_on]
        if possible:
            return work, possible[0]
    return None


def way_out_in_part(exception: OrderException) -> tuple[FulfillmentOrder, Alternative] | None:
    """Return planned work that an exception is about, and the place that can send most of it where none has all."""
    for work, ways in _ways(exception):
        if any(way.is_possible for way in ways):
            return None
        if partly := [way for way in ways if way.helps_in_part]:
            return work, max(partly, key=lambda way: sum(way.gives.values()))
    return None


def _ways(exception: OrderException) -> Iterator[tuple[FulfillmentOrder, list[Alternative]]]:
    rows = FulfillmentOrder.objects.filter(order=exception.order_id, status=Status.PLANNED, kind="goods")
    if rest := exception.payload.get("rest"):
        rows = rows.filter(number=rest)
    rows = rows.select_related("order__channel", "order__shipping_method", "warehouse").order_by("pk")
    for work in rows[:MOST_WORKS]:
        yield work, ways_elsewhere(work)


@service
def reroute_for_exception(exception_id: int, *, actor: Actor) -> OrderException:
    """Send what is missing from the best other place. Raises NotPlanned where there is none any more."""
    exception, _its_order = orders.in_hand(exception_id, with_work=True)
    found = way_out(exception)
    if found is None:
        raise NotPlanned(_("No other place can send it any more"))
    work, way = found
    reroute_fulfillment(work.pk, warehouse_id=way.warehouse.pk, reason=str(exception.title)[:300], actor=actor)
    words = SENT_FROM if exception.category == SHORT_PICK else COMES_FROM
    return orders.finish(exception, words(place=way.warehouse.name), actor=actor)


@service
def reroute_part_for_exception(exception_id: int, *, actor: Actor) -> OrderException:
    """Send what another place has of units that were not found; for the rest somebody is still asked.

    Raises NotPlanned where there is none any more.
    """
    exception, _its_order = orders.in_hand(exception_id, with_work=True)
    found = way_out_in_part(exception)
    if found is None:
        raise NotPlanned(_("No other place can send it any more"))
    work, way = found
    lines = {line.order_line.position: line.order_line for line in lines_of(work)}
    given = {lines[position]: units for position, units in way.gives.items() if units}
    reason, source = str(exception.title)[:300], work.warehouse_id
    moving = {line.pk: units for line, units in given.items()}
    moved = split_fulfillment(work.pk, units=moving, reason=reason, actor=actor)
    reroute_fulfillment(moved.pk, warehouse_id=way.warehouse.pk, reason=reason, actor=actor)
    if source is not None:
        inventory.count_missing(warehouse_id=source, missing=missing_units(lines_of(moved), {}), actor=actor)
    missing = dict(exception.payload.get("missing", {}))
    for line, units in given.items():
        missing[line.sku] = missing.get(line.sku, 0) - units
    missing = {sku: units for sku, units in missing.items() if units > 0}
    left = ", ".join(f"{units} × {sku}" for sku, units in missing.items())
    sent = ", ".join(f"{units} × {line.sku}" for line, units in given.items())
    return orders.narrow_exception(
        exception,
        title=NOT_FOUND(units=left, warehouse=work.warehouse.code if work.warehouse else ""),
        payload={**exception.payload, "missing": missing},
        solved=PART_FROM(units=sent, place=way.warehouse.name),
        actor=actor,
    )


def may_arrive(parcel: Shipment) -> bool:
    """Whether a parcel can still be said to have arrived."""
    return can_proceed(parcel.deliver)


@service
def count_as_arrived(exception_id: int, *, actor: Actor) -> OrderException:
    """Believe whoever says that a parcel arrived after all."""
    parcel = take_parcel_of(exception_id)
    exception, _its_order = orders.in_hand(exception_id)
    deliver_shipment(parcel.pk, note=ARRIVED_AFTER_ALL(), actor=actor)
    return orders.finish(exception, ARRIVED_AFTER_ALL(), actor=actor)


@service
def take_parcel_of(exception_id: int) -> Shipment:
    """Lock the parcel that an exception is about: before its order, as whoever hears from the carrier does."""
    exception = OrderException.objects.get(pk=exception_id)
    return Shipment.objects.locked().get(number=exception.payload.get("shipment", ""))


@categories.over(SHORT_PICK)
def fetched_after_all(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose missing units were fetched, or are not wanted any more."""
    rest = {one.payload.get("rest", ""): one.pk for one in exceptions}
    open_work = FulfillmentOrder.objects.filter(number__in=rest, status__in=NOT_FETCHED)
    still = {str(number) for number in open_work.values_list("number", flat=True)}
    return {pk for number, pk in rest.items() if number and number not in still}


@categories.over("parcel_not_shipped")
def shipped_after_all(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose parcel we know to have left by now."""
    numbers = {one.pk: one.payload.get("shipment", "") for one in exceptions}
    here = Shipment.objects.filter(number__in=set(numbers.values()), status__in=HERE)
    still = set(here.values_list("number", flat=True))
    return {pk for pk, number in numbers.items() if number not in still}


@categories.over(*PARCEL_TROUBLE)
def on_its_way_again(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose parcel stands elsewhere by now."""
    numbers = {one.pk: one.payload.get("shipment", "") for one in exceptions}
    found = Shipment.objects.filter(number__in=set(numbers.values())).values_list("number", "status")
    state = {str(number): f"parcel_{status}" for number, status in found}
    return {one.pk for one in exceptions if numbers[one.pk] in state and state[numbers[one.pk]] != one.category}
