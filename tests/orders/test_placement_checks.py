"""What is looked at when an order is placed, and what that does."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.actors import SYSTEM
from core.models import Delivery, EventRecord
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Customer
from orders import services
from orders.errors import DuplicateReference
from orders.inputs import DiscountInput, LineInput
from orders.models import Hold, Order
from pricing import services as pricing
from pricing.models import Channel
from tests.factories.catalog import make_product
from tests.scenarios import ADA, anew, placed_order

pytestmark = pytest.mark.django_db


def results(order: Order) -> dict[str, str]:
    return {check["name"]: check["result"] for check in order.checks}


def change_channel(code: str = "api", **changes: object) -> None:
    Channel.objects.filter(code=code).update(**changes)
    pricing.forget()


def company(**given: object) -> Customer:
    wanted = {"name": "Café Linde", "email": "linde@example.com", "payment_terms": "net14", **given}
    return customers.create_customer(customers.CustomerInput(**wanted), actor=SYSTEM)


# --- sent twice -----------------------------------------------------------------------------------


def test_a_reference_is_used_once_per_channel(shop):
    first = placed_order(external_reference="SHOP-1")

    with pytest.raises(DuplicateReference) as refused:
        placed_order({"TEA-1": 1}, external_reference="SHOP-1", email="other@example.com")
    assert refused.value.details["number"] == first.number
    assert placed_order({"TEA-1": 1}, external_reference="SHOP-1", channel="walk_in").pk


def test_the_same_order_a_moment_later_is_held(shop):
    first = placed_order()

    twin = placed_order({"TEA-1": 1, "MUG-RED": 2})

    hold = Hold.objects.get(order=twin)
    assert (twin.status, twin.active_holds, hold.kind, hold.check_name) == ("placed", 1, "duplicate", "duplicate")
    assert hold.reason == f"Same goods for the same customer as {first.number}, placed a moment ago"


def test_a_cancelled_order_has_no_twin(shop):
    services.cancel_order(placed_order().pk, reason="typo", actor=SYSTEM)

    assert results(placed_order())["duplicate"] == "pass"


def test_the_same_goods_to_the_same_address_are_a_warning_or_stop_the_order_too(shop):
    first = placed_order()

    other = placed_order(email="grace@example.com")
    assert (results(other)["duplicate"], other.status) == ("warn", "verified")

    change_channel(check_limits={"duplicate": {"address": 1}})
    third = placed_order(email="mary@example.com")
    reason = f"100 % of the lines as in {other.number} of somebody at the same address, 0 h before"
    assert (results(third)["duplicate"], third.hold_reason) == ("fail", reason)
    assert first.active_holds == 0


def test_another_customer_elsewhere_is_no_twin(shop):
    placed_order()
    away = PostalAddress(**{**ADA.as_dict(), "line1": "2 Main St"})

    assert results(placed_order(email="grace@example.com", shipping_address=away))["duplicate"] == "pass"


# --- checks ---------------------------------------------------------------------------------------


def test_a_cent_of_difference_opens_a_price_hold_naming_both_figures(shop):
    order = placed_order(expected_total=Decimal("22.07"))

    hold = Hold.objects.get(order=order)
    assert (hold.kind, hold.reason) == ("price", "The sender expects 22.07 EUR, we make it 22.06 EUR")
    assert (order.status, order.blocked_transitions) == ("placed", ["verify"])


def test_a_postcode_that_does_not_fit_opens_a_hold_and_no_error(shop):
    order = placed_order(shipping_address=PostalAddress(**{**ADA.as_dict(), "postal_code": "1"}))

    assert (order.status, order.hold_reason) == ("placed", "Postcode 1 does not fit Germany")


def test_a_channel_may_only_warn(shop):
    change_channel(checks={"address": "warn"})

    order = placed_order(shipping_address=PostalAddress(**{**ADA.as_dict(), "postal_code": "1"}))

    assert (order.status, results(order)["address"], order.active_holds) == ("verified", "warn", 0)


def test_a_price_far_below_ours_opens_a_hold(shop):
    order = placed_order([LineInput(sku="MUG-RED", quantity=1, unit_price=Decimal("1.00"))])

    assert order.hold_reason == "Unusual price: MUG-RED at 1.00 EUR instead of 5.00 EUR"


def test_a_given_discount_is_a_charge_of_its_own(shop):
    order = placed_order(discounts=(DiscountInput(code="SORRY", amount=Decimal("1.00"), reason="late last time"),))

    charge = order.charges.get(kind="discount")
    assert (charge.code, charge.name, charge.net_total) == ("SORRY", "late last time", Decimal("-1.00"))
    assert order.total < Decimal("22.06")


def test_the_credit_limit_holds_the_order_that_would_exceed_it(shop):
    linde = company(credit_limit=Decimal("40.00"))
    first = placed_order(customer_id=linde.pk, payment_terms="net14")

    second = placed_order({"MUG-RED": 3}, customer_id=linde.pk, payment_terms="net14")

    assert (first.status, second.status) == ("confirmed", "placed")
    assert second.hold_reason == "45.74 EUR on account would exceed the limit of 40.00 EUR"


def test_paid_orders_use_up_no_credit(shop):
    linde = company(credit_limit=Decimal("40.00"))
    first = placed_order(customer_id=linde.pk, payment_terms="net14")
    services.record_payment(first.pk, authorized=Decimal(0), paid=first.total, refunded=Decimal(0), actor=SYSTEM)

    assert placed_order({"MUG-RED": 3}, customer_id=linde.pk, payment_terms="net14").status == "confirmed"


# --- told afterwards ----------------------------------------------------------------------------------


def test_history_is_told_with_its_own_dates_and_its_failures_waived(shop):
    make_product("OLD-1", tax_class="not_stated", stock={"HAM": 10})
    then = timezone.now() - timedelta(days=5000)

    order = anew(
        placed_order(
            [LineInput(sku="OLD-1", quantity=3, unit_price=Decimal("2.55"))],
            channel="import",
            email="",
            customer_name="",
            shipping_address=None,
            shipping_method=None,
            placed_at=then,
            historic=True,
            payment_terms="net30",
        )
    )

    assert (order.status, order.quiet, order.placed_at, order.total) == ("confirmed", True, then, Decimal("7.65"))
    waived = next(check for check in order.checks if check["name"] == "complete")
    assert (waived["result"], waived["waived_by"], waived["waived_because"]) == ("waived", "system", "historic")
    assert not Hold.objects.exists()
    assert set(EventRecord.objects.filter(subject_id=order.pk, transition__gt="").values_list("at", flat=True)) == {
        then
    }


def test_quiet_orders_owe_no_mail(shop):
    order = placed_order(notify=False)

    owed = Delivery.objects.filter(event__thread=order.history_thread()).values_list("handler", flat=True)
    assert [name for name in owed if ".send_" in name] == []


def test_an_order_may_be_left_placed(shop):
    assert placed_order(settle=False, payment_terms="net14").status == "placed"
