"""What customers read: once per parcel, in their language, with what follows."""

import pytest

from core.models import OutgoingMail
from fulfillment import notifications
from fulfillment import services as fulfillment
from tests.factories.shop import make_priced_product

from .helpers import TOM, shipped

pytestmark = pytest.mark.django_db


def mails(kind):
    return list(OutgoingMail.objects.filter(kind=kind).order_by("pk"))


def test_a_parcel_that_leaves_is_announced_with_what_follows(shop, run_debts):
    make_priced_product("POT", "30.00", stock={"HAM": 1}, backorder=True, name="Clay pot")
    parcel = shipped({"MUG-RED": 2, "POT": 3})
    run_debts()

    (mail,) = mails("shipped")
    assert (mail.to, mail.subject) == ("ada@example.com", f"Your order {parcel.order.number} is on its way")
    for words in ("Hello Ada Byron,", "2 × Red mug", "1 × Clay pot", "Still to come", "2 × Clay pot"):
        assert words in mail.text
        assert words in mail.html
    assert f"House delivery, tracking number {parcel.tracking_number}" in mail.text
    assert "/track/" in mail.text


def test_a_delivered_order_is_announced_once(shop, run_debts):
    parcel = shipped()
    fulfillment.deliver_shipment(parcel.pk, actor=TOM)
    run_debts()
    notifications.send_delivered(parcel.pk)

    (mail,) = mails("delivered")
    assert mail.subject == f"Your order {parcel.order.number} has been delivered"
    assert "2 × Red mug" in mail.text


def test_a_parcel_of_several_is_not_called_the_order(shop, run_debts):
    make_priced_product("POT", "30.00", stock={"HAM": 1}, backorder=True)
    parcel = shipped({"POT": 2})
    fulfillment.deliver_shipment(parcel.pk, actor=TOM)
    run_debts()

    assert mails("delivered")[0].subject == f"A parcel of your order {parcel.order.number} has arrived"


def test_names_with_signs_stay_what_they_are(shop, run_debts):
    shipped(customer_name="D'Arcy & <Sons>")
    run_debts()

    (mail,) = mails("shipped")
    assert "Hello D'Arcy & <Sons>," in mail.text
    assert "D&#x27;Arcy &amp; &lt;Sons&gt;" in mail.html


def test_nobody_is_written_to_without_an_address(shop, run_debts):
    shipped(email="", phone="+49 40 123456", channel="staff")
    run_debts()

    assert mails("shipped") == []


def test_german_customers_read_german(shop, run_debts):
    parcel = shipped(language="de")
    run_debts()

    (mail,) = mails("shipped")
    assert mail.subject == f"Ihre Bestellung {parcel.order.number} ist unterwegs"
    assert "In diesem Paket" in mail.text


def test_pictures_of_what_comes_and_of_what_follows_are_found(shop, run_debts):
    make_priced_product("POT", "30.00", stock={"HAM": 1}, backorder=True, image="demo/pot.svg")
    parcel = shipped({"POT": 2})
    fulfillment.deliver_shipment(parcel.pk, actor=TOM)
    run_debts()

    picture = 'src="http://127.0.0.1:8000/static/demo/pot.svg"'
    (left,), (arrived,) = mails("shipped"), mails("delivered")
    assert (left.html.count(picture), arrived.html.count(picture)) == (2, 1)
