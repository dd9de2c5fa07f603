"""A sale over the counter: everything of it in one go, or nothing."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from billing.models import Invoice, InvoicePayment, Payment
from billing.services import ledger
from core import invariants, outbox
from core.actors import SYSTEM
from core.errors import TransitionRefused
from core.models import Attachment, Delivery, EventRecord, OutgoingMail
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Customer
from desk import selling
from desk.selling import Buyer, NotFinished, Sale, TooLittleCash, TotalChanged
from desk.till import Till, keep_till, open_till
from fulfillment.models import FulfillmentOrder, Shipment
from inventory.errors import InsufficientStock
from inventory.models import Allocation, Reservation, StockItem, StockMovement, Warehouse
from orders.errors import DuplicateReference, InvalidOrder
from orders.inputs import LineInput
from orders.models import Movement, Order, OrderStatus
from pricing import services as pricing
from pricing.models import Channel, Promotion
from tests.factories.catalog import make_warehouse
from tests.factories.shop import make_priced_product, make_shop
from tests.racing import concurrently

pytestmark = pytest.mark.django_db

WRITTEN = (Order, Movement, Reservation, Allocation, FulfillmentOrder, Shipment, Invoice, Payment, InvoicePayment)
TRACES = (*WRITTEN, Delivery, EventRecord, OutgoingMail, Customer, StockMovement)


@pytest.fixture
def shop() -> Any:
    return make_shop()


@pytest.fixture
def till(shop: Any) -> Till:
    found = keep_till({}, warehouse="MUC", channel="walk_in")
    assert found is not None
    return found


def a_sale(till: Till, **given: Any) -> Sale:
    """Two mugs and a tea: 14.20 net, 16.39 with tax."""
    said: dict[str, Any] = {
        "token": "a" * 32,
        "till": till,
        "lines": (LineInput(sku="MUG-RED", quantity=2), LineInput(sku="TEA-1", quantity=1)),
        "total": Decimal("16.39"),
        "method": selling.CASH,
        "given": Decimal("20.00"),
    }
    return Sale(**{**said, **given})


def sell(till: Till, **given: Any) -> Order:
    order = selling.sell(a_sale(till, **given), actor=SYSTEM)
    return Order.objects.get(pk=order.pk)


def traces() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in TRACES}


def test_one_action_takes_a_sale_from_placed_to_completed(till):
    order = sell(till)

    assert order.status == OrderStatus.COMPLETED
    assert (order.total, order.paid_total, order.invoiced_total, order.balance_due) == (
        Decimal("16.39"),
        Decimal("16.39"),
        Decimal("16.39"),
        Decimal(0),
    )
    passed = EventRecord.objects.filter(subject_type="orders.order", subject_id=order.pk).exclude(transition="")
    assert list(passed.order_by("pk").values_list("transition", flat=True)) == [
        *("place", "verify", "confirm", "release", "fulfill", "complete")
    ]
    assert order.metadata == {"shop": "MUC", "cash_given": "20.00"}
    assert order.external_reference == "a" * 32
    assert all(check["result"] == "pass" for check in order.checks)


def test_goods_leave_the_shelf_of_this_shop_and_no_other(till):
    sell(till)

    shelves = StockItem.objects.values_list("warehouse__code", "product__sku", "on_hand", "reserved")
    assert sorted(shelves) == [
        ("HAM", "MUG-RED", 100, 0),
        ("HAM", "TEA-1", 100, 0),
        ("MUC", "MUG-RED", 98, 0),
        ("MUC", "TEA-1", 99, 0),
    ]
    work = FulfillmentOrder.objects.get()
    moved = StockMovement.objects.filter(kind="shipment").order_by("quantity")
    assert list(moved.values_list("quantity", "reference")) == [(-2, work.number), (-1, work.number)]
    assert (work.status, work.warehouse.code) == ("shipped", "MUC")
    assert Shipment.objects.get().status == "delivered"


def test_the_shop_is_no_last_resort_for_who_stands_in_it(shop):
    Warehouse.objects.filter(code="MUC").update(last_resort=True)
    pricing.forget()
    here = keep_till({}, warehouse="MUC", channel="walk_in")
    assert here is not None

    order = sell(here)

    assert order.sourcing["reasons"] == [{"rule": "fewest_parcels", "parcels": 1, "warehouses": ["MUC"]}]


def test_there_is_one_invoice_and_it_is_paid(till):
    order = sell(till)

    invoice, payment = Invoice.objects.get(), Payment.objects.get()
    assert (invoice.number, invoice.status, invoice.total, invoice.paid_total) == (
        "INV-000001",
        "paid",
        Decimal("16.39"),
        Decimal("16.39"),
    )
    assert (payment.order_id, payment.method, payment.status, payment.captured) == (
        order.pk,
        "cash",
        "captured",
        Decimal("16.39"),
    )
    assert InvoicePayment.objects.get().amount == Decimal("16.39")
    assert sell(till, token="b" * 32).pk != order.pk
    assert list(Invoice.objects.order_by("pk").values_list("number", flat=True)) == ["INV-000001", "INV-000002"]


def test_nothing_is_owed_afterwards_and_nobody_gets_a_letter(till):
    owed = set(Delivery.objects.values_list("pk", flat=True))

    order = sell(till, buyer=Buyer(name="Ada Byron", email="ada@example.com"))

    assert not Delivery.objects.exclude(pk__in=owed).exists()
    outbox.drain()
    assert not OutgoingMail.objects.exists()
    assert (Invoice.objects.count(), Payment.objects.count(), FulfillmentOrder.objects.count()) == (1, 1, 1)
    assert not order.quiet


def test_the_letters_that_are_not_written_exist():
    known = {name for handlers in outbox.HANDLERS.values() for name in handlers}
    assert set(selling.LETTERS) <= known


def test_a_card_leaves_the_number_of_its_slip(till):
    order = sell(till, method=selling.CARD, given=None, reference="T-4711")

    payment = Payment.objects.get()
    assert (payment.method, payment.reference, payment.amount) == ("card_terminal", "T-4711", Decimal("16.39"))
    assert order.metadata == {"shop": "MUC"}


def test_a_discount_is_granted_before_tax(till):
    order = sell(till, discount=Decimal("1.42"), total=Decimal("14.75"))

    assert (order.subtotal, order.discount_total, order.tax_total) == (
        Decimal("14.20"),
        Decimal("1.42"),
        Decimal("1.97"),
    )
    assert Payment.objects.get().amount == Decimal("14.75")


def test_gross_prices_are_what_the_customer_pays(till):
    Channel.objects.filter(code="walk_in").update(prices_include_tax=True)
    pricing.forget()
    gross = keep_till({}, warehouse="MUC", channel="walk_in")
    assert gross is not None

    order = sell(gross, total=Decimal("14.20"))

    assert (order.total, order.tax_total) == (Decimal("14.20"), Decimal("1.87"))


def test_a_known_customer_is_billed_where_they_live_and_taxed_in_the_shop(till):
    given = customers.CustomerInput(name="Eva Huber", company="Huber KG", kind="company", vat_id="ATU12345675")
    eva = customers.create_customer(given, actor=SYSTEM)
    home = PostalAddress(name="Eva Huber", line1="Ring 1", postal_code="1010", city="Wien", country="AT")
    customers.add_address(eva.pk, home, label="", is_bill_to=True, is_ship_to=True, actor=SYSTEM)

    order = sell(till, buyer=Buyer(customer_id=eva.pk))

    invoice = Invoice.objects.get()
    assert order.customer_id == eva.pk
    assert [part["rate"] for part in invoice.tax_breakdown] == ["0.1900", "0.0700"]
    assert invoice.buyer["address"]["city"] == "Wien"
    assert order.shipping_address == {}


def test_a_guest_may_have_a_name_on_the_invoice(till):
    home = PostalAddress(name="Ada Byron", line1="1 Main St", postal_code="10115", city="Berlin", country="DE")

    order = sell(till, buyer=Buyer(name="Ada Byron", address=home))

    assert order.customer is None
    assert Invoice.objects.get().buyer["address"]["line1"] == "1 Main St"


def test_a_service_is_rendered_at_the_counter(till):
    make_priced_product("WRAP", "2.00", kind="service")

    order = sell(till, lines=(LineInput(sku="WRAP", quantity=1),), total=Decimal("2.38"), given=None)

    assert order.status == OrderStatus.COMPLETED
    assert FulfillmentOrder.objects.get().kind == "service"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"lines": (LineInput(sku="MUG-RED", quantity=101),), "total": Decimal("600.95")}, InsufficientStock),
        ({"lines": (LineInput(sku="NOPE", quantity=1),)}, InvalidOrder),
        ({"total": Decimal("16.38")}, TotalChanged),
        ({"given": Decimal("16.38")}, TooLittleCash),
        ({"discount": Decimal("7.20"), "total": Decimal("8.08")}, TransitionRefused),
    ],
)
def test_a_refusal_leaves_no_trace(till, change, refusal):
    before, shelves = traces(), sorted(StockItem.objects.values_list("pk", "on_hand", "reserved"))

    with pytest.raises(refusal):
        selling.sell(a_sale(till, **change), actor=SYSTEM)

    assert traces() == before
    assert sorted(StockItem.objects.values_list("pk", "on_hand", "reserved")) == shelves
    sell(till)
    assert Invoice.objects.get().number == "INV-000001"


def test_what_lies_in_another_house_is_not_sold_here(shop, till):
    make_priced_product("JAR", "3.00", stock={"HAM": 5}, backorder=True)
    before = traces()

    with pytest.raises(InsufficientStock) as refused:
        selling.sell(a_sale(till, lines=(LineInput(sku="JAR", quantity=1),), total=Decimal("3.57")), actor=SYSTEM)

    assert refused.value.details["shortages"] == [{"sku": "JAR", "requested": 1, "available": 0}]
    assert traces() == before


def test_the_same_sale_sent_twice_is_one_sale(till):
    order = sell(till)
    before = traces()

    with pytest.raises(DuplicateReference) as refused:
        selling.sell(a_sale(till), actor=SYSTEM)

    assert refused.value.details["number"] == order.number
    assert traces() == before


def test_what_cannot_be_completed_at_once_is_not_begun(till, monkeypatch):
    before = traces()
    monkeypatch.setattr(selling.billing, "bill_and_pay_through", lambda *args, **kwargs: [])

    with pytest.raises(NotFinished):
        selling.sell(a_sale(till), actor=SYSTEM)

    assert traces() == before


def test_a_channel_that_takes_no_steps_by_itself_still_sells(till):
    Channel.objects.filter(code="walk_in").update(auto_verify=False, auto_confirm=False, auto_release=False)
    pricing.forget()
    careful = keep_till({}, warehouse="MUC", channel="walk_in")
    assert careful is not None

    assert sell(careful).status == OrderStatus.COMPLETED


def test_the_invoice_is_drawn_only_when_somebody_wants_it(till):
    sell(till)
    assert not Attachment.objects.exists()


def test_a_sale_asks_as_much_for_ten_articles_as_for_two(till, monkeypatch, django_assert_max_num_queries):
    for n in range(10):
        make_priced_product(f"CUP-{n}", "1.00", stock={"MUC": 3})
    lines = tuple(LineInput(sku=f"CUP-{n}", quantity=1) for n in range(10))
    # Who sells and the accounts of the books are there from the first sale on.
    monkeypatch.setattr(ledger, "SETTLED_AFTER", timedelta(0))
    for token in ("b", "c"):
        ledger.forget()
        sell(till, token=token * 32)
    with django_assert_max_num_queries(51):
        sell(till, lines=lines, total=Decimal("11.90"))


def test_at_the_counter_the_price_is_the_one_that_was_shown(till):
    # The basket knows nobody yet; who gives a name afterwards still pays what was said.
    Promotion.objects.create(code="WELCOME", name="W", kind="percent", value=10, needs_code=False, first_order=True)
    Promotion.objects.create(
        code="ONCE", name="O", kind="percent", value=10, needs_code=False, max_uses_per_customer=1
    )
    pricing.forget()

    named = sell(till, buyer=Buyer(name="Ada Byron", email="ada@example.com"))
    nameless = sell(till, token="b" * 32)

    assert [(order.discount_total, order.total) for order in (named, nameless)] == [(0, Decimal("16.39"))] * 2


def test_every_law_of_the_books_holds_afterwards(till):
    sell(till)
    sell(till, token="b" * 32, method=selling.CARD, given=None, discount=Decimal("1.42"), total=Decimal("14.75"))

    findings = [ask() for _code, _name, ask in invariants.questions()]
    assert len(findings) > 20
    assert [(one.name, one.breaches) for one in findings if one.breaches] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_clicks_at_the_same_moment_are_one_sale(till):
    twins = [partial(selling.sell, a_sale(till), actor=SYSTEM)] * 2

    outcomes = concurrently(*twins, raising=False)

    assert sorted(type(one.error).__name__ for one in outcomes) == ["DuplicateReference", "NoneType"]
    assert (Order.objects.count(), Invoice.objects.count(), Payment.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_tills_sell_the_last_one_once(till):
    make_priced_product("JAR", "3.00", stock={"MUC": 1})
    jar = {"lines": (LineInput(sku="JAR", quantity=1),), "total": Decimal("3.57"), "given": None}
    sales = [a_sale(till, token=letter * 32, **jar) for letter in "ab"]

    outcomes = concurrently(*(partial(selling.sell, one, actor=SYSTEM) for one in sales), raising=False)

    assert sorted(type(one.error).__name__ for one in outcomes) == ["InsufficientStock", "NoneType"]
    assert list(Invoice.objects.values_list("number", flat=True)) == ["INV-000001"]
    assert StockItem.objects.get(product__sku="JAR").on_hand == 0


def test_a_device_remembers_its_shop(shop):
    session: dict[str, Any] = {}

    assert open_till(session) is None
    assert keep_till(session, warehouse="MUC", channel="walk_in") is not None

    again = open_till(session)
    assert again is not None
    assert (again.warehouse.code, again.channel.code, again.method.code) == ("MUC", "walk_in", "pickup")
    assert keep_till(session, warehouse="NOPE", channel="walk_in") is None
    assert open_till(replace_shop(session, "NOPE")) is None


def replace_shop(session: dict[str, Any], code: str) -> dict[str, Any]:
    return {"till": {**session["till"], "warehouse": code}}


def test_where_there_is_one_shop_nobody_is_asked(db):
    pricing.ensure_defaults(actor=SYSTEM)
    make_warehouse("HAM")
    only = open_till({})
    assert only is not None
    assert (only.warehouse.code, only.channel.code) == ("HAM", "walk_in")
