"""Ship an order and write down its money in one go: what leaves, what is refused, and what stays as it was."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from billing.models import Invoice, InvoicePayment, Payment
from core import outbox
from core.actors import SYSTEM
from core.models import Delivery, EventRecord, OutgoingMail, User
from desk.shipping import MoneyIn, ready_to_ship, ship_and_take_money
from fulfillment import services as fulfillment
from fulfillment.errors import OrderBlocked
from fulfillment.models import FulfillmentOrder, Shipment
from inventory.models import StockItem, StockMovement
from orders import services as orders
from orders.models import Movement, Order
from pricing import services as pricing
from pricing.models import ShippingMethod
from tests.factories.shop import make_priced_product, make_shop
from tests.scenarios import confirmed_order, placed_order

pytestmark = pytest.mark.django_db

TRACES = (Movement, FulfillmentOrder, Shipment, Invoice, Payment, Delivery, EventRecord, OutgoingMail, StockMovement)
BOTH = ("view_order", "operate_fulfillmentorder", "operate_payment")


@pytest.fixture
def shop() -> Any:
    """Open the shop; its parcels are taken to the post office, which gives them their numbers."""
    shop = make_shop()
    ShippingMethod.objects.filter(code="standard").update(carrier="manual")
    pricing.forget()
    return shop


def staff(client: Any, *permissions: str) -> Any:
    user = User.objects.create_user("maya", first_name="Maya", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def anew(order: Order) -> Order:
    return Order.objects.select_related("channel", "customer", "shipping_method").get(pk=order.pk)


def traces() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in TRACES}


def shelves() -> list[tuple[int, int]]:
    return sorted(StockItem.objects.values_list("on_hand", "reserved"))


def page_of(client: Any, order: Order) -> str:
    return str(client.get(f"/admin/orders/order/{order.pk}/change/").content.decode())


def form_of(page: str) -> dict[str, str]:
    """Return what the panel would send as it stands."""
    form = re.search(r'<form method="post" action="/desk/orders/.*?</form>', page, re.S)
    assert form
    said = dict(re.findall(r'<input[^>]*? name="([^"]+)" value="([^"]*)"', form[0]))
    said |= {name: "" for name in re.findall(r'name="(number-[^"]+)"', form[0]) if name not in said}
    return {name: value for name, value in said.items() if name != "csrfmiddlewaretoken"}


def send(client: Any, order: Order, said: dict[str, str]) -> Any:
    return client.post(f"/desk/orders/{order.number}/ship/", said)


def test_paid_and_shipped_with_its_number_in_one_go(shop, client):
    order = placed_order()
    staff(client, *BOTH)
    said = form_of(page_of(client, order))
    number = next(name for name in said if name.startswith("number-"))
    assert said["amount"] == "22.06"

    answer = send(
        client, order, {**said, number: " JD0001 ", "paid": "on", "method": "bank_transfer", "reference": "B1"}
    )

    order = anew(order)
    assert answer["Location"] == f"/admin/orders/order/{order.pk}/change/"
    assert (order.status, order.payment_status, order.balance_due) == ("fulfilled", "paid", Decimal(0))
    payment, parcel = Payment.objects.get(), Shipment.objects.get()
    assert (payment.method, payment.amount, payment.reference) == ("bank_transfer", Decimal("22.06"), "B1")
    assert (parcel.tracking_number, parcel.status) == ("JD0001", "in_transit")
    assert shelves() == [(98, 0), (99, 0), (100, 0), (100, 0)]
    outbox.drain()
    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.status, invoice.total) == ("INV-000001", "paid", Decimal("22.06"))
    assert InvoicePayment.objects.get().amount == Decimal("22.06")
    assert FulfillmentOrder.objects.count() == 1
    assert sorted(OutgoingMail.objects.values_list("kind", flat=True)) == ["invoice", "order_confirmed", "shipped"]


@pytest.mark.parametrize("steps", ["planned", "released", "picking", "picked", "packed"])
def test_work_goes_on_from_where_it_stands(shop, client, steps):
    order = confirmed_order()
    outbox.drain()
    work = FulfillmentOrder.objects.get()
    for name, step in {
        "released": fulfillment.release_fulfillment,
        "picking": fulfillment.start_picking,
        "picked": fulfillment.pick,
        "packed": fulfillment.pack,
    }.items():
        if steps == "planned":
            break
        step(work.pk, actor=SYSTEM)
        if name == steps:
            break
    staff(client, *BOTH)
    said = form_of(page_of(client, order))
    number = next(name for name in said if name.startswith("number-"))

    send(client, order, {**said, number: "JD0002"})

    assert Shipment.objects.get().tracking_number == "JD0002"
    assert FulfillmentOrder.objects.get().status == "shipped"
    assert not Payment.objects.exists()
    assert shelves() == [(98, 0), (99, 0), (100, 0), (100, 0)]


def test_two_houses_send_two_parcels_each_with_its_own_number(shop):
    make_priced_product("JAR", "3.00", stock={"HAM": 1})
    make_priced_product("LID", "1.00", stock={"MUC": 1})
    order = confirmed_order({"JAR": 1, "LID": 1})
    outbox.drain()
    keys = {one.place: one.key for one in ready(order).parcels}

    ship_and_take_money(order.pk, numbers={keys["Warehouse HAM"]: "A1", keys["Warehouse MUC"]: "B2"}, actor=SYSTEM)

    rows = Shipment.objects.values_list("fulfillment_order__warehouse__code", "tracking_number")
    assert sorted(rows) == [("HAM", "A1"), ("MUC", "B2")]


def ready(order: Order) -> Any:
    found = ready_to_ship(anew(order))
    assert found is not None
    return found


def test_what_will_happen_is_said_beside_the_button(shop, client):
    order = confirmed_order()
    staff(client, *BOTH)

    page = page_of(client, order)

    for words in (
        "2 × MUG-RED, 1 × TEA-1 leave Warehouse HAM (By hand).",
        "The invoice is written.",
        "ada@example.com is told what is on its way.",
    ):
        assert words in page


def test_who_may_not_take_money_ships_only_what_does_not_wait_for_it(shop, client):
    staff(client, "view_order", "operate_fulfillmentorder")
    unpaid, order = placed_order(), confirmed_order({"TEA-1": 2})

    assert 'id="ship"' not in page_of(client, unpaid)
    page = page_of(client, order)
    assert 'id="ship"' in page
    assert 'name="paid"' not in page
    assert send(client, unpaid, {"seen": ready(unpaid).seen, "paid": "on", "amount": "22.06"}).status_code == 409
    send(client, order, {**form_of(page), "paid": "on", "amount": "9.00"})
    assert anew(order).status == "fulfilled"
    assert not Payment.objects.exists()


def test_who_may_not_ship_sees_nothing_and_does_nothing(shop, client):
    order = confirmed_order()
    staff(client, "view_order", "operate_payment", "operate_order")
    before = traces()

    assert 'id="ship"' not in page_of(client, order)
    assert send(client, order, {"seen": ready(order).seen}).status_code == 403
    assert traces() == before


def test_sent_twice_it_is_shipped_and_paid_once(shop, client):
    order = placed_order()
    staff(client, *BOTH)
    said = {**form_of(page_of(client, order)), "paid": "on", "method": "cash"}
    send(client, order, said)
    before = traces()

    assert send(client, order, said).status_code == 409
    with pytest.raises(OrderBlocked):
        ship_and_take_money(order.pk, numbers={}, money=MoneyIn(method="cash", amount=Decimal("22.06")), actor=SYSTEM)
    assert traces() == before
    assert Payment.objects.count() == 1


def test_what_changed_meanwhile_is_shown_before_anything_happens(shop, client):
    order = confirmed_order()
    staff(client, *BOTH)
    said = form_of(page_of(client, order))
    outbox.drain()
    before = traces()

    page = send(client, order, {**said, "paid": "on"})

    assert page.status_code == 409
    assert "This changed since you looked" in page.content.decode()
    assert traces() == before
    again = form_of(page.content.decode().replace("confirm ship-page", ""))
    assert send(client, order, again).status_code == 302


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"paid": "on", "amount": ""}, "How much came in?"),
        ({"paid": "on", "amount": "x"}, "Enter an amount of money."),
        ({"paid": "on", "amount": "0"}, "more than nothing"),
        ({"paid": "on", "amount": "1.001"}, "This is finer than EUR"),
        ({"paid": "on", "method": "gold"}, "Select a valid choice"),
        ({"paid": ""}, "It waits for its money first."),
        ({"paid": "on", "amount": "5.00"}, "Waiting for payment"),
    ],
)
def test_a_refusal_keeps_what_was_typed_and_changes_nothing(shop, client, change, words):
    order = placed_order()
    staff(client, *BOTH)
    said = form_of(page_of(client, order))
    number = next(name for name in said if name.startswith("number-"))
    before, stock = traces(), shelves()

    page = send(client, order, {**said, number: "JD0003", "method": "cash", **change})

    assert page.status_code == 409
    if words != "Waiting for payment":
        assert words in page.content.decode()
    assert 'value="JD0003"' in page.content.decode()
    assert (traces(), shelves()) == (before, stock)
    assert anew(order).status == "verified"


def test_what_is_on_hold_or_wants_all_at_once_is_not_offered(shop):
    held, whole = confirmed_order(), confirmed_order({"MUG-RED": 1}, ship_complete=True)
    orders.place_hold(held.pk, kind="manual", reason="Wait", blocks=["release"], actor=SYSTEM)
    make_priced_product("JAR", "3.00", stock={"HAM": 1}, backorder=True)
    part = confirmed_order({"JAR": 3}, ship_complete=True)

    assert ready_to_ship(anew(held)) is None
    assert ready_to_ship(anew(part)) is None
    assert ready_to_ship(anew(whole)) is not None
    assert ready_to_ship(anew(orders.cancel_order(whole.pk, reason="No", actor=SYSTEM))) is None


def test_a_line_on_hold_stays_and_the_rest_leaves(shop):
    order, whole = confirmed_order(), confirmed_order(ship_complete=True)
    for one in (order, whole):
        orders.place_hold(one.pk, reason="Recalled", line_id=one.lines.get(sku="TEA-1").pk, actor=SYSTEM)
    assert ready_to_ship(anew(whole)) is None, "it ships complete only"

    assert "1 × TEA-1 stay here: Recalled" in ready(order).consequences()
    ship_and_take_money(order.pk, numbers={}, actor=SYSTEM)

    (parcel,) = Shipment.objects.all()
    assert [(line.order_line.sku, line.quantity) for line in parcel.lines.all()] == [("MUG-RED", 2)]
    assert (anew(order).status, anew(order).fulfillment_status) == ("fulfilling", "partially_shipped")
    assert ready_to_ship(anew(order)) is None, "all that is left is on hold"


def test_the_rest_follows_later(shop):
    make_priced_product("JAR", "3.00", stock={"HAM": 1}, backorder=True)
    order = confirmed_order({"JAR": 3})

    assert "2 units follow later." in ready(order).consequences()
    ship_and_take_money(order.pk, numbers={}, actor=SYSTEM)

    assert (anew(order).status, anew(order).fulfillment_status) == ("fulfilling", "partially_shipped")
    assert ready_to_ship(anew(order)) is None


def test_a_carrier_that_numbers_its_parcels_is_not_asked_for_one(shop, client):
    ShippingMethod.objects.filter(code="standard").update(carrier="house")
    pricing.forget()
    order = confirmed_order()
    staff(client, *BOTH)

    said = form_of(page_of(client, order))
    assert not any(name.startswith("number-") for name in said)
    send(client, order, said)

    assert Shipment.objects.get().tracking_number.startswith("HC")


def test_the_panel_asks_a_fixed_number_of_statements(shop, django_assert_num_queries):
    for n in range(20):
        make_priced_product(f"CUP-{n}", "1.00", stock={"HAM": 3})
    few, many = confirmed_order({"CUP-0": 1}), confirmed_order({f"CUP-{n}": 1 for n in range(20)})
    outbox.drain()
    few, many = anew(few), anew(many)
    for order in (few, many):
        with django_assert_num_queries(4):
            assert ready_to_ship(order) is not None


def test_who_is_limited_to_a_warehouse_ships_from_it_and_is_told_what_lies_elsewhere(shop, client):
    make_priced_product("JAR", "3.00", stock={"HAM": 1})
    make_priced_product("LID", "1.00", stock={"MUC": 1})
    order = confirmed_order({"JAR": 1, "LID": 1})
    staff(client, *BOTH)
    User.objects.update(limits={"warehouse": ["HAM"]})
    page = page_of(client, order)
    said = form_of(page)
    [number] = [name for name in said if name.startswith("number-")]
    assert "1 × JAR leave Warehouse HAM (By hand)." in page
    assert "1 × LID lie in Warehouse MUC, which is not one of your warehouses" in page

    send(client, order, {**said, number: "A1"})

    assert [*Shipment.objects.values_list("fulfillment_order__warehouse__code", "tracking_number")] == [("HAM", "A1")]
    left = {*StockItem.objects.filter(product__sku__in=("JAR", "LID")).values_list("warehouse__code", "on_hand")}
    assert left == {("HAM", 0), ("MUC", 1)}
    outbox.drain()
    works = {*FulfillmentOrder.objects.values_list("warehouse__code", "status")}
    assert works == {("HAM", "shipped"), ("MUC", "planned")}, "the rest is planned as ever"
    assert anew(order).status != "fulfilled"


def test_what_lies_wholly_elsewhere_is_said_and_not_shipped(shop, client):
    make_priced_product("LID", "1.00", stock={"MUC": 1})
    order = confirmed_order({"LID": 1})
    outbox.drain()
    staff(client, *BOTH)
    words = "1 × LID lie in Warehouse MUC, which is not one of your warehouses: they are shipped from there."
    seen = ready(order).seen
    User.objects.update(limits={"warehouse": ["HAM"]})
    before = traces()

    page = page_of(client, order)
    answer = send(client, order, {"seen": seen})

    assert words in page
    assert "Ship now" not in page
    assert (answer.status_code, words in answer.content.decode()) == (409, True)
    with pytest.raises(OrderBlocked, match="lies in other warehouses than yours"):
        ship_and_take_money(order.pk, numbers={}, places=["HAM"], actor=SYSTEM)
    assert traces() == before
