"""Edits over the API: previewed, applied on a version, refused beside their fields."""

import pytest

from orders.models import OrderLine
from tests.scenarios import anew, confirmed_order, placed_order

pytestmark = pytest.mark.django_db


def changes(order):
    return f"/api/v1/orders/{order.number}/changes/"


def post(api, order, body, **headers):
    return api.post(changes(order), body, content_type="application/json", **headers)


def test_a_preview_changes_nothing(shop, api):
    order = confirmed_order()

    answer = post(api, order, {"preview": True, "lines": [{"position": 1, "quantity": 5}]})

    told = answer.json()
    assert (answer.status_code, answer["ETag"], told["number"], told["status"]) == (
        200,
        f'"{order.version}"',
        None,
        "preview",
    )
    assert (told["before"]["total"], told["after"]["total"], told["to_pay"]) == ("22.06", "39.99", "0.00")
    assert told["stock"][0] == {
        "position": 1,
        "places": [{"warehouse": "HAM", "quantity": 5}],
        "backordered": 0,
        "released": 0,
    }
    assert anew(order).version == order.version


def test_an_edit_is_applied_on_the_version_that_was_seen(shop, api):
    order = placed_order()
    body = {"lines": [{"position": 1, "quantity": 5}], "add": [{"sku": "TEA-1", "quantity": 1}], "reason": "Guests"}

    unsaid = post(api, order, body)
    stale = post(api, order, body, headers={"If-Match": f'"{order.version + 1}"'})
    done = post(api, order, body, headers={"If-Match": f'"{order.version}"'})

    assert (unsaid.status_code, unsaid.json()["errors"][0]["pointer"]) == (400, "/version")
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (done.status_code, done.json()["status"], done["ETag"]) == (201, "applied", f'"{anew(order).version}"')
    assert [line.quantity for line in OrderLine.objects.filter(order=order)] == [5, 1, 1]
    listed = api.get(changes(order)).json()["results"]
    assert [(one["number"], one["reason"]) for one in listed] == [(done.json()["number"], "Guests")]


def test_what_cannot_be_is_said_beside_its_field(shop, api):
    order = confirmed_order()
    body = {"version": order.version, "lines": [{"position": 9, "quantity": 1}], "add": [{"sku": "NO", "quantity": 1}]}

    refused = post(api, order, body)
    malformed = post(api, order, {"version": order.version, "lines": [{"position": 1, "quantity": -1}], "colour": 1})

    assert (refused.status_code, refused.json()["code"]) == (409, "change_refused")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/lines/0/position", "/add/0/sku"]
    assert malformed.status_code == 400
    assert anew(order).version == order.version


def test_an_edit_of_somebody_elses_order_is_not_found(shop, api):
    assert api.post("/api/v1/orders/SO-999999/changes/", {}, content_type="application/json").status_code == 404
