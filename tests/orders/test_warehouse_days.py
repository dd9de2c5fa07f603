"""What the calendar of a warehouse does to a promise."""

from datetime import UTC, date, datetime, time

import pytest

from core.actors import SYSTEM
from inventory import services as inventory
from orders import services
from pricing import services as pricing
from tests.scenarios import confirmed_order

pytestmark = pytest.mark.django_db
# A Thursday; by the clock of Berlin it is one o'clock.
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def thursday(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


def with_days(warehouse, **days):
    inventory.update_warehouse(warehouse.pk, days, actor=SYSTEM)
    pricing.forget()


def days_of(order):
    parcel = order.sourcing["parcels"][0]
    return [parcel[name] for name in ("starts_on", "ships_on", "arrives_on")]


def test_without_a_calendar_the_week_is_the_usual_one(shop, thursday):
    assert days_of(confirmed_order({"MUG-RED": 1})) == ["2026-11-26", "2026-11-27", "2026-12-01"]


def test_an_order_after_the_cut_off_leaves_a_day_later(shop, thursday):
    with_days(shop.hamburg, cut_off=time(12, 30), time_zone="Europe/Berlin")

    assert days_of(confirmed_order({"MUG-RED": 1})) == ["2026-11-27", "2026-11-30", "2026-12-02"]


def test_closed_days_and_own_handling_move_the_promise(shop, thursday):
    closed = [{"from": "2026-11-27", "until": "2026-11-30", "name": "Stocktaking"}]
    with_days(shop.hamburg, closures=closed, handling_days=2)

    order = confirmed_order({"MUG-RED": 1})

    assert days_of(order) == ["2026-11-26", "2026-12-02", "2026-12-04"]
    assert (order.promised_on, order.ship_by_on) == (date(2026, 12, 4), date(2026, 12, 2))


def test_what_could_be_ordered_is_dated_by_the_same_calendar(shop, thursday):
    with_days(shop.hamburg, open_days=["mon"])

    found = services.availability(sku="MUG-RED", quantity=1, country="DE", method="standard", channel="api")

    assert found.parcels[0]["warehouse"] == "HAM"
    assert found.arrives_on == confirmed_order({"MUG-RED": 1}).promised_on == date(2026, 12, 9)
