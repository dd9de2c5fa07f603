"""The page on which an order is edited."""

import json
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.actors import SYSTEM
from core.models import User
from orders import services as orders
from orders.models import OrderChange, OrderLine
from orders.wishes import LineWish, Wish
from pricing import services as pricing
from pricing.models import ShippingMethod
from tests.factories.shop import make_priced_product
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
    assert list(answer.context["typed"].errors) == ["q-1", "ship-city"]
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


def test_the_page_costs_no_more_for_more_lines(maya, shop):
    skus = [f"POT-{number}" for number in range(40)]
    for sku in skus:
        make_priced_product(sku, "5.00", stock={"HAM": 5})
    counted = []
    for some in (skus[:2], skus):
        order = confirmed_order(dict.fromkeys(some, 1))
        sent = form_of(maya, order, **{f"q-{place}": "2" for place in range(1, len(some) + 1)})
        with CaptureQueriesContext(connection) as shown:
            assert maya.get(page_of(order)).status_code == 200
        with CaptureQueriesContext(connection) as told:
            maya.post(reverse("desk:preview-edit", args=[order.number]), sent)
        counted.append((len(shown), len(told)))
    assert counted[0] == counted[1]
    assert max(counted[1]) <= 15


def test_the_page_remembers_what_is_agreed(maya, shop):
    order = confirmed_order({"MUG-RED": 1, "TEA-1": 1})
    assert json.loads(maya.get(page_of(order)).context["was"])["total"] == "16.01"


def test_what_is_missing_may_wait_where_the_page_stands_alone(maya, shop):
    order = confirmed_order()
    answer = maya.post(page_of(order), form_of(maya, order, **{"q-1": "250", "apply": "1"}))
    box = re.search(r'<label class="([^"]*)"><input type="checkbox" name="w-1"', answer.content.decode())
    assert (answer.status_code, box[1]) == (409, "may-wait")
    maya.post(page_of(order), form_of(maya, order, **{"q-1": "250", "w-1": "on", "apply": "1"}))
    line = OrderLine.objects.get(order=order, position=1)
    assert (line.allocated, line.backordered) == (200, 50)


@pytest.mark.parametrize(
    ("typed", "control", "text"),
    [
        ({"add-quantity": "0", "add-price": ""}, "a-0", "A quantity is a whole number from 1 to 1,000,000"),
        ({"add-quantity": "1", "add-price": "999999999999"}, "", "The amount is too large for an order"),
        ({"add-quantity": "1", "add-price": "", "q-1": "9" * 10}, "q-1", "A whole number; 0 takes it off the order."),
        ({"requested_delivery_on": "2020-02-03"}, "requested_delivery_on", "This day is over."),
    ],
)
def test_what_nobody_can_mean_is_refused(maya, shop, typed, control, text):
    order = confirmed_order()
    added = {"add-sku": "TEA-1", "add-name": "Tea"} if "add-quantity" in typed else {}
    answer = maya.post(page_of(order), form_of(maya, order, **added, **typed, apply="1"))
    assert (answer.status_code, answer.context["typed"].errors) == (409, {control: [text]})
    assert text in unescape(answer.content.decode())
    assert anew(order).version == order.version


def test_a_way_that_is_not_offered_any_more_stays_until_somebody_chooses_another(maya, shop):
    order = confirmed_order(shipping_method="express")
    ShippingMethod.objects.filter(code="express").update(active=False)
    pricing.forget()
    page = maya.get(page_of(order)).content.decode()
    assert re.findall(r'<option value="(\w+)" selected>(\w+)', page.partition('id="shipping_method"')[2])[:1] == [
        ("express", "Express")
    ]
    answer = maya.post(page_of(order), form_of(maya, order, **{"ship-line1": "2 Main St", "apply": "1"}))
    assert (answer.status_code, anew(order).shipping_method.code) == (302, "express")


def test_a_note_that_nobody_touched_is_no_change(maya, shop):
    order = confirmed_order(customer_note="Ring twice,\r\nplease. ")
    maya.post(page_of(order), form_of(maya, order, **{"ship-line1": "2 Main St", "apply": "1"}))
    assert list(OrderChange.objects.get().wish) == ["shipping_address"]
