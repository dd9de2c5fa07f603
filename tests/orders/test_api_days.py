"""Days and moments that somebody typed wrong are refused at the door; what is told afterwards comes by another one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from orders.models import Order
from tests.orders.bodies import EXAMPLE, ORDERS, faults, post
from tests.scenarios import placed_order

pytestmark = pytest.mark.django_db


def moment(**ahead: float) -> str:
    return (timezone.now() + timedelta(**ahead)).isoformat()


def day(ahead: int) -> str:
    return (timezone.localdate() + timedelta(days=ahead)).isoformat()


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2199-12-31T00:00:00Z", "in_future"),
        ("1989-12-31T23:59:59Z", "too_long_ago"),
        ("1990-01-01T00:30:00+01:00", "too_long_ago"),
    ],
)
def test_an_order_was_placed_in_living_memory_and_not_tomorrow(shop, api, at, code):
    paid = [{"method": "card", "amount": "1.00", "status": "captured", "at": at}]

    assert (answer := post(api, placed_at=at)).status_code == 400
    assert faults(answer) == [("/placed_at", code)]
    assert faults(post(api, payments=paid, key="k")) == [("/payments/0/at", code)]
    assert not Order.objects.exists()


def test_clocks_may_differ_by_five_minutes(shop, api):
    assert faults(post(api, placed_at=moment(minutes=6))) == [("/placed_at", "in_future")]
    ahead = moment(minutes=4)

    assert post(api, placed_at=ahead).status_code == 201
    assert Order.objects.get().placed_at == datetime.fromisoformat(ahead)
    assert post(api, placed_at="1990-01-01T00:00:00Z", external_reference="first").status_code == 201


@pytest.mark.parametrize(("wanted", "code"), [(-1, "in_past"), (733, "too_far_ahead")])
def test_a_day_of_delivery_can_be_planned_for(shop, api, wanted, code):
    path = f"{ORDERS}{placed_order().number}/"
    change = {"requested_delivery_on": day(wanted)}

    for answer in (post(api, **change), api.patch(path, change, format="json")):
        assert (answer.status_code, faults(answer)) == (400, [("/requested_delivery_on", code)])
    [one] = post(api, f"{ORDERS}bulk/", {"orders": [{**EXAMPLE, **change}]}).json()["results"]
    assert one["problem"]["errors"][0]["pointer"] == "/requested_delivery_on"
    assert Order.objects.get().requested_delivery_on is None


@pytest.mark.parametrize("ahead", [0, 732])
def test_today_and_in_two_years_are_days_of_delivery(shop, api, ahead):
    placed = post(api, requested_delivery_on=day(ahead)).json()

    changed = api.patch(f"{ORDERS}{placed['number']}/", {"requested_delivery_on": day(ahead)}, format="json")
    assert changed.json()["requested_delivery_on"] == placed["requested_delivery_on"] == day(ahead)


def test_what_services_are_told_afterwards_may_be_long_ago(shop):
    long_ago = datetime(2025, 4, 1, 12, tzinfo=UTC)

    order = placed_order(placed_at=long_ago, requested_delivery_on=date(2025, 4, 9), historic=True)
    assert (order.placed_at, order.requested_delivery_on) == (long_ago, date(2025, 4, 9))
