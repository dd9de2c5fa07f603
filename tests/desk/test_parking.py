"""A sale that waits while the next customer is served: a draft of its counter, for which nothing is reserved."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from billing.models import Invoice, Payment
from core import outbox
from core.actors import SYSTEM
from core.models import User
from customers import services as customers
from customers.models import Customer
from inventory.models import Reservation, StockItem
from orders.models import Draft, Order
from tests.factories.shop import make_shop

pytestmark = pytest.mark.django_db

COUNTER, PARK, SHOP = "/desk/walk-in/", "/desk/walk-in/park/", "/desk/walk-in/shop/"
GOODS = [{"sku": "MUG-RED", "quantity": 2}, {"sku": "TEA-1", "quantity": 1}]


def staff(client: Any, *permissions: str, name: str = "maya", shop: str = "MUC") -> Any:
    user = User.objects.create_user(name, first_name=name.title(), is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    client.post(SHOP, {"warehouse": shop, "channel": "walk_in"})
    return client


@pytest.fixture
def counter(client: Any) -> Any:
    """Return a client of a cashier whose till stands in Munich."""
    make_shop()
    return staff(client, "sell_at_counter", "change_price", "view_customer")


def said(token: str = "a" * 32, **given: Any) -> dict[str, Any]:
    lines = given.pop("lines", GOODS)
    return {"token": token, "page": "b" * 32, "lines": json.dumps(lines), "method": "cash", **given}


def taken(client: Any, number: str) -> dict[str, Any]:
    """Return what the counter sends after a sale was taken up."""
    page = client.get(COUNTER, {"take": number}).context
    form = page["form"]
    shown = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    return {**shown, "lines": json.dumps(page["state"]["lines"])}


def test_a_sale_is_parked_and_taken_up_as_it_was(counter):
    answer = counter.post(PARK, said(given="50", discount="10 %", name="Eva Huber", email="not a mail yet"))

    order = Order.objects.get()
    assert answer["Location"] == COUNTER
    assert (order.status, order.customer_name, order.total) == ("draft", "Eva Huber", Decimal("16.390"))
    assert not Reservation.objects.exists()
    assert {*StockItem.objects.values_list("reserved", flat=True)} == {0}
    assert not Customer.objects.exists(), "nobody becomes a customer by leaving something on the counter"
    [waits] = counter.get(COUNTER).context["parked"]
    assert (waits.number, waits.pieces, waits.buyer, waits.by) == (order.number, 3, "Eva Huber", "staff:maya")

    page = counter.get(COUNTER, {"take": order.number})
    form = page.context["form"]
    assert page.context["state"]["lines"] == GOODS
    told = {name: form[name].value() for name in ("token", "version", "given", "discount", "name", "email")}
    assert told == {
        "token": "a" * 32,
        "version": 0,
        "given": "50",
        "discount": "10 %",
        "name": "Eva Huber",
        "email": "not a mail yet",
    }
    assert (page.context["parked"], page.context["taken"].number) == ([], order.number)


def test_what_was_parked_is_sold_under_its_number_and_waits_no_more(counter):
    counter.post(PARK, said())
    number = Order.objects.get().number
    counter.post(COUNTER, said(token="c" * 32, total="11.90", lines=[{"sku": "MUG-RED", "quantity": 2}]))
    assert len(counter.get(COUNTER).context["parked"]) == 1, "the next one is served meanwhile"

    sale = {**taken(counter, number), "total": "16.39", "given": "20,00"}
    first, second = counter.post(COUNTER, sale), counter.post(COUNTER, sale)

    assert first["Location"] == second["Location"] == f"/desk/walk-in/{number}/", "sent twice it is sold once"
    assert [*Order.objects.order_by("pk").values_list("status", flat=True)] == ["completed"] * 2
    outbox.drain()
    assert (Invoice.objects.count(), Payment.objects.count()) == (2, 2)
    shelf = dict(StockItem.objects.filter(warehouse__code="MUC").values_list("product__sku", "on_hand"))
    assert shelf == {"MUG-RED": 96, "TEA-1": 99}
    assert {*StockItem.objects.values_list("reserved", flat=True)} == {0}
    assert counter.get(COUNTER).context["parked"] == []
    assert not Draft.objects.filter(open=True).exists()


def test_a_parked_sale_belongs_to_its_counter(counter):
    counter.post(PARK, said())
    number = Order.objects.get().number

    counter.post(SHOP, {"warehouse": "HAM", "channel": "walk_in"})

    page = counter.get(COUNTER, {"take": number})
    assert (page.context["parked"], page.context["state"]["lines"]) == ([], [])
    assert f"{number} is not parked here any more." in page.content.decode()
    assert counter.post(f"/desk/walk-in/parked/{number}/discard/").status_code == 404
    assert Draft.objects.get().open


def test_one_sale_is_parked_as_another_is_taken_up(counter):
    counter.post(PARK, said())
    first = Order.objects.get().number

    answer = counter.post(PARK, said(token="c" * 32, then=first, lines=[{"sku": "TEA-1", "quantity": 4}]))

    assert answer["Location"] == f"{COUNTER}?take={first}"
    page = counter.get(answer["Location"]).context
    assert (page["taken"].number, [one.pieces for one in page["parked"]]) == (first, [4])


def test_who_took_up_what_somebody_parked_anew_is_told(counter):
    counter.post(PARK, said())
    number = Order.objects.get().number
    mine = taken(counter, number)
    counter.post(PARK, {**taken(counter, number), "page": "d" * 32, "lines": json.dumps(GOODS[:1])})

    for answer in (counter.post(COUNTER, {**mine, "total": "16.39"}), counter.post(PARK, mine)):
        assert answer.status_code == 409
        assert f"{number} was changed meanwhile" in answer.content.decode()
        assert answer.context["state"]["lines"] == GOODS, "nothing that lies there is lost"
    assert Order.objects.get().status == "draft"


def test_nobody_comes_back_and_it_is_thrown_away(counter):
    counter.post(PARK, said())
    order = Order.objects.get()
    mine = taken(counter, order.number)

    counter.post(f"/desk/walk-in/parked/{order.number}/discard/")

    assert Order.objects.get().status == "cancelled"
    answer = counter.post(COUNTER, {**mine, "total": "16.39"})
    assert answer.status_code == 409
    assert f"{order.number} is no draft" in answer.content.decode()
    again = answer.context["form"]
    fresh = {**mine, "total": "16.39", "token": again["token"].value(), "version": again["version"].value()}
    assert "/desk/walk-in/SO-" in counter.post(COUNTER, fresh)["Location"], "what lies there is a sale of its own"


@pytest.mark.parametrize(
    "sent",
    [
        {"lines": []},
        {"token": "x"},
        {"page": "no page"},
        {"version": "-1"},
        {"lines": [{"sku": "A\0", "quantity": 1}]},
        {"lines": [{"sku": "MUG-RED", "quantity": 10**9}]},
    ],
)
def test_what_no_counter_sends_is_not_parked(counter, sent):
    assert counter.post(PARK, said(**sent)).status_code == 409
    assert not Order.objects.exists()


def test_whatever_was_typed_is_parked_as_it_is(counter):
    odd = {"given": "a lot", "email": "x" * 999, "city": "Ber\0lin", "customer": "C-404", "country": "??"}
    answer = counter.post(PARK, said(lines=[{"sku": "GONE-1", "quantity": 2}], **odd))

    assert answer.status_code == 302
    number = Order.objects.get().number
    page = counter.get(COUNTER, {"take": number})
    assert page.context["state"]["lines"] == [{"sku": "GONE-1", "quantity": 2}]
    assert page.context["form"]["given"].value() == "a lot"


def test_the_office_goes_on_with_what_was_left_in_a_shop(counter, client):
    ada = customers.create_customer(customers.CustomerInput(name="Ada Byron"), actor=SYSTEM)
    counter.post(PARK, said(customer=ada.number, customer_label="Ada Byron"))
    number = Order.objects.get().number
    User.objects.get().user_permissions.add(Permission.objects.get(codename="operate_order"))

    at_the_counter = counter.get(f"/desk/orders/{number}/")
    assert at_the_counter["Location"] == f"{COUNTER}?take={number}"

    office = staff(client, "operate_order", "view_customer", name="tess")
    state = office.get(f"/desk/orders/{number}/").context["state"]
    assert (state["card"]["label"], [line["quantity"] for line in state["typed"]["lines"]]) == (
        "Ada Byron",
        ["2", "1"],
    )


def test_who_may_see_no_customers_is_shown_none(counter, client):
    ada = customers.create_customer(customers.CustomerInput(name="Ada Byron"), actor=SYSTEM)
    counter.post(PARK, said(customer=ada.number, customer_label="Ada Byron"))
    number = Order.objects.get().number
    tom = staff(client, "sell_at_counter", name="tom")

    assert "Ada Byron" not in tom.get(COUNTER).content.decode()
    page = tom.get(COUNTER, {"take": number})
    assert "Ada Byron" not in page.content.decode()
    assert tom.post(COUNTER, {**taken(tom, number), "total": "16.39"}).status_code == 302


def test_the_counter_asks_a_fixed_number_of_statements(counter, django_assert_num_queries):
    for n in range(3):
        counter.post(PARK, said(token=f"{n:032x}"))
    counter.get(COUNTER)
    with django_assert_num_queries(7):
        counter.get(COUNTER)
