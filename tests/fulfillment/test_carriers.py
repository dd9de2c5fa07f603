"""Who carries parcels, and how their labels come."""

from datetime import UTC, datetime

import pytest

from core.files import read_file
from core.models import Delivery
from fulfillment import carriers
from fulfillment import services as fulfillment
from fulfillment.carriers import Label
from fulfillment.carriers.base import read_events
from fulfillment.carriers.house import is_tracking_number, tracking_number
from fulfillment.errors import LabelMissing, UnknownCarrier, UnreadableMessage
from fulfillment.models import Shipment
from orders import services as orders
from pricing.models import ShippingMethod

from .helpers import TOM, anew, packed, planned


class FarCarrier:
    """A carrier over the wire, with a label of its own."""

    code, name, outside, types_number = "far", "Far & Away", True, False

    def __init__(self):
        self.asked, self.void, self.down = [], [], False

    def create_label(self, shipment):
        if self.down:
            raise ConnectionError("no answer")
        self.asked.append(shipment.number)
        return Label(tracking_number="FAR-1", tracking_url="https://far.example/FAR-1", pdf=b"%PDF-far")

    def void_label(self, shipment):
        self.void.append(shipment.number)

    def parse_events(self, message):
        return read_events(message)


@pytest.fixture
def far(shop, monkeypatch):
    """Return a carrier outside the house that delivers by the standard method."""
    carrier = FarCarrier()
    monkeypatch.setitem(carriers.CARRIERS, "far", carrier)
    ShippingMethod.objects.filter(code="standard").update(carrier="far")
    return carrier


def test_our_numbers_notice_a_wrong_digit_and_two_swapped_ones():
    number = tracking_number(1234, 1)

    assert (number, is_tracking_number(number)) == ("HC000012340014", True)
    assert not is_tracking_number("HC000012340015")
    assert not is_tracking_number("HC000013240014")
    assert not is_tracking_number("DE000012340014")
    assert not is_tracking_number("HC")


def test_every_parcel_has_its_own_number():
    numbers = {tracking_number(work, place) for work in range(1, 400) for place in range(1, 6)}

    assert len(numbers) == 399 * 5


@pytest.mark.django_db
def test_a_label_of_an_outside_carrier_comes_after_the_commit(far, run_debts):
    work = packed()
    parcel = Shipment.objects.get()
    assert (parcel.status, far.asked) == ("label_pending", [])
    with pytest.raises(LabelMissing):
        fulfillment.ship_fulfillment_order(work.pk, actor=TOM)
    assert anew(work).status == "packed"

    run_debts()

    parcel = Shipment.objects.get()
    assert (parcel.status, parcel.tracking_number, far.asked) == ("ready", "FAR-1", [parcel.number])
    assert read_file(parcel.label) == b"%PDF-far"
    fulfillment.ship_fulfillment_order(work.pk, actor=TOM)
    assert Shipment.objects.get().status == "in_transit"


@pytest.mark.django_db
def test_a_carrier_that_does_not_answer_is_asked_again(far, run_debts):
    far.down = True
    packed()
    run_debts()
    debt = Delivery.objects.get(handler="fulfillment.handlers.fetch_label")
    assert (debt.status, debt.last_error) == ("pending", "ConnectionError: no answer")

    far.down = False
    Delivery.objects.filter(pk=debt.pk).update(due_at=debt.created_at)
    run_debts()

    assert Shipment.objects.get().status == "ready"


@pytest.mark.django_db
def test_the_carrier_hears_that_a_parcel_stays(far, run_debts):
    work = packed()
    run_debts()

    orders.cancel_order(work.order_id, reason="Changed her mind", actor=TOM)
    run_debts()

    assert far.void == [Shipment.objects.get().number]


@pytest.mark.django_db
def test_staff_type_the_number_of_a_receipt(shop):
    ShippingMethod.objects.filter(code="standard").update(carrier="manual")
    work = packed()
    assert Shipment.objects.get().status == "label_pending"

    fulfillment.ship_fulfillment_order(work.pk, tracking_number=" RR123456785DE ", actor=TOM)

    parcel = Shipment.objects.get()
    assert (parcel.status, parcel.tracking_number) == ("in_transit", "RR123456785DE")


@pytest.mark.django_db
def test_a_carrier_nobody_knows_is_refused_before_anything_is_packed(shop):
    ShippingMethod.objects.filter(code="standard").update(carrier="pigeon")
    (work,) = planned()
    fulfillment.release_fulfillment(work.pk, actor=TOM)
    fulfillment.pick(work.pk, actor=TOM)

    with pytest.raises(UnknownCarrier):
        fulfillment.pack(work.pk, actor=TOM)

    assert (anew(work).status, Shipment.objects.count()) == ("picked", 0)


def test_messages_of_carriers_are_read():
    one = {"event_id": "1", "status": "delivered", "at": "2026-03-02T12:00:00Z", "location": "Berlin"}

    (event,) = read_events({"events": [one]})

    assert (event.event_id, event.at, event.location) == ("1", datetime(2026, 3, 2, 12, tzinfo=UTC), "Berlin")


@pytest.mark.parametrize(
    "message",
    [
        {"events": "none"},
        {"events": ["x"]},
        {"status": "delivered", "at": "2026-03-02T12:00:00Z"},
        {"event_id": "1", "status": "delivered", "at": "2026-03-02T12:00:00"},
        {"event_id": "1", "status": "delivered", "at": "2026-02-30T12:00:00Z"},
        {"event_id": "1", "status": "delivered"},
    ],
)
def test_what_makes_no_sense_is_refused(message):
    with pytest.raises(UnreadableMessage):
        read_events(message)
