"""A new order on one page: what it costs, and placed once."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from core.actors import SYSTEM
from core.models import User
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Customer
from inventory import services as inventory
from inventory.models import StockItem
from orders.models import Draft, Order
from tests.desk.conftest import DESK, client_of, staff
from tests.desk.said import KEEP, OFFER, PLACE, QUOTE, faults, line, send
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.scenarios import ADA

pytestmark = pytest.mark.django_db


def figures(answer):
    return [(one["label"], one["value"]) for one in answer["figures"]]


def test_the_page_opens_for_who_takes_orders_only(shop, maya, tom, client):
    assert maya.get("/desk/orders/new/").status_code == 200
    assert tom.get("/desk/orders/new/").status_code == 403
    assert client.get("/desk/orders/new/").status_code == 302


def test_only_ways_of_delivery_that_carry_the_goods_are_listed_and_why_the_others_do_not(ada, maya):
    make_priced_product("ACID", "9.00", stock={"HAM": 5}, handling=["hazardous"])

    told = send(maya, QUOTE, customer=ada.number, lines=[line("ACID", 1)])

    assert [one["code"] for one in told["methods"]] == ["pickup"]
    assert "Standard delivery does not carry goods that are: hazardous" in told["unfit"]
    assert send(maya, QUOTE, customer=ada.number)["unfit"] == []


@pytest.mark.parametrize("address", [QUOTE, KEEP, PLACE, OFFER])
def test_permission_is_asked_again_where_something_is_sent(shop, tom, address):
    assert tom.post(address, "{}", content_type="application/json").status_code == 403
    assert not Order.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "nonsense", '"x"', "\x00", "[" * 5000])
def test_what_no_page_sends_is_not_understood(shop, maya, body):
    for address in (QUOTE, KEEP, PLACE, OFFER):
        assert maya.post(address, body, content_type="application/json").status_code == 400


def test_the_figures_are_those_of_the_contract_and_say_how_they_came_about(ada, maya):
    told = send(maya, QUOTE, customer=ada.number)

    assert told["total"] == "€22.06"
    assert figures(told) == [
        ("Goods", "€14.20"),
        ("Shipping", "€4.90"),
        ("VAT 19\xa0%", "€2.56"),
        ("VAT 7\xa0%", "€0.40"),
    ]
    assert [one["why"] for one in told["figures"]][2:] == [["19\xa0% on €13.45"], ["7\xa0% on €5.65"]]
    first = told["lines"]["0"]
    assert (first["price"], first["total"], first["stock"], first["tone"]) == ("€5.00", "€10.00", "200 free", "good")
    assert first["why"] == ["2 × €5.00", "Price list Standard", "19\xa0% tax on €10.00: €1.90"]
    assert (told["faults"], told["short"]) == ([], 0)
    assert [one["code"] for one in told["terms"]] == ["prepaid", "net14"]


def test_asking_writes_nothing(ada, maya):
    send(maya, QUOTE, customer=ada.number)

    assert [Order.objects.count(), Draft.objects.count(), Customer.objects.count()] == [0, 0, 1]
    assert stock_of_all() == 0


def stock_of_all():
    return sum(StockItem.objects.values_list("reserved", flat=True))


def test_asking_costs_the_same_however_many_lines(ada, maya, django_assert_max_num_queries):
    skus = [make_priced_product(f"P-{n}", "1.00", stock={"HAM": 5}).sku for n in range(25)]
    send(maya, QUOTE, customer=ada.number)
    with django_assert_max_num_queries(14) as few:
        send(maya, QUOTE, customer=ada.number, lines=[line("MUG-RED", 201)])
    with django_assert_max_num_queries(len(few.captured_queries)):
        told = send(maya, QUOTE, customer=ada.number, lines=[line(sku, 9) for sku in skus])
    assert told["short"] == 25


def test_a_bad_line_does_not_hide_the_others(ada, maya):
    make_priced_product("OLD", "1.00", active=False)
    lines = [line("NONE"), line("MUG-RED", 2), line("MUG-RED", "x"), line("OLD"), line("TEA-1")]

    told = send(maya, QUOTE, customer=ada.number, lines=lines)

    assert faults(told) == [
        ("/lines/2/quantity", "invalid_quantity"),
        ("/lines/0/sku", "unknown_product"),
        ("/lines/3/sku", "product_not_sold"),
    ]
    assert sorted(told["lines"]) == ["1", "4"]
    assert told["total"] == "€22.06"


@pytest.mark.parametrize("quantity", ["", "0", "-1", "1.5", "1e3", "٣", "10000000", "9" * 400, None, [], {}])
def test_a_quantity_is_a_whole_number(ada, maya, quantity):
    told = send(maya, QUOTE, customer=ada.number, lines=[{"sku": "TEA-1", "quantity": quantity}])

    assert faults(told) == [("/lines/0/quantity", "invalid_quantity")]


def test_a_shortage_says_what_can_be_done(ada, maya, shop):
    inventory.expect_receipt(
        product_id=shop.mug.pk,
        warehouse_id=shop.hamburg.pk,
        quantity=500,
        expected_on=timezone.localdate() + timezone.timedelta(days=10),
        reference="PO-1",
        actor=SYSTEM,
    )
    told = send(maya, QUOTE, customer=ada.number, lines=[line("MUG-RED", 215)])

    short = told["lines"]["0"]["shortage"]
    assert (told["short"], short["text"], short["there"], short["decided"]) == (1, "15 are missing.", 200, False)
    assert re.fullmatch(r"200 now, 15 on \w{3}, \d+ \w+", short["split"])
    assert re.fullmatch(r"All 215 together on \w{3}, \d+ \w+", short["together"])
    assert short["fewer"] == "Only the 200 that are there"
    assert told["promise"]["text"] == "Decide first about what is missing"


def test_a_substitute_is_of_the_same_family_and_there(shop, maya):
    make_priced_product("MUG-BLUE", "5.00", stock={"HAM": 40})
    make_priced_product("MUG-GREEN", "5.00", stock={"HAM": 4})
    make_priced_product("CUP-BLUE", "5.00", stock={"HAM": 40})

    hits = maya.get("/desk/look-up/substitutes/", {"sku": "mug-red", "quantity": "30"}).json()["hits"]

    assert [(hit["sku"], hit["stock"]) for hit in hits] == [("MUG-BLUE", "40 free")]


def test_an_order_is_placed_as_far_as_it_goes(ada, maya, shop):
    answer = send(maya, PLACE, customer=ada.number, purchase_order_number="PO-77")

    order = Order.objects.get()
    assert answer == {"url": f"/admin/orders/order/{order.pk}/change/"}
    assert (order.status, order.total, order.payment_terms, order.channel.code) == (
        "confirmed",
        Decimal("22.06"),
        "net14",
        "staff",
    )
    assert (order.purchase_order_number, order.shipping_address["city"], order.customer) == ("PO-77", "Berlin", ada)
    assert stock_of(shop.mug).reserved == 2


def test_the_same_page_places_once(ada, maya):
    answers = [send(maya, PLACE, customer=ada.number) for _twice in range(2)]

    assert answers[0] == answers[1]
    assert Order.objects.count() == 1


@pytest.mark.race
def test_a_double_click_is_one_order(ada, transactional_db, concurrently):
    person = User.objects.filter(username="maya").first() or staff("maya", *DESK)
    browsers = [client_of(person), client_of(person)]
    outcomes = concurrently(*[lambda one=one: send(one, PLACE, customer=ada.number) for one in browsers])

    assert outcomes[0].value == outcomes[1].value
    assert Order.objects.count() == 1


def test_what_is_missing_is_said_beside_its_field(shop, maya):
    assert faults(send(maya, PLACE, lines=[])) == [("/customer", "required"), ("/lines", "required")]
    assert faults(send(maya, PLACE, customer="C-999999")) == [("/customer", "unknown_customer")]
    assert not Order.objects.exists()


def test_goods_that_travel_need_somewhere_to_go(shop, maya):
    nobody = customers.create_customer(customers.CustomerInput(name="Bo", phone="0401234"), actor=SYSTEM)

    assert faults(send(maya, PLACE, customer=nobody.number)) == [("/ship_to", "required")]
    half = {"choice": "typed", "line1": "Kai 1", "country": "XX"}
    assert faults(send(maya, PLACE, customer=nobody.number, ship_to=half)) == [
        ("/ship_to/city", "required"),
        ("/ship_to/country", "required"),
    ]
    assert "url" in send(maya, PLACE, customer=nobody.number, shipping_method="pickup")


def test_a_typed_address_and_a_site_are_frozen_on_the_order(ada, maya):
    site = customers.add_address(
        ada.pk, PostalAddress(line1="Kai 1", city="Hamburg", postal_code="20457", country="DE"), actor=SYSTEM
    )
    typed = {
        "choice": "typed",
        "name": "Ada",
        "line1": "Weg 2",
        "city": "Bonn",
        "postal_code": "53111",
        "country": "de",
    }

    send(maya, PLACE, customer=ada.number, ship_to={"choice": str(site.pk)}, bill_to=typed)

    order = Order.objects.get()
    assert (order.shipping_address["city"], order.billing_address["city"]) == ("Hamburg", "Bonn")
    assert order.billing_address["country"] == "DE"


def test_the_site_of_somebody_else_is_nobodys(ada, maya):
    bo = customers.take_in(customers.CustomerInput(name="Bo"), ADA, actor=SYSTEM)

    answer = send(maya, PLACE, customer=ada.number, ship_to={"choice": str(bo.addresses.get().pk)})

    assert faults(answer) == [("/ship_to", "invalid_choice")]


def test_nobody_buys_on_terms_that_were_not_agreed(ada, maya):
    assert faults(send(maya, PLACE, customer=ada.number, payment_terms="net30")) == [
        ("/payment_terms", "invalid_choice")
    ]
    assert not Order.objects.exists()


def test_only_channels_of_the_desk_are_taken(ada, maya):
    assert faults(send(maya, PLACE, customer=ada.number, channel="import")) == [("/channel", "invalid_choice")]
    assert "url" in send(maya, PLACE, customer=ada.number, channel="phone")
    assert Order.objects.get().channel.code == "phone"


def test_prices_and_discounts_by_hand_need_the_permission(ada, maya):
    lines = [line("MUG-RED", 2, price="4,50"), line("TEA-1")]
    said = {"customer": ada.number, "lines": lines, "discount": "1", "discount_reason": "Chipped box"}
    User.objects.get(username="maya").user_permissions.remove(
        Permission.objects.get(codename="change_price", content_type__app_label="orders")
    )

    told = send(maya, QUOTE, **said)
    assert (told["total"], dict(figures(told)).get("Discount")) == ("€22.06", None)
    assert 'id="discount"' not in maya.get("/desk/orders/new/").content.decode()


def test_prices_and_discounts_by_hand_are_told_and_kept(ada, maya):
    lines = [line("MUG-RED", 2, price="4,50"), line("TEA-1")]
    said = {"customer": ada.number, "lines": lines, "discount": "1", "discount_reason": "Chipped box"}

    told = send(maya, QUOTE, **said)
    assert dict(figures(told))["Goods"] == "€13.20"
    assert dict(figures(told))["Discount"] == "−€1.00"
    assert "url" in send(maya, PLACE, **said)
    assert Order.objects.get().discount_total == Decimal("1.00")


@pytest.mark.parametrize("amount", ["abc", "-1", "1e9", "NaN", "0.0001", "9" * 30])
def test_an_amount_that_is_none_is_said_beside_its_field(ada, maya, amount):
    answer = send(maya, PLACE, customer=ada.number, discount=amount, discount_reason="x")

    assert faults(answer) == [("/discount", "invalid_amount")]


def test_a_discount_says_why(ada, maya):
    assert faults(send(maya, PLACE, customer=ada.number, discount="1")) == [("/discount_reason", "required")]


def test_a_shortage_is_decided_before_the_order_is_placed(ada, maya):
    lines = [line("TEA-1"), line("MUG-RED", 250)]

    assert faults(send(maya, PLACE, customer=ada.number, lines=lines)) == [("/lines/1/quantity", "insufficient_stock")]
    assert not Order.objects.exists()
    lines[1]["wait"] = "split"
    assert "url" in send(maya, PLACE, customer=ada.number, lines=lines)
    order = Order.objects.get()
    assert [(one.allocated, one.backordered) for one in order.lines.all()] == [(1, 0), (200, 50)]
    assert order.ship_complete is False


def test_all_later_waits_for_the_last_unit(ada, maya):
    send(maya, PLACE, customer=ada.number, lines=[line("MUG-RED", 250, wait="together")])

    order = Order.objects.get()
    assert (order.ship_complete, order.promised_on) == (True, order.lines.get().promised_on)


def test_the_page_speaks_german(ada, maya):
    User.objects.update(language="de")

    assert send(maya, QUOTE, customer=ada.number)["total"] == "22,06\xa0€"


def test_nothing_is_left_out_silently(ada, maya):
    told = send(maya, PLACE, customer=ada.number, lines=[line("TEA-1") for _n in range(501)])

    assert faults(told) == [("/lines", "too_many")]
    assert not Order.objects.exists()


def test_who_is_not_active_buys_nothing(ada, maya):
    customers.update_customer(ada.pk, {"active": False}, actor=SYSTEM)

    assert faults(send(maya, PLACE, customer=ada.number)) == [("/customer", "inactive_customer")]
