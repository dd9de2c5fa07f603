"""Placing an order: figures, stock, steps, and what stands in the way."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.actors import SYSTEM
from core.errors import TransitionRefused
from core.models import Delivery, EventRecord
from customers import services as customers
from customers.models import Customer
from inventory.errors import InsufficientStock
from inventory.models import Reservation
from inventory.services import expect_receipt
from orders import ports
from orders.errors import InvalidOrder, NoPaymentBook
from orders.inputs import LineInput, PaymentInput
from orders.models import Order, OrderLine
from pricing import services as pricing
from pricing.models import Channel
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
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


# --- what it costs, and where it stands -------------------------------------------------------


def test_the_order_of_the_contract_comes_out_to_the_cent(shop):
    order = anew(placed_order())

    assert (order.subtotal, order.shipping_total, order.tax_total, order.total) == (
        Decimal("14.20"), Decimal("4.90"), Decimal("2.96"), Decimal("22.06"),
    )  # fmt: skip
    assert [(tax["rate"], tax["net"], tax["tax"]) for tax in order.tax_breakdown] == [
        ("0.19", "13.45", "2.56"),
        ("0.07", "5.65", "0.40"),
    ]
    assert order.balance_due == Decimal("22.06")
    assert order.number == f"SO-{order.pk:06d}"


def test_a_prepaid_order_is_verified_and_waits_for_its_payment(shop):
    order = anew(placed_order())

    assert (order.status, order.version, order.payment_status) == ("verified", 2, "unpaid")
    assert order.why_not("confirm") == "Waiting for payment of €22.06"
    assert order.payment_due_at - order.placed_at == timedelta(days=7)
    assert (order.promised_on, order.confirmed_at) == (None, None)


def test_an_order_on_account_is_confirmed_with_a_promise(shop):
    order = anew(placed_order(payment_terms="net14"))

    assert (order.status, order.version) == ("confirmed", 3)
    assert order.promised_on == order.first_promised_on == order.estimated_delivery_on
    assert order.payment_due_at is None


def test_every_step_is_a_row_of_the_history(shop):
    order = placed_order(payment_terms="net14")

    steps = EventRecord.objects.filter(subject_id=order.pk, transition__gt="").order_by("pk")
    assert [(step.transition, step.source, step.target) for step in steps] == [
        ("place", "draft", "placed"), ("verify", "placed", "verified"), ("confirm", "verified", "confirmed"),
    ]  # fmt: skip
    facts = EventRecord.objects.filter(thread=order.history_thread(), name__startswith="orders.order_")
    assert set(facts.values_list("name", flat=True)) == {
        "orders.order_placed",
        "orders.order_verified",
        "orders.order_confirmed",
    }


def test_the_goods_are_promised_from_the_nearest_warehouse_in_one_parcel(shop):
    order = anew(placed_order())

    assert [(line.allocated, line.backordered) for line in order.lines.all()] == [(2, 0), (1, 0)]
    assert order.allocation_status == "allocated"
    assert stock_of(shop.mug).reserved == 2
    assert [(one["warehouse"], one["lines"]) for one in order.sourcing["parcels"]] == [("HAM", {"1": 2, "2": 1})]


def test_lines_are_named_in_the_language_of_the_customer(shop):
    make_priced_product("MUG-BLUE", "5.00", name="Blue mug", names={"de": "Blaue Tasse"}, stock={"HAM": 5})

    order = placed_order({"MUG-BLUE": 1}, language="de")

    assert OrderLine.objects.get(order=order).name == "Blaue Tasse"


def test_a_channel_that_verifies_by_hand_leaves_the_order_placed(shop):
    change_channel(auto_verify=False)

    assert placed_order(payment_terms="net14").status == "placed"


def test_a_channel_that_confirms_by_hand_leaves_the_order_verified(shop):
    change_channel(auto_confirm=False)

    assert placed_order(payment_terms="net14").status == "verified"


# --- money that came with it ------------------------------------------------------------------


@pytest.mark.parametrize(("status", "payment"), [("authorized", "authorized"), ("captured", "paid")])
def test_an_order_that_brings_its_money_is_confirmed_at_once(shop, monkeypatch, status, payment):
    kept = []
    monkeypatch.setattr(ports.payment_book, "_book", lambda order, payments, **_: kept.extend(payments))
    money = PaymentInput(method="card", amount=Decimal("22.06"), reference="ch_1", status=status)

    order = anew(placed_order(payments=(money,)))

    assert (order.status, order.payment_status) == ("confirmed", payment)
    assert order.balance_due == (Decimal("22.06") if status == "authorized" else 0)
    assert kept == [money]


def test_half_the_money_is_not_enough(shop, monkeypatch):
    monkeypatch.setattr(ports.payment_book, "_book", lambda *_, **__: None)
    money = PaymentInput(method="card", amount=Decimal("11.00"), reference="ch_1", status="captured")

    order = placed_order(payments=(money,))

    assert (order.status, order.payment_status) == ("verified", "partially_paid")
    assert order.why_not("confirm") == "Waiting for payment of €11.06"


def test_money_that_nobody_keeps_is_refused_with_the_order(shop, monkeypatch):
    monkeypatch.setattr(ports.payment_book, "_book", None)
    money = PaymentInput(method="card", amount=Decimal("22.06"), reference="ch_1", status="captured")

    with pytest.raises(NoPaymentBook):
        placed_order(payments=(money,))
    assert not Order.objects.exists()


# --- who buys -----------------------------------------------------------------------------------


def test_an_unknown_e_mail_address_becomes_a_customer(shop):
    order = placed_order(email="Grace@Example.com", customer_name="Grace Hopper")

    customer = Customer.objects.get()
    assert (order.customer, customer.name, customer.email) == (customer, "Grace Hopper", "grace@example.com")


def test_a_known_e_mail_address_links_the_order(shop):
    first = placed_order()

    assert placed_order({"MUG-RED": 1}, email="ADA@example.com").customer == first.customer


def test_a_link_by_e_mail_lends_nothing_of_the_customer(shop):
    company(company="Linde GmbH", vat_id="ATU12345675", phone="123", language="de")

    order = placed_order(email="linde@example.com", customer_name="Somebody", acts_for_customer=False)

    assert (order.customer_name, order.phone, order.language) == ("Somebody", "", "en")
    assert order.total == Decimal("22.06")


def test_a_customer_who_is_named_lends_address_and_language(shop):
    linde = company(language="de")
    customers.add_address(linde.pk, ADA, label="Café", is_bill_to=True, is_ship_to=True, actor=SYSTEM)

    order = placed_order(customer_id=linde.pk, email="", customer_name="", shipping_address=None)

    assert (order.customer_name, order.language, order.ship_to) == ("Café Linde", "de", ADA)


def test_a_customer_who_does_not_exist_is_named(shop):
    with pytest.raises(InvalidOrder) as refused:
        placed_order(customer_number="C-999999")
    assert refused.value.errors[0]["pointer"] == "/customer/number"


def test_a_guest_without_e_mail_buys_without_a_record(shop):
    order = placed_order(email="", customer_name="Walk-in", shipping_method="pickup", phone="0123", channel="walk_in")

    assert (order.customer, order.status) == (None, "verified")


# --- what can never be right --------------------------------------------------------------------


def test_no_lines_no_order(shop):
    with pytest.raises(InvalidOrder) as refused:
        placed_order(())
    assert [fault["pointer"] for fault in refused.value.errors] == ["/lines"]


def test_every_unknown_sku_is_named(shop):
    with pytest.raises(InvalidOrder) as refused:
        placed_order({"MUG-RED": 1, "NOPE": 1, "NEITHER": 1})
    assert [(fault["pointer"], fault["code"]) for fault in refused.value.errors] == [
        ("/lines/1/sku", "unknown_product"),
        ("/lines/2/sku", "unknown_product"),
    ]


def test_what_is_not_sold_any_more_is_refused(shop):
    make_priced_product("OLD", "1.00", active=False)

    with pytest.raises(InvalidOrder) as refused:
        placed_order({"OLD": 1})
    assert refused.value.errors[0]["code"] == "product_not_sold"


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001])
def test_quantities_stay_within_reason(shop, quantity):
    with pytest.raises(InvalidOrder) as refused:
        placed_order([LineInput(sku="MUG-RED", quantity=quantity)])
    assert refused.value.errors[0]["pointer"] == "/lines/0/quantity"


def test_terms_that_nobody_knows_are_refused(shop):
    with pytest.raises(InvalidOrder) as refused:
        placed_order(payment_terms="someday")
    assert refused.value.errors[0]["pointer"] == "/payment_terms"


def test_an_order_to_nowhere_is_not_placed(shop):
    with pytest.raises(TransitionRefused, match="No address to send it to"):
        placed_order(shipping_address=None)


# --- stock ------------------------------------------------------------------------------------------


def test_a_shortage_leaves_no_trace(shop):
    with pytest.raises(InsufficientStock) as refused:
        placed_order({"MUG-RED": 201, "TEA-1": 1}, email="nobody@example.com")

    assert refused.value.details["shortages"] == [{"sku": "MUG-RED", "requested": 201, "available": 200}]
    assert not Order.objects.exists()
    assert not Customer.objects.exists()
    assert not Reservation.objects.exists()
    assert not EventRecord.objects.filter(name__startswith="orders.").exists()
    assert not Delivery.objects.filter(event__name__startswith="orders.").exists()
    assert stock_of(shop.tea).reserved == 0


def test_two_lines_of_one_product_share_its_stock(shop):
    lines = [LineInput(sku="MUG-RED", quantity=150), LineInput(sku="mug-red", quantity=51)]

    with pytest.raises(InsufficientStock) as refused:
        placed_order(lines)
    assert refused.value.details["shortages"] == [{"sku": "MUG-RED", "requested": 201, "available": 200}]


def test_what_may_be_backordered_follows_later(shop):
    make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 2})

    order = anew(placed_order({"RARE": 5}, payment_terms="net14"))

    line = order.lines.get()
    assert (line.allocated, line.backordered, order.allocation_status) == (2, 3, "partial")
    assert (order.status, results(order)["stock"]) == ("confirmed", "warn")
    assert [one["kind"] for one in order.sourcing["parcels"]] == ["goods", "backorder"]


def test_an_announced_receipt_dates_the_backorder(shop):
    rare = make_priced_product("RARE", "9.00", backorder=True)
    expected_on = timezone.localdate() + timedelta(days=30)
    expect_receipt(
        warehouse_id=shop.hamburg.pk, product_id=rare.pk, quantity=10, expected_on=expected_on, actor=SYSTEM
    )

    order = placed_order({"RARE": 5})

    assert order.sourcing["parcels"][0]["from"] == expected_on.isoformat()
    assert order.estimated_delivery_on > expected_on


def test_staff_may_accept_a_shortage(shop):
    order = placed_order({"MUG-RED": 250}, allow_shortage=True, payment_terms="net14")

    assert (order.status, order.allocation_status) == ("confirmed", "partial")


def test_services_and_digital_items_need_no_shelf(shop):
    make_priced_product("WRAP", "3.00", kind="service")

    order = placed_order({"WRAP": 1}, payment_terms="net14")

    assert (order.reservation, order.allocation_status, order.why_not("release")) == (None, "allocated", "")


def test_nobody_needs_an_address_for_what_is_collected(shop):
    order = placed_order(shipping_address=None, shipping_method="pickup", payment_terms="in_store")

    assert (order.status, order.shipping_total) == ("confirmed", 0)


def test_a_later_wish_moves_the_promise(shop):
    wanted = date(2031, 5, 5)

    order = placed_order(requested_delivery_on=wanted, payment_terms="net14")

    assert (order.promised_on, order.ship_by_on) == (wanted, date(2031, 5, 1))
