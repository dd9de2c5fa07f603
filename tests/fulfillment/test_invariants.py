"""Each truth of the floor is seen to break when somebody breaks it by hand."""

import pytest
from django.db import connection

from core.invariants import INVARIANTS, ask
from fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine

from .helpers import packed, shipped

pytestmark = pytest.mark.django_db


def breaches(words):
    (one,) = [one for one in INVARIANTS if words in one.name]
    return ask(one).breaches


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("words", "sql"),
    [
        ("has shipped lies in parcels", "UPDATE fulfillment_shipmentline SET quantity = 1"),
        ("has delivered lies in parcels", "UPDATE fulfillment_shipment SET status = 'delivered'"),
        ("holds was picked for it", "UPDATE fulfillment_fulfillmentline SET picked = 1"),
        ("went in a parcel that left", "UPDATE fulfillment_shipment SET status = 'cancelled'"),
        ("belongs to work that was shipped", "UPDATE fulfillment_fulfillmentorder SET status = 'packed'"),
    ],
)
def test_a_broken_truth_is_named(shop, words, sql):
    shipped({"MUG-RED": 2})
    assert breaches(words) == []

    run(sql)

    assert len(breaches(words)) == 1


def test_work_in_hand_breaks_nothing(shop):
    packed()
    shipped()

    assert FulfillmentOrder.objects.count() == Shipment.objects.count() == ShipmentLine.objects.count() == 2
    assert FulfillmentLine.objects.filter(picked=2).count() == 2
    assert [one.name for one in INVARIANTS if one.code in ("I1", "I2") and ask(one).breaches] == []
