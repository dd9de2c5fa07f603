"""The pages of the walk-in: who may, what a scan answers, and what a refusal keeps."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from billing.models import Invoice, Payment
from core import outbox
from core.actors import SYSTEM
from core.models import OutgoingMail, User
from customers import services as customers
from inventory.models import Product, StockItem
from orders.models import Order
from tests.factories.catalog import make_product
from tests.factories.shop import make_priced_product, make_shop
from tests.scenarios import delivered_order

pytestmark = pytest.mark.django_db

COUNTER, BASKET, SHOP = "/desk/walk-in/", "/desk/walk-in/basket/", "/desk/walk-in/shop/"


def staff(client: Any, *permissions: str) -> Any:
    user = User.objects.create_user("maya", first_name="Maya", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


@pytest.fixture
def counter(client: Any) -> Any:
    """Return a client of a cashier whose till stands in Munich."""
    make_shop()
    staff(client, "sell_at_counter", "change_price", "view_customer")
    client.post(SHOP, {"warehouse": "MUC", "channel": "walk_in"})
    return client


def ask(client: Any, lines: Any = (), codes: Any = (), **more: Any) -> Any:
    said = {"lines": [{"sku": sku, "quantity": n} for sku, n in lines], "codes": list(codes), **more}
    return client.post(BASKET, json.dumps(said), content_type="application/json")


def sale(token: str = "a" * 32, **given: Any) -> dict[str, Any]:
    lines = given.pop("lines", [{"sku": "MUG-RED", "quantity": 2}, {"sku": "TEA-1", "quantity": 1}])
    return {"token": token, "lines": json.dumps(lines), "total": "16.39", "method": "cash", "given": "20,00", **given}


def test_nobody_sells_without_the_permission(client):
    make_shop()
    staff(client, "view_order", "operate_order", "operate_payment")
    for answer in (client.get(COUNTER), client.post(COUNTER, sale()), client.get(SHOP), ask(client)):
        assert answer.status_code == 403
    assert not Order.objects.exists()


def test_whoever_is_not_signed_in_is_sent_to_the_door(client):
    assert client.get(COUNTER).status_code == 302
    assert "login" in client.get(COUNTER)["Location"]


def test_the_shop_is_asked_for_once_per_device(client):
    make_shop()
    staff(client, "sell_at_counter")

    for page in (client.get(COUNTER), client.get(SHOP), client.post(COUNTER, sale())):
        assert page.status_code == 200
        assert b'value="MUC"' in page.content
    assert not Order.objects.exists()
    assert client.post(SHOP, {"warehouse": "NOPE", "channel": "walk_in"}).status_code == 200
    assert client.post(SHOP, {"warehouse": "MUC", "channel": "walk_in"})["Location"] == COUNTER
    page = client.get(COUNTER)
    assert page.status_code == 200
    assert "Hand over now" in page.content.decode()
    assert 'name="discount"' not in page.content.decode()


def test_a_scan_adds_one_and_the_same_again_adds_one_more(counter):
    Product.objects.filter(sku="TEA-1").update(barcode="4006381333931")

    first = ask(counter, codes=["mug-red"]).json()
    second = ask(counter, [("MUG-RED", 1)], ["MUG-RED", " 4006381333931 "]).json()

    assert [(line["sku"], line["quantity"]) for line in first["lines"]] == [("MUG-RED", 1)]
    assert [(line["sku"], line["quantity"], line["price"], line["total"]) for line in second["lines"]] == [
        ("MUG-RED", 2, "5.00", "€10.00"),
        ("TEA-1", 1, "4.20", "€4.20"),
    ]
    assert second["added"] == {"MUG-RED": 1, "TEA-1": 1}
    assert second["sums"] == [["Goods", "€14.20"], ["VAT 19\xa0%", "€1.90"], ["VAT 7\xa0%", "€0.29"]]
    assert (second["total"], second["total_text"], second["units"]) == ("16.39", "€16.39", 3)
    assert second["cash"] == [["20.00", "€20.00"], ["50.00", "€50.00"], ["100.00", "€100.00"]]
    assert second["sellable"] is True


def test_an_unknown_code_changes_nothing_else(counter):
    told = ask(counter, [("MUG-RED", 1)], ["4711"]).json()

    assert told["unknown"] == ["4711"]
    assert [(line["sku"], line["quantity"]) for line in told["lines"]] == [("MUG-RED", 1)]
    assert told["added"] == {}


def test_a_barcode_that_two_articles_share_means_neither(counter):
    Product.objects.filter(sku__in=["TEA-1", "MUG-RED"]).update(barcode="12345670")
    assert ask(counter, codes=["12345670"]).json()["unknown"] == ["12345670"]


def test_what_is_no_longer_sold_is_unknown(counter):
    Product.objects.filter(sku="TEA-1").update(active=False)
    assert ask(counter, codes=["TEA-1"]).json()["unknown"] == ["TEA-1"]


def test_a_shortage_is_told_at_its_line(counter):
    told = ask(counter, [("MUG-RED", 103), ("TEA-1", 1)]).json()

    assert told["lines"][0]["short"] == "100 on the shelf, 103 wanted"
    assert (told["lines"][0]["fewer"], told["lines"][0]["shelf"]) == ("Sell 100", 100)
    assert told["lines"][1]["short"] == ""
    assert told["sellable"] is False


def test_what_is_missing_may_be_ordered_for_later_by_who_takes_orders(counter):
    assert "later" not in ask(counter, [("MUG-RED", 103)]).json()["lines"][0]
    may = Permission.objects.filter(codename__in=["operate_order", "view_customer"])
    User.objects.get(username="maya").user_permissions.add(*may)

    told = ask(counter, [("MUG-RED", 103), ("TEA-1", 1)]).json()

    assert [line["later"] for line in told["lines"]] == ["/desk/orders/new/?sku=MUG-RED&quantity=3", ""]
    page = counter.get(told["lines"][0]["later"])
    assert page.status_code == 200
    assert '"sku": "MUG-RED", "quantity": "3"' in page.content.decode()


def test_what_has_no_price_is_told_at_its_line_and_the_rest_is_priced(counter):
    make_product("BOX", "1.00", stock={"MUC": 4})

    told = ask(counter, [("BOX", 1), ("MUG-RED", 1)]).json()

    assert told["lines"][0]["fault"] == "This has no price in the shop."
    assert told["total"] == "5.95"
    assert told["sellable"] is False


@pytest.mark.parametrize(
    ("typed", "discount", "total"),
    [("10 %", "−€1.42", "14.75"), ("1,42", "−€1.42", "14.75"), ("100%", "−€14.20", "0.00"), ("", "", "16.39")],
)
def test_a_discount_is_a_share_or_an_amount(counter, typed, discount, total):
    told = ask(counter, [("MUG-RED", 2), ("TEA-1", 1)], discount=typed).json()

    assert dict(told["sums"]).get("Discount", "") == discount
    assert told["total"] == total


@pytest.mark.parametrize("typed", ["ten", "101 %", "1.234", "-3", "1e5", "٣"])
def test_a_discount_that_cannot_be_is_refused(counter, typed):
    answer = ask(counter, [("MUG-RED", 2)], discount=typed)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_discount_of_more_than_the_goods_is_told(counter):
    told = ask(counter, [("MUG-RED", 1)], discount="6").json()
    assert told["fault"] == "The discount is more than the goods are worth."
    assert told["sellable"] is False


def test_who_may_not_grant_a_discount_grants_none(client):
    make_shop()
    staff(client, "sell_at_counter")
    client.post(SHOP, {"warehouse": "MUC", "channel": "walk_in"})

    assert ask(client, [("MUG-RED", 2), ("TEA-1", 1)], discount="50%").json()["total"] == "16.39"
    assert client.post(COUNTER, sale(discount="50%")).status_code == 302
    assert Order.objects.get().discount_total == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"lines": 3}',
        b'{"lines": [1]}',
        b'{"lines": [{"sku": "MUG-RED", "quantity": 0}]}',
        b'{"lines": [{"sku": "MUG-RED", "quantity": true}]}',
        b'{"lines": [{"sku": "MUG-RED", "quantity": 1000000000000}]}',
        b'{"lines": [{"sku": "a\\u0000", "quantity": 1}]}',
        b'{"lines": [{"sku": "\\ud800", "quantity": 1}]}',
        b'{"lines": [{"sku": "MUG-RED", "quantity": ' + b"9" * 5000 + b"}]}",
        b'{"lines": ' + b"[" * 40_000,
        b'{"lines": [], "codes": 7}',
        b"\xff",
    ],
)
def test_a_body_that_cannot_be_read_is_refused(counter, body):
    assert counter.post(BASKET, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize(
    "lines", ["[" * 40_000, "9" * 5000, "{", '[{"sku": "\\ud800", "quantity": 1}]', "x" * 200_000]
)
def test_lines_that_cannot_be_read_are_refused_on_the_page(counter, lines):
    answer = counter.post(COUNTER, {**sale(), "lines": lines})

    assert answer.status_code == 409
    assert not Order.objects.exists()


def test_what_lies_on_the_counter_is_ordered_for_later_for_whoever_can_be_named(client):
    make_shop()
    staff(client, "sell_at_counter", "operate_order", "view_customer")
    client.post(SHOP, {"warehouse": "MUC", "channel": "walk_in"})
    body = b'{"lines": [{"sku": "MUG-RED", "quantity": 500}], "codes": ["\\ud800"], "customer": "C-\\ud800"}'

    told = client.post(BASKET, body, content_type="application/json").json()

    assert told["lines"][0]["later"] == "/desk/orders/new/?sku=MUG-RED&quantity=400&customer=C-"


def test_who_may_not_see_customers_sells_to_none_of_them(client):
    make_shop()
    staff(client, "sell_at_counter")
    client.post(SHOP, {"warehouse": "MUC", "channel": "walk_in"})
    number = delivered_order().customer.number
    before = Order.objects.count()

    answer = client.post(COUNTER, sale(customer=number))

    assert answer.status_code == 403
    assert Order.objects.count() == before


@pytest.mark.parametrize("address", ["/desk/walk-in/SO-%00/", "/desk/orders/SO-%00/", "/desk/orders/SO-%00/ship/"])
def test_no_order_has_a_number_that_no_database_keeps(staff, address):
    assert staff.get(address).status_code == 404


def test_a_scan_asks_as_much_for_twenty_lines_as_for_two(counter, django_assert_num_queries):
    wanted = []
    for n in range(20):
        make_priced_product(f"CUP-{n}", "1.00", stock={"MUC": 3})
        wanted.append((f"CUP-{n}", 1))
    ask(counter, wanted[:2])
    with django_assert_num_queries(8):
        ask(counter, wanted[:2])
    with django_assert_num_queries(8):
        ask(counter, wanted, ["CUP-1"])


def test_a_sale_leads_to_its_receipt(counter):
    answer = counter.post(COUNTER, sale())

    order = Order.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/desk/walk-in/{order.number}/"
    assert order.status == "completed"
    page = re.sub(r"<[^>]+>", " ", counter.get(answer["Location"]).content.decode())
    said = " ".join(page.split())
    assert "Red mug 2 × 5.00 · MUG-RED €10.00" in said
    assert "VAT 19 % on €10.00 €1.90" in said
    assert "Total €16.39" in said
    assert "Paid by cash €16.39" in said
    assert "Given €20.00 Change €3.61" in said
    assert f"Invoice INV-000001 · {order.number}" in said


def test_a_sale_sent_twice_leads_to_the_same_receipt(counter):
    first, second = counter.post(COUNTER, sale()), counter.post(COUNTER, sale())

    assert first["Location"] == second["Location"]
    assert (Order.objects.count(), Invoice.objects.count(), Payment.objects.count()) == (1, 1, 1)


def test_another_sale_under_the_same_token_is_shown_and_not_swallowed(counter):
    counter.post(COUNTER, sale())

    page = counter.post(COUNTER, sale(lines=[{"sku": "TEA-1", "quantity": 4}], total="17.98"))

    said = page.content.decode()
    assert page.status_code == 409
    assert "This would be another one." in said
    assert '"sku": "TEA-1", "quantity": 4' in said
    token = re.search(r'name="token" value="([0-9a-f]{32})"', said)
    assert token
    assert token[1] != "a" * 32
    assert Order.objects.count() == 1
    again = sale(token[1], lines=[{"sku": "TEA-1", "quantity": 4}], total="17.98")
    assert counter.post(COUNTER, again).status_code == 302
    assert Order.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"given": "10"}, "€6.39 are missing"),
        ({"given": "a lot"}, "Enter an amount of money."),
        ({"given": "20.001"}, "This is finer than EUR can be paid."),
        ({"total": "16.00"}, "The price changed: it is €16.39 now, not €16.00"),
        ({"lines": []}, "There is nothing to sell yet: scan something."),
        ({"lines": [{"sku": "NOPE", "quantity": 1}], "total": ""}, "There is no product NOPE"),
        ({"lines": [{"sku": "MUG-RED", "quantity": 101}]}, "Not all of it is on the shelf of this shop"),
        ({"line1": "Ring 1"}, "Whose invoice is it?"),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"customer": "C-999999"}, "There is no customer C-999999"),
        ({"method": "gold"}, "Select a valid choice"),
        ({"token": "x"}, "Nothing was sold yet."),
    ],
)
def test_a_refusal_is_said_and_nothing_typed_is_lost(counter, change, words):
    page = counter.post(COUNTER, sale(name="", reference="T-1", **change))

    said = page.content.decode()
    assert page.status_code == 409
    assert words in said
    assert 'value="T-1"' in said
    if change.get("lines") != []:
        assert '"quantity": ' in said
    assert not Order.objects.exists()
    assert sorted(set(StockItem.objects.values_list("on_hand", "reserved"))) == [(100, 0)]


def test_a_sale_to_a_known_customer(counter):
    eva = customers.create_customer(customers.CustomerInput(name="Eva Huber"), actor=SYSTEM)

    counter.post(COUNTER, sale(customer=eva.number))

    assert Order.objects.get().customer_id == eva.pk


def test_the_invoice_goes_out_when_asked_and_only_then(counter):
    place = counter.post(COUNTER, sale())["Location"]
    outbox.drain()
    assert not OutgoingMail.objects.exists()

    assert counter.post(f"{place}mail/", {"email": "nobody"}).status_code == 409
    counter.post(f"{place}mail/", {"email": "ada@example.com"})
    outbox.drain()

    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.kind) == ("ada@example.com", "invoice")
    assert [file.name for file in mail.attachments.all()] == ["INV-000001.pdf"]
    counter.post(f"{place}mail/", {"email": "ada@example.com"})
    outbox.drain()
    assert OutgoingMail.objects.count() == 2


def test_a_receipt_is_only_of_a_sale_over_the_counter(counter):
    order = delivered_order()
    assert counter.get(f"/desk/walk-in/{order.number}/").status_code == 404
    outbox.drain()
    for metadata in ({"shop": ["MUC"]}, {"shop": "MUC", "cash_given": "a lot"}):
        Order.objects.filter(pk=order.pk).update(metadata=metadata)
        assert counter.get(f"/desk/walk-in/{order.number}/").status_code in (200, 404)
    assert counter.get("/desk/walk-in/SO-999999/").status_code == 404


def test_a_receipt_asks_as_much_for_ten_lines_as_for_two(counter, django_assert_max_num_queries):
    place = counter.post(COUNTER, sale())["Location"]
    with django_assert_max_num_queries(12):
        counter.get(place)


def test_in_german(counter):
    counter.cookies.load({"django_language": "de"})
    User.objects.update(language="de")
    assert ask(counter, [("MUG-RED", 1)]).json()["total_text"] == "5,95\xa0€"


def test_a_sale_for_nothing_needs_no_money(counter):
    make_priced_product("SAMPLE", "0.00", stock={"MUC": 3})

    counter.post(COUNTER, sale(lines=[{"sku": "SAMPLE", "quantity": 1}], total="0.00", given=""))

    assert Order.objects.get().status == "completed"
    assert not Payment.objects.exists()
    assert Invoice.objects.get().total == Decimal(0)
