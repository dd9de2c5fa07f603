"""Who sees which order: its customer, and whoever knows its number and e-mail address."""

import pytest

from billing.models import Invoice
from core.actors import SYSTEM
from core.links import make_link
from customers.models import Customer
from orders import services as orders
from tests.portal.visitors import text_of
from tests.scenarios import anew, delivered_order, order_input, placed_order, run_debts

REFUSED = "We found no order with this number and e-mail address."


def eves_order():
    """Return an order that is nobody's here, delivered and invoiced."""
    order = delivered_order(email="eve@example.com", customer_name="Eve")
    run_debts()
    return order


@pytest.mark.parametrize("upper", [True, False])
def test_number_and_e_mail_address_open_an_order_in_any_case(client, upper):
    order = placed_order()
    typed = {"number": order.number, "email": " Ada@EXAMPLE.com"}
    typed["number"] = typed["number"] if upper else f" {order.number.lower()} "

    answer = client.post("/look-up/", typed)

    assert answer.url == f"/orders/{order.number}/"
    assert client.get(answer.url).status_code == 200


def test_a_wrong_number_and_a_wrong_address_are_answered_alike(client):
    order = placed_order()

    for typed in ({"number": "SO-999999", "email": "ada@example.com"}, {"number": order.number, "email": "a@b.de"}):
        answer = client.post("/look-up/", typed)
        assert answer.status_code == 400
        assert REFUSED in text_of(answer)
    assert client.get(f"/orders/{order.number}/").status_code == 404


def test_the_eleventh_try_within_a_minute_is_refused_even_with_the_right_answer(client):
    order = placed_order()
    for _ in range(10):
        assert client.post("/look-up/", {"number": "SO-1", "email": "a@b.de"}).status_code == 400

    answer = client.post("/look-up/", {"number": order.number, "email": "ada@example.com"})

    assert answer.status_code == 429
    assert "Too many tries. Please wait a minute." in text_of(answer)


def test_a_nul_in_the_look_up_is_named_beside_its_field(client):
    answer = client.post("/look-up/", {"number": "SO-1\0", "email": "ada@example.com"})

    assert answer.context["form"].errors == {"number": ["Null characters are not allowed."]}


@pytest.mark.parametrize(
    "page", ["", "placed/", "cancel/", "return/", "documents/{invoice}/", "documents/{invoice}/xml/"]
)
def test_a_foreign_order_answers_like_a_missing_one(signed_in, page):
    order = eves_order()
    page = page.format(invoice=Invoice.objects.get().number)

    assert signed_in.get(f"/orders/{order.number}/{page}").status_code == 404
    assert signed_in.get(f"/orders/SO-999999/{page}").status_code == 404
    if page in ("cancel/", "return/"):
        assert signed_in.post(f"/orders/{order.number}/{page}", {"reason": "damaged"}).status_code == 404


def test_an_invoice_opens_only_with_its_own_order(signed_in):
    mine = placed_order()
    eves_order()

    answer = signed_in.get(f"/orders/{mine.number}/documents/{Invoice.objects.get().number}/")

    assert answer.status_code == 404


def test_a_draft_is_nobodys_order(signed_in, ada):
    draft = orders.save_draft(order_input(customer_id=ada.pk), actor=SYSTEM)

    assert signed_in.get(f"/orders/{draft.number}/").status_code == 404


@pytest.mark.parametrize("path", ["/orders/SO-1%00/", "/orders/SO-1%00/documents/R%00/", "/track/?number=SO%00"])
def test_a_nul_in_an_address_finds_nothing(client, path):
    assert client.get(path).status_code in (302, 404)


def test_a_link_from_a_mail_opens_its_order_and_changes_nothing(client):
    order = placed_order()
    version = order.version

    answer = client.get(f"/track/{make_link('order', order.history_thread())}/")

    assert answer.url == f"/orders/{order.number}/"
    assert client.get(answer.url).status_code == 200
    assert anew(order).version == version


def test_a_forged_link_leads_to_the_look_up(client):
    answer = client.get("/track/forged/", follow=True)

    assert answer.redirect_chain == [("/look-up/", 302)]
    assert "This link is too old. Please look your order up." in text_of(answer)


def test_tracking_by_number_asks_strangers_for_the_address(client):
    order = placed_order()

    answer = client.get(f"/track/?number={order.number}", follow=True)
    assert answer.redirect_chain == [(f"/look-up/?number={order.number}", 302)]
    assert answer.context["form"]["number"].value() == order.number

    client.post("/look-up/", {"number": order.number, "email": "ada@example.com"})
    assert client.get(f"/track/?number={order.number.lower()}").url == f"/orders/{order.number}/"


def test_my_orders_are_paged_newest_first_in_a_fixed_number_of_queries(signed_in, django_assert_num_queries):
    numbers = [placed_order({"MUG-RED": 1}).number for _ in range(22)]
    assert Customer.objects.count() == 1

    with django_assert_num_queries(5):
        first = signed_in.get("/orders/")
    with django_assert_num_queries(5):
        second = signed_in.get("/orders/?page=2")

    assert [row["order"].number for row in first.context["rows"]] == numbers[:1:-1]
    assert [row["order"].number for row in second.context["rows"]] == numbers[1::-1]
