"""What customers read about their returns: once per fact, in their language."""

import pytest

from core.models import OutgoingMail
from inventory.models import Product, Warehouse
from returns import services as returns
from returns.models import ReturnLine, ReturnPolicy
from tests.factories.returns import MAYA, authorized, days_ago, delivered_order, received, requested, resolved

pytestmark = pytest.mark.django_db


def mails(kind: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=kind).order_by("pk"))


def test_a_withdrawal_is_confirmed_with_day_and_time(seller, run_debts):
    order = delivered_order()
    found = requested(order, {"MUG-RED": 1}, reason="Too red & too big")
    run_debts()

    (mail,) = mails("return_requested")
    assert mail.to == "ada@example.com"
    assert mail.subject == f"Your return {found.number} for order {order.number}"
    assert "you have withdrawn from your order" in mail.text
    assert "1 × Red mug" in mail.text
    assert "Reason: Too red & too big" in mail.text
    assert "Too red &amp; too big" in mail.html
    assert "/track/" in mail.text
    assert mail.thread == f"orders.order:{order.pk}"


def test_goods_are_shown_where_there_is_a_picture(seller, run_debts):
    Product.objects.filter(sku="MUG-RED").update(image="demo/mug.svg")
    requested(delivered_order(), {"MUG-RED": 1})
    run_debts()

    assert 'src="http://127.0.0.1:8000/static/demo/mug.svg"' in mails("return_requested")[0].html


def test_after_the_time_of_the_law_it_is_a_request(seller, run_debts):
    requested(delivered_order(at=days_ago(20)), {"MUG-RED": 1})
    run_debts()

    assert "you want to return something" in mails("return_requested")[0].text


def test_the_instructions_name_number_address_and_policy(seller, run_debts):
    address = {"company": "Kettle & Co.", "line1": "Kai 1", "postal_code": "20457", "city": "Hamburg", "country": "DE"}
    Warehouse.objects.filter(code="HAM").update(address=address)
    ReturnPolicy.objects.create(instructions="Please leave the labels on.")
    found = authorized(delivered_order(), {"MUG-RED": 2})
    run_debts()

    (mail,) = mails("return_authorized")
    assert mail.subject == f"How to send back your return {found.number}"
    for words in ("2 × Red mug", "Kettle & Co.", "20457 Hamburg", "Please leave the labels on.", str(found.number)):
        assert words in mail.text
    assert "Kettle &amp; Co." in mail.html


def test_a_no_comes_with_its_reason(seller, run_debts):
    found = requested(delivered_order(at=days_ago(20)), {"MUG-RED": 1})
    returns.decline_return(found.pk, reason="The mug was used.", actor=MAYA)
    run_debts()

    assert "The mug was used." in mails("return_declined")[0].text


def test_each_part_that_arrives_has_its_mail(seller, run_debts):
    found = authorized(delivered_order(), {"MUG-RED": 2})
    (line,) = ReturnLine.objects.all()
    for _ in range(2):
        returns.receive_return(found.pk, warehouse_id=seller.hamburg.pk, received={line.pk: 1}, actor=MAYA)
        run_debts()

    first, second = mails("return_received")
    assert "a part of your return is here" in first.text
    assert "1 × Red mug" in first.text
    assert "all goods of your return are here" in second.text
    assert "2 × Red mug" in second.text


def test_one_mail_of_each_kind_for_a_whole_return(seller, run_debts):
    resolved(delivered_order(), {"MUG-RED": 1})

    kinds = [mail.kind for mail in OutgoingMail.objects.filter(kind__startswith="return_").order_by("pk")]
    assert kinds == ["return_requested", "return_authorized", "return_received"]


def test_history_that_is_told_afterwards_writes_to_nobody(seller, run_debts):
    order = delivered_order(notify=False)
    received(order, {"MUG-RED": 1})
    run_debts()

    assert not OutgoingMail.objects.filter(kind__startswith="return_").exists()


def test_every_mail_can_be_written_in_german(seller, run_debts):
    order = delivered_order(language="de")
    resolved(order, {"MUG-RED": 1})

    found = OutgoingMail.objects.filter(kind__startswith="return_")
    assert {mail.language for mail in found} == {"de"}
    assert all(mail.subject and mail.text and mail.html for mail in found)
