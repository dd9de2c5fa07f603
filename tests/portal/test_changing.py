"""A customer changes an order until it is packed."""

import pytest

from core.actors import SYSTEM
from fulfillment import services as fulfillment
from orders.models import Order, OrderChange
from tests.portal.visitors import faults_of, text_of
from tests.scenarios import anew, confirmed_order, placed_order, run_debts

pytestmark = pytest.mark.django_db


def typed(client, order, **changed):
    """Return what the form of an order sends, with some of it changed."""
    form = client.get(f"/orders/{order.number}/change/").context["form"]
    return {name: "" if form[name].value() is None else form[name].value() for name in form.fields} | changed


def test_an_order_is_changed_with_three_taps(signed_in):
    order = confirmed_order()
    address = f"/orders/{order.number}/change/"
    page = text_of(signed_in.get(f"/orders/{order.number}/"))
    assert "Change order" in page
    assert "Possible until we begin to pack it, at the latest on" in page
    sent = typed(signed_in, order, line1="2 Main St", line_1="3", line_2="0")

    shown = text_of(signed_in.post(address, sent))
    assert "3 × Red mug" in shown
    assert "Morning tea" not in shown
    assert "€23.68 instead of €22.06" in shown or "instead of €22.06" in shown
    assert anew(order).version == order.version

    done = signed_in.post(address, {**sent, "confirm": "1"}, follow=True)

    now = anew(order)
    assert f"Order {order.number} is changed." in text_of(done)
    assert (now.shipping_address["line1"], [line.wanted for line in now.lines.all()]) == ("2 Main St", [3, 0])
    assert OrderChange.objects.get().requested_by == f"customer:{order.customer.number}"


def test_what_cannot_be_stands_beside_its_field(signed_in):
    order = placed_order()
    address = f"/orders/{order.number}/change/"
    answer = signed_in.post(address, typed(signed_in, order, line_1="999", confirm="1"))
    assert (answer.status_code, faults_of(answer)) == (409, {"line_1": ["We do not have enough of it."]})
    answer = signed_in.post(address, typed(signed_in, order, postal_code="x", line1="", confirm="1"))
    assert set(faults_of(answer)) == {"postal_code", "line1"}
    answer = signed_in.post(address, typed(signed_in, order, line_1="3", version="1", confirm="1"))
    assert faults_of(answer) == {"__all__": ["Your order was changed meanwhile. Please look at it again."]}
    assert anew(order).version == order.version


def test_once_somebody_packs_it_is_too_late(signed_in):
    order = confirmed_order()
    run_debts()
    sent = typed(signed_in, order, line_1="3", confirm="1")
    fulfillment.release_order(order.pk, actor=SYSTEM)
    answer = signed_in.post(f"/orders/{order.number}/change/", sent)
    assert "We have begun to pack it." in text_of(answer)
    assert Order.objects.get().lines.get(position=1).quantity == 2


def test_a_foreign_order_is_changed_by_nobody(client):
    order = confirmed_order()
    assert client.get(f"/orders/{order.number}/change/").status_code == 404
    assert client.post(f"/orders/{order.number}/change/", {"line_1": "9"}).status_code == 404
