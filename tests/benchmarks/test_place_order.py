"""What an order costs can be measured: here in one process, a few orders, and with the same truths at the end."""

from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks import contest, place_order, shop
from core.models import EventRecord
from orders.models import Order, OrderLine
from tests.racing import database_url

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _small_and_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes be none, and the shop be small."""

    def contend(tasks: Sequence[contest.Task], sells: shop.Shop, floor: Any, url: str) -> list[contest.Told]:
        return [contest.do(task, sells, floor, url, lambda: None) for task in tasks]

    monkeypatch.setattr(contest, "contend", contend)
    monkeypatch.setattr(shop, "GOODS_PER_PROCESS", 3)
    monkeypatch.setattr(shop, "BUYERS_PER_PROCESS", 1)


def rows(order: Order) -> tuple[int, list[tuple[str, str]]]:
    told = EventRecord.objects.filter(thread=order.history_thread()).order_by("pk")
    return order.lines.count(), list(told.values_list("name", "target"))


def test_orders_are_measured_beside_their_rows_written_by_hand() -> None:
    found = place_order.measure(orders=4, processes=2, rounds=1, url=database_url())
    wanted = {one["goal"]: one["met"] for one in place_order.goals(found)}

    assert [(one["errors"], one["refused"]) for one in found["runs"][:-1]] == [([], 0)] * 8
    assert (found["runs"][-1]["sold"], found["runs"][-1]["refused"]) == (2, 2)
    assert (found["oversold"], found["undersold"], found["breaches"]) == (0, 0, [])
    assert found["statements"] <= place_order.MOST_STATEMENTS
    assert (wanted["oversold"], wanted["invariants broken"]) == (True, True)
    assert "floor, 2 processes, one hot SKU" in place_order.tell({**found, "goals": place_order.goals(found)})

    ours = Order.objects.get(external_reference="ours0hot2-1-0")
    by_hand = Order.objects.get(external_reference="floor0hot2-1-0")
    assert (by_hand.status, by_hand.payment_status, by_hand.total) == ("confirmed", "paid", ours.total)
    assert rows(by_hand) == rows(ours)
    sold = OrderLine.objects.filter(order__in=[ours, by_hand]).order_by("order", "position")
    assert [line.sku for line in sold[:3]] == [line.sku for line in sold[3:]] == ["P1-0", "P1-1", "HOT"]
    assert by_hand.payments.get().reference == by_hand.external_reference
