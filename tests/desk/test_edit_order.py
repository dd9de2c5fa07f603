"""The page on which an order is edited."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from core.actors import SYSTEM
from core.models import User
from orders import services as orders
from orders.models import OrderChange, OrderLine
from orders.wishes import LineWish, Wish
from tests.scenarios import anew, confirmed_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def maya(shop):
    """Return a browser in which somebody may edit orders."""
    user = User.objects.create_user("maya", password="x", is_staff=True)
    names = ["view_order", "change_order", "change_price", "view_orderchange"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page_of(order):
    return reverse("desk:edit-order", args=[order.number])


def form_of(client, order, **changed):
    """Return what the page of an order sends, with some of it changed."""
    context = client.get(page_of(order)).context
    typed = context["typed"]
    sent = {name: value for name, value in typed.said.items() if value}
    return {**sent, "was": context["was"], "version": typed.version, "tell": "on", **changed}


def test_an_address_is_corrected_and_nothing_else_changes(maya, shop):
    order = confirmed_order()
    answer = maya.post(page_of(order), form_of(maya, order, **{"ship-line1": "2 Main St", "apply": "1"}))
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:orders_order_change", args=[order.pk]))
    now = anew(order)
    assert now.shipping_address == {**order.shipping_address, "line1": "2 Main St"}
    assert (now.total, now.promised_on) == (order.total, order.promised_on)
    assert OrderChange.objects.get().wish == {"shipping_address": now.shipping_address}


def test_the_preview_tells_what_would_be(maya, shop):
    order = confirmed_order()
    sent = form_of(
        maya, order, **{"q-1": "5", "add-sku": "TEA-1", "add-quantity": "2", "add-price": "", "add-name": ""}
    )
    told = maya.post(reverse("desk:preview-edit", args=[order.number]), sent).json()
    assert (told["errors"], told["lacking"], told["button"]) == ({}, [], "Apply the change")
    assert told["lines"]["q-1"]["stock"] == "5 from HAM"
    assert told["lines"]["a-0"]["total"] == "€8.99"
    assert "€22.06" in told["html"]
    assert anew(order).version == order.version


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(maya, shop):
    order = confirmed_order()
    sent = form_of(maya, order, **{"q-1": "many", "ship-city": "", "reason": "She called", "apply": "1"})
    answer = maya.post(page_of(order), sent)
    assert answer.status_code == 409
    assert list(answer.context["typed"].errors) == ["q-1"]
    assert 'value="many"' in answer.content.decode()
    answer = maya.post(page_of(order), {**sent, "q-1": "250"})
    assert list(answer.context["typed"].errors) == ["ship-city"]
    answer = maya.post(page_of(order), {**sent, "q-1": "250", "ship-city": "Berlin"})
    assert list(answer.context["typed"].errors) == ["q-1"]
    assert 'value="She called"' in answer.content.decode()
    assert anew(order).version == order.version


def test_who_was_faster_is_shown_beside_what_was_typed(maya, shop):
    order = confirmed_order()
    sent = form_of(maya, order, **{"q-1": "4", "customer_note": "Ring twice", "apply": "1"})
    orders.amend_order(
        order.pk,
        Wish(lines=(LineWish(position=1, quantity=3),), simple={"purchase_order_number": "PO-9"}),
        expected_version=anew(order).version,
        actor=SYSTEM,
    )
    answer = maya.post(page_of(order), sent)
    assert answer.status_code == 409
    assert [(row["was"], row["now"], row["mine"]) for row in answer.context["differences"]] == [
        ("", "PO-9", ""),
        ("2", "3", "4"),
    ]
    assert OrderLine.objects.get(order=order, position=1).quantity == 3
    typed = answer.context["typed"]
    again = {name: value for name, value in typed.said.items() if value}
    maya.post(page_of(order), {**again, "was": answer.context["was"], "version": typed.version, "apply": "1"})
    now = anew(order)
    assert (now.lines.first().quantity, now.customer_note, now.purchase_order_number) == (4, "Ring twice", "PO-9")


@pytest.mark.parametrize("was", ["", "{", "[]", '{"lines": 3}', "x" * 9, '{"lines": [{"position": 1}]}'])
def test_a_page_that_was_tampered_with_is_read_all_the_same(maya, shop, was):
    order = confirmed_order()
    answer = maya.post(page_of(order), {**form_of(maya, order, was=was, version="nine"), "apply": "1"})
    assert answer.status_code == 409


def test_only_who_may_edits(maya, shop):
    order = confirmed_order()
    User.objects.get(username="maya").user_permissions.remove(Permission.objects.get(codename="change_order"))
    assert maya.get(page_of(order)).status_code == 403
    assert maya.post(page_of(order), {"apply": "1", "q-1": "9"}).status_code == 403
    assert anew(order).version == order.version


def test_the_page_costs_no_more_for_more_lines(maya, shop, django_assert_max_num_queries):
    order = confirmed_order({"MUG-RED": 1, "TEA-1": 1})
    with django_assert_max_num_queries(30):
        assert maya.get(page_of(order)).status_code == 200
    assert json.loads(maya.get(page_of(order)).context["was"])["total"] == "16.01"
