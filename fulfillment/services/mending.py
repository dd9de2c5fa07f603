"""What a warehouse and its carriers can do about exceptions, and how they see that a cause is gone."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django_fsm import can_proceed

from core.actors import Actor
from core.service import service
from fulfillment.errors import NotPlanned
from fulfillment.models import FulfillmentOrder, Shipment
from fulfillment.sentences import ARRIVED_AFTER_ALL, COMES_FROM, SENT_FROM
from orders import categories
from orders import services as orders
from orders.models import OrderException
from orders.services import Alternative

from .picking import SHORT_PICK
from .rerouting import reroute_fulfillment, ways_elsewhere
from .tracking import HERE, deliver_shipment

Status = FulfillmentOrder.Status
PARCEL_TROUBLE = ("parcel_delivery_failed", "parcel_returned_to_sender", "parcel_lost")
# So many pieces of work of one order are looked at for another place.
MOST_WORKS = 5
NOT_FETCHED = (Status.PLANNED, Status.RELEASED, Status.PICKING)


def way_out(exception: OrderException) -> tuple[FulfillmentOrder, Alternative] | None:
    """Return planned work that an exception is about, and the best place to send it from instead.

    What is late helps only a place from which it arrives earlier.
    """
    rows = FulfillmentOrder.objects.filter(order=exception.order_id, status=Status.PLANNED, kind="goods")
    if rest := exception.payload.get("rest"):
        rows = rows.filter(number=rest)
    for work in rows.select_related("order__channel", "order__shipping_method", "warehouse").order_by("pk")[
        :MOST_WORKS
    ]:
        ways = [way for way in ways_elsewhere(work) if way.is_possible]
        if exception.category != SHORT_PICK:
            ways = [way for way in ways if way.arrives_on and way.now_on and way.arrives_on < way.now_on]
        if ways:
            return work, ways[0]
    return None


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
