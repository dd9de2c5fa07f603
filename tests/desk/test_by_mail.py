"""A new order that goes out by mail: with a link to pay, or as a quotation."""

import re

import pytest
from django.utils import timezone

from core.actors import SYSTEM
from core.models import OutgoingMail
from customers import services as customers
from orders.models import Draft, Order
from tests.desk.said import KEEP, OFFER, PLACE, faults, send
from tests.scenarios import ADA, placed_order

pytestmark = pytest.mark.django_db


def test_a_pay_link_asks_for_the_money_at_once(ada, maya, run_debts):
    assert "url" in send(maya, PLACE, customer=ada.number, pay_link=True)
    run_debts()

    order = Order.objects.get()
    assert (order.status, order.payment_terms) == ("verified", "prepaid")
    assert [mail.kind for mail in OutgoingMail.objects.all()] == ["order_received"]


def test_a_pay_link_of_a_held_order_goes_out_too(ada, maya, run_debts):
    placed_order(email="", customer_id=ada.pk)
    run_debts()
    OutgoingMail.objects.all().delete()

    assert "url" in send(maya, PLACE, customer=ada.number, pay_link=True)
    run_debts()

    order = Order.objects.order_by("-pk").first()
    assert order.status == "placed"
    assert [mail.kind for mail in OutgoingMail.objects.all()] == ["payment_request"]


def test_a_link_needs_somebody_to_read_it(shop, maya):
    bo = customers.take_in(customers.CustomerInput(name="Bo", phone="0401"), ADA, actor=SYSTEM)

    assert faults(send(maya, PLACE, customer=bo.number, pay_link=True)) == [("/customer", "required")]
    assert not Order.objects.exists()


def test_a_quotation_is_sent_read_and_accepted(ada, maya, client, run_debts):
    until = timezone.localdate() + timezone.timedelta(days=10)
    assert send(maya, OFFER, customer=ada.number, valid_until=until.isoformat()) == {"url": "/desk/orders/"}
    run_debts()
    link = re.search(r"/quotations/\S+", OutgoingMail.objects.get(kind="quotation").text)[0]

    page = client.get(link)
    assert page.status_code == 200
    assert "€22.06" in page.content.decode()
    assert Order.objects.get().status == "draft"
    accepted = client.post(link)

    order = Order.objects.get()
    assert (accepted.headers["Location"], order.status) == (f"/orders/{order.number}/placed/", "confirmed")
    assert client.get(accepted.headers["Location"]).status_code == 200
    assert client.post(link).headers["Location"] == f"/orders/{order.number}/"
    assert Order.objects.count() == 1


def test_a_quotation_that_was_replaced_is_over(ada, maya, client, run_debts):
    until = timezone.localdate().isoformat()
    send(maya, OFFER, customer=ada.number, valid_until=until)
    run_debts()
    link = re.search(r"/quotations/\S+", OutgoingMail.objects.get(kind="quotation").text)[0]
    send(maya, KEEP, customer=ada.number, version=0, customer_note="changed")

    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410
    assert client.get("/quotations/forged/").headers["Location"] == "/look-up/"
    assert Order.objects.get().status == "draft"


@pytest.mark.parametrize("until", ["", "2020-01-01", "soon", "9999-12-31"])
def test_a_quotation_has_a_last_day(ada, maya, until):
    answer = send(maya, OFFER, customer=ada.number, valid_until=until)

    assert [pointer for pointer, _code in faults(answer)] == ["/valid_until"]
    assert not Draft.objects.exists()
