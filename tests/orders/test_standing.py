"""How an order stands, in words."""

from decimal import Decimal

import pytest
from django.utils import translation

from core.actors import SYSTEM
from orders import selectors, services
from orders.models import Order
from tests.factories.shop import make_priced_product
from tests.scenarios import anew, confirmed_order, order_input, paid, placed_order

pytestmark = pytest.mark.django_db


def words(order: Order) -> tuple[str, str, str]:
    order = anew(order)
    return selectors.display_status(order), selectors.blocked_because(order), selectors.next_step(order)


def units(order: Order) -> dict[int, int]:
    return {line.pk: line.quantity for line in order.lines.all()}


def test_waiting_for_payment(shop):
    order = placed_order()

    assert words(order) == (
        "Waiting for payment",
        "Waiting for payment of €22.06",
        "Wait for the payment of €22.06, or record it",
    )
    assert selectors.allowed_actions(order) == ["cancel", "hold"]


def test_on_hold_because_of_a_check(shop):
    order = placed_order(expected_total=Decimal(1))
    reason = "The sender expects 1.00 EUR, we make it 22.06 EUR"

    assert words(order) == ("On hold", reason, "Settle the hold: The sender expects €1.00, we make it €22.06")
    assert selectors.allowed_actions(order) == ["cancel", "hold", "release-hold", "waive-check", "check-again"]


def test_waiting_for_stock(shop):
    make_priced_product("RARE", "9.00", backorder=True)

    assert words(confirmed_order({"RARE": 1})) == ("Waiting for stock", "Waiting for stock", "Waiting for stock")


def test_from_confirmed_to_completed(shop):
    order = confirmed_order()
    assert words(order) == ("Confirmed", "", "Release it to the warehouse")
    assert selectors.allowed_actions(order) == ["release", "cancel", "hold"]

    services.record_release(order.pk, actor=SYSTEM)
    assert words(order) == ("Being prepared", "", "Pick, pack and ship it")

    services.record_shipment(order.pk, reference="SH-1", quantities=units(order), actor=SYSTEM)
    assert words(order) == ("On its way", "Not everything has been delivered", "Wait for the delivery")
    assert selectors.allowed_actions(anew(order)) == []

    services.record_delivery(order.pk, reference="SH-1", quantities=units(order), actor=SYSTEM)
    assert words(order) == ("Delivered", "Not everything has been invoiced", "Write the invoice")

    services.record_invoice(
        order.pk, reference="INV", quantities=units(order), charges=[1], total=order.total, actor=SYSTEM
    )
    assert words(order) == ("Delivered", "22.06 EUR not paid yet", "Collect €22.06")

    paid(order)
    assert words(order) == ("Completed", "", "")


def test_partly_shipped(shop):
    order = confirmed_order()
    services.record_release(order.pk, actor=SYSTEM)
    line = order.lines.first()

    services.record_shipment(order.pk, reference="SH-1", quantities={line.pk: 1}, actor=SYSTEM)

    assert words(order)[0] == "Partly shipped"


def test_a_cancelled_order_and_a_draft(shop):
    order = placed_order()
    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)
    assert words(order) == ("Cancelled", "", "")

    draft = services.save_draft(order_input(), actor=SYSTEM)
    assert words(draft) == ("Draft", "", "Place the order, or discard it")


def test_amounts_are_written_as_their_reader_writes_them(shop):
    with translation.override("de"):
        assert "22,06\xa0€" in selectors.blocked_because(placed_order())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SO-{pk:06d}", True),
        ("so-{pk}", True),
        ("{pk}", True),
        ("SHOP-7", True),
        ("ADA@example.com", True),
        ("ada b", True),
        ("mug-red", True),
        ("byron", True),
        ("SO-999999", False),
        ("mug", False),
    ],
)
def test_orders_are_found_by_what_people_type(shop, text, found):
    order = placed_order(external_reference="SHOP-7")
    placed_order({"TEA-1": 9}, email="grace@example.com", customer_name="Grace Hopper")

    hits = selectors.search(selectors.orders(), text.format(pk=order.pk))

    assert list(hits) == ([order] if found else [])


def test_late_is_what_is_not_there_on_the_promised_day(shop):
    late, early = confirmed_order(), confirmed_order({"TEA-1": 3})
    Order.objects.filter(pk=late.pk).update(promised_on="2020-01-01")

    assert list(Order.objects.filter(selectors.late())) == [late]
    assert (selectors.is_late(anew(late)), selectors.is_late(anew(early))) == (True, False)
