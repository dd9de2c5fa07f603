"""Saved views of the list of orders: what their tabs and counts cost, and the same orders in the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.looks import Look
from core.models import SavedView
from orders.models import Order
from pricing.models import Channel
from tests.orders.bodies import ORDERS, faults
from tests.orders.views import LIST, keep, shown
from tests.scenarios import confirmed_order, paid, placed_order

pytestmark = pytest.mark.django_db


# --- counts and cost --------------------------------------------------------------------------


def test_tabs_are_counted_with_one_bounded_statement_each(desk, three, django_assert_num_queries):
    maya = desk("maya")
    channel = Channel.objects.get(code="api")
    keep(maya, "Of the API", Look({"channel__id__exact": [str(channel.pk)], "status__exact": ["confirmed"]}))

    maya.get(f"{LIST}tab-counts/")
    with CaptureQueriesContext(connection) as queries:
        counts = maya.get(f"{LIST}tab-counts/").json()["counts"]

    assert counts == {
        "?needs=late": "0",
        "?needs=hold": "1",
        "?needs=payment": "1",
        "?status__exact=confirmed": "1",
        "?status__exact=fulfilling": "0",
        "?needs=unpaid": "0",
        "?follow_up=due": "0",
        "?status__exact=draft": "0",
        "?view=of-the-api": "1",
    }
    counting = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert len(counting) == len(counts)
    assert all("LIMIT 1000" in sql for sql in counting)
    # Session, person, permissions of the person and of the groups, views.
    assert len(queries) - len(counting) == 5


def test_more_than_can_be_counted_is_said_to_be_more(desk, three, monkeypatch):
    maya = desk("maya")
    keep(maya, "All prices", Look({"currency__exact": ["EUR"]}))
    monkeypatch.setattr("core.admin.view_counts.MOST_COUNTED", 2)
    monkeypatch.setattr("core.templatetags.back_office_lists.MOST_COUNTED", 2)

    assert maya.get(f"{LIST}tab-counts/").json()["counts"]["?view=all-prices"] == "2+"
    assert '<span class="tab-count">2+</span>' in maya.get(f"{LIST}?view=all-prices").content.decode()


def test_a_count_whose_filter_is_no_more_is_left_open(desk, three):
    maya = desk("maya")
    view = keep(maya, "Old", Look({"needs": ["late"]}))
    SavedView.objects.filter(pk=view.pk).update(filters={"gone__exact": ["1"]})

    assert maya.get(f"{LIST}tab-counts/").json()["counts"]["?view=old"] == ""


def test_a_list_costs_one_statement_more_for_its_views_however_many(desk, three, django_assert_num_queries):
    maya = desk("maya")
    maya.get(LIST)
    with CaptureQueriesContext(connection) as none:
        maya.get(LIST)
    for n in range(12):
        keep(maya, f"View {n}", Look({"needs": ["hold"]}))

    with CaptureQueriesContext(connection) as many:
        answer = maya.get(f"{LIST}?view=view-11")

    assert len(many) == len(none)
    assert len([query for query in many if "core_savedview" in query["sql"]]) == 1
    assert [tab["label"] for tab in answer.context["more_tabs"]] == [f"View {n}" for n in range(6, 11)]


# --- the API ----------------------------------------------------------------------------------


def test_the_api_shows_the_same_orders_under_the_same_slug(desk, three, make_api, shop):
    maya = desk("maya")
    api = make_api("orders:read")
    late = confirmed_order({"TEA-1": 1})
    Order.objects.filter(pk=late.pk).update(promised_on=timezone.localdate() - timedelta(days=1))
    channel = Channel.objects.get(code="api")
    looks = {
        "late": Look({"needs": ["late"]}),
        "hold": Look({"needs": ["hold"]}),
        "of-channel": Look({"channel__id__exact": [str(channel.pk)], "status__exact": ["confirmed", "verified"]}),
        "found": Look(search=late.number),
        "newest": Look({"placed_at__gte": [(timezone.now() - timedelta(hours=1)).isoformat()]}, "", ("-total",)),
        "tea": Look({"payment_status__in": ["unpaid,paid"]}, "TEA-1"),
    }

    for name, look in looks.items():
        keep(maya, name, look, shared=True)
        theirs = [row["number"] for row in api.get(f"{ORDERS}?view={name}").json()["results"]]
        assert sorted(theirs) == sorted(shown(maya, f"?view={name}")) != [], name


@pytest.mark.parametrize("need", ["late", "hold", "payment", "stock", "exception", "shipping", "unpaid"])
def test_the_needs_of_the_list_are_the_needs_of_the_api(desk, three, make_api, need):
    maya, api = desk("maya"), make_api("orders:read")
    kettle = paid(placed_order({"MUG-RED": 1}))
    Order.objects.filter(pk=kettle.pk).update(placed_at=timezone.now() - timedelta(hours=25))
    Order.objects.filter(pk=three[1].pk).update(
        promised_on=timezone.localdate() - timedelta(days=1), allocation_status="backordered", open_exceptions=1
    )

    theirs = [row["number"] for row in api.get(f"{ORDERS}?needs={need}").json()["results"]]

    assert sorted(theirs) == sorted(shown(maya, f"?needs={need}"))
    assert (theirs == []) is (need == "unpaid"), theirs


def test_other_parameters_narrow_a_view_further(desk, three, make_api):
    maya, api = desk("maya"), make_api("orders:read")
    waiting, confirmed, _held = three
    keep(maya, "Unpaid", Look({"payment_status__exact": ["unpaid"]}), shared=True)

    both = api.get(f"{ORDERS}?view=unpaid&page_size=1").json()
    one = api.get(f"{ORDERS}?view=unpaid&status=confirmed").json()["results"]

    assert "view=unpaid" in both["next"]
    assert [row["number"] for row in one] == [confirmed.number]
    assert waiting.number in [row["number"] for row in api.get(f"{ORDERS}?view=unpaid").json()["results"]]


def test_a_key_uses_shared_views_and_a_session_its_own_too(desk, three, make_api):
    maya, tom, api = desk("maya"), desk("tom"), make_api("orders:read")
    keep(maya, "Mine", Look({"needs": ["hold"]}))

    assert [row["number"] for row in maya.get(f"{ORDERS}?view=mine").json()["results"]] == [three[2].number]
    for caller in (tom, api):
        answer = caller.get(f"{ORDERS}?view=mine")
        assert answer.status_code == 400
        assert faults(answer) == [("/view", "unknown_view")]


def test_an_outdated_view_never_shows_more_than_it_says(desk, three, make_api):
    maya, api = desk("maya"), make_api("orders:read")
    view = keep(maya, "Old", Look({"needs": ["hold"]}), shared=True)
    SavedView.objects.filter(pk=view.pk).update(filters={"gone__exact": ["1"]})

    answer = api.get(f"{ORDERS}?view=old")

    assert answer.status_code == 400
    assert faults(answer) == [("/view", "outdated_view")]


def test_a_view_costs_the_api_one_statement(desk, three, make_api):
    maya, api = desk("maya"), make_api("orders:read")
    keep(maya, "Held", Look({"needs": ["hold"], "channel__id__exact": [str(three[0].channel_id)]}), shared=True)
    api.get(ORDERS)
    with CaptureQueriesContext(connection) as plain:
        api.get(ORDERS)

    with CaptureQueriesContext(connection) as narrowed:
        api.get(f"{ORDERS}?view=held")

    assert len(narrowed) == len(plain) + 1


def test_the_view_is_described_to_integrators(client, db):
    schema = client.get("/api/v1/schema/?format=json").json()

    parameters = {one["name"]: one for one in schema["paths"]["/api/v1/orders/"]["get"]["parameters"]}
    assert "saved view" in parameters["view"]["description"]
    assert parameters["needs"]["schema"]["enum"] == [
        "exception",
        "hold",
        "late",
        "leaving",
        "payment",
        "shipping",
        "stock",
        "unpaid",
    ]
