"""`/stock/transfers/` and `/stock/counts/`, as the contract says."""

import pytest
from rest_framework.test import APIClient

from core.api.keys import create_api_key
from tests.factories.catalog import make_product, stock_of
from tests.inventory.test_api import post, problem

pytestmark = pytest.mark.django_db


# --- transfers ----------------------------------------------------------------------------------

TRANSFERS = "/api/v1/stock/transfers/"


def wanted(**given):
    """Return what a client says about a transfer of two mugs to Munich."""
    body = {
        "source": "HAM",
        "destination": "muc",
        "expected_on": "2026-12-03",
        "lines": [{"sku": "MUG-RED", "quantity": 2}],
    }
    return body | given


def test_a_transfer_is_written_down_sent_and_received(places, api, django_assert_num_queries):
    mug = make_product(stock={"HAM": 10})

    made = post(api, TRANSFERS, wanted(note="Christmas"), **{"Idempotency-Key": "t-1"})
    twin = post(api, TRANSFERS, wanted(note="Christmas"), **{"Idempotency-Key": "t-1"})

    assert (made.status_code, made["Location"]) == (201, f"http://testserver{TRANSFERS}TR-000001/")
    assert twin.content == made.content
    body = made.json()
    assert {name: body[name] for name in ("number", "status", "source", "destination", "expected_on", "note")} == {
        "number": "TR-000001", "status": "draft", "source": "HAM", "destination": "MUC",
        "expected_on": "2026-12-03", "note": "Christmas",
    }  # fmt: skip
    assert body["lines"] == [{"sku": "MUG-RED", "quantity": 2, "received": 0, "in_transit": 0, "lost": 0}]
    sent = post(api, f"{TRANSFERS}TR-000001/send/", None)
    assert (sent.json()["status"], sent.json()["lines"][0]["in_transit"]) == ("sent", 2)
    assert problem(post(api, f"{TRANSFERS}TR-000001/send/", None))[:2] == (409, "transfer_moved")
    part = post(api, f"{TRANSFERS}TR-000001/receive/", {"lines": [{"sku": "mug-red", "quantity": 1}]})
    assert part.json()["lines"] == [{"sku": "MUG-RED", "quantity": 2, "received": 1, "in_transit": 1, "lost": 0}]
    silent = post(api, f"{TRANSFERS}TR-000001/receive/", {"close": True})
    assert problem(silent) == (400, "invalid", ["/reason"])
    over = post(api, f"{TRANSFERS}TR-000001/receive/", {"close": True, "reason": "Stolen"})
    assert (over.json()["status"], over.json()["lines"][0]["lost"]) == ("received", 1)
    assert (stock_of(mug).on_hand, stock_of(mug, "MUC").on_hand) == (8, 1)
    for number in range(5):
        post(api, TRANSFERS, wanted(send=number == 0))
    with django_assert_num_queries(3):  # the key, the page, its lines
        page = api.get(f"{TRANSFERS}?warehouse=muc").json()
    assert [row["number"] for row in page["results"]][-1] == "TR-000001"
    assert len(page["results"]) == 6
    assert len(api.get(f"{TRANSFERS}?status=sent").json()["results"]) == 1
    assert api.get(f"{TRANSFERS}tr-000001/").json()["status"] == "received"
    assert api.get(f"{TRANSFERS}TR-9/").status_code == 404


def test_a_transfer_that_cannot_be_points_at_what_is_wrong(places, api):
    make_product(stock={"HAM": 1})

    assert problem(post(api, TRANSFERS, wanted(source="X")))[2] == ["/source"]
    assert problem(post(api, TRANSFERS, wanted(destination="X")))[2] == ["/destination"]
    assert problem(post(api, TRANSFERS, wanted(destination="HAM")))[2] == ["/destination"]
    assert problem(post(api, TRANSFERS, wanted(lines=[{"sku": "CUP", "quantity": 1}])))[2] == ["/lines/0/sku"]
    assert problem(post(api, TRANSFERS, wanted(lines=[])))[0] == 400
    assert problem(post(api, TRANSFERS, wanted(expected_on="soon")))[2] == ["/expected_on"]
    short = post(api, TRANSFERS, wanted(send=True))
    assert problem(short)[:2] == (409, "insufficient_stock")
    assert api.get(TRANSFERS).json()["results"] == []


def test_a_transfer_is_given_up_as_long_as_nothing_has_arrived(places, api):
    mug = make_product(stock={"HAM": 10})
    for _number in range(2):
        post(api, TRANSFERS, wanted(send=True))
    assert stock_of(mug).on_hand == 6

    assert problem(post(api, f"{TRANSFERS}TR-000001/cancel/", {}))[2] == ["/reason"]
    given_up = post(api, f"{TRANSFERS}TR-000001/cancel/", {"reason": "No driver"})
    assert (given_up.json()["status"], stock_of(mug).on_hand) == ("cancelled", 8)
    post(api, f"{TRANSFERS}TR-000002/receive/", {"lines": [{"sku": "MUG-RED", "quantity": 1}]})

    for number in ("TR-000001", "TR-000002"):
        refused = post(api, f"{TRANSFERS}{number}/cancel/", {"reason": "Too late"})
        assert problem(refused)[:2] == (409, "transfer_moved")
    assert (stock_of(mug).on_hand, stock_of(mug, "MUC").on_hand) == (8, 1)


# --- receipts -----------------------------------------------------------------------------------

RECEIPTS = "/api/v1/stock/receipts/"


def test_what_is_expected_is_announced_changed_received_and_given_up(places, api, django_assert_num_queries):
    mug, tea = make_product(), make_product("TEA-1")
    lines = [{"sku": "MUG-RED", "quantity": 4}, {"sku": "TEA-1", "quantity": 5}]
    said = {"warehouse": "HAM", "lines": lines, "expected_on": "2037-12-01", "reference": "po-7"}
    first, second = post(api, RECEIPTS, said).json()["expected"]

    assert first == {
        "id": first["id"], "sku": "MUG-RED", "warehouse": "HAM", "reference": "po-7",
        "quantity": 4, "received": 0, "expected_on": "2037-12-01", "closed": False,
    }  # fmt: skip
    path = f"{RECEIPTS}{first['id']}/"
    moved = api.patch(path, {"expected_on": "2037-12-08", "quantity": 6, "reason": "Late ship"}, format="json")
    assert (moved.json()["expected_on"], moved.json()["quantity"]) == ("2037-12-08", 6)
    assert post(api, f"{path}receive/", {"quantity": 2}).json()["received"] == 2
    assert problem(api.patch(path, {"quantity": 1}, format="json"))[2] == ["/quantity"]
    with django_assert_num_queries(2):  # the key, the page
        rows = api.get(f"{RECEIPTS}?reference=PO-7").json()["results"]
    assert [(row["sku"], row["quantity"] - row["received"]) for row in rows] == [("TEA-1", 5), ("MUG-RED", 4)]
    assert [row["id"] for row in api.get(f"{RECEIPTS}?sku=tea-1&warehouse=ham").json()["results"]] == [second["id"]]

    over = post(api, f"{path}receive/", {"quantity": 3, "close": True}).json()
    gone = post(api, f"{RECEIPTS}{second['id']}/cancel/", {"reason": "Bankrupt"}).json()

    assert (over["received"], over["closed"], gone["received"], gone["closed"]) == (5, True, 0, True)
    assert (stock_of(mug).on_hand, stock_of(tea).on_hand) == (5, 0)
    assert problem(post(api, f"{path}receive/", {"quantity": 1}))[0] == 409
    assert problem(post(api, f"{path}cancel/", {}))[2] == ["/reason"]
    assert api.get(RECEIPTS).json()["results"] == []
    for wrong in ("0", "-1", "x", "9" * 30):
        assert api.get(f"{RECEIPTS}{wrong}/").status_code == 404


# --- counts -------------------------------------------------------------------------------------

COUNTS = "/api/v1/stock/counts/"


def test_what_another_system_counted_is_booked_once(places, api, settings, django_assert_num_queries):
    mug = make_product(stock={"HAM": 10}, unit_cost="4.50")
    tea = make_product("TEA-1", stock={"HAM": 5})
    body = {
        "warehouse": "ham",
        "note": "WMS 17",
        "lines": [{"sku": "mug-red", "counted": 8}, {"sku": "TEA-1", "counted": 5}],
    }

    made = post(api, COUNTS, body, **{"Idempotency-Key": "c-1"})
    twin = post(api, COUNTS, body, **{"Idempotency-Key": "c-1"})

    assert made.status_code == 201
    assert twin.content == made.content
    told = made.json()
    assert {name: told[name] for name in ("number", "warehouse", "status", "note", "value", "currency")} == {
        "number": "CC-000001", "warehouse": "HAM", "status": "booked", "note": "WMS 17",
        "value": "9.00", "currency": "EUR",
    }  # fmt: skip
    assert told["lines"] == [
        {"sku": "MUG-RED", "counted": 8, "book": 10, "difference": -2, "booked": -2},
        {"sku": "TEA-1", "counted": 5, "book": 5, "difference": 0, "booked": 0},
    ]
    assert (stock_of(mug).on_hand, stock_of(tea).on_hand) == (8, 5)
    settings.COUNT_APPROVAL_ABOVE = 1
    scanner = APIClient()
    _key, plain = create_api_key("scanner", scopes=["inventory:write"])
    scanner.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    large = post(scanner, COUNTS, {"warehouse": "HAM", "lines": [{"sku": "MUG-RED", "counted": 0}]})
    assert (large.json()["status"], stock_of(mug).on_hand) == ("to_approve", 8)
    with django_assert_num_queries(3):  # the key, the page, its lines
        rows = api.get(COUNTS).json()["results"]
    assert [row["number"] for row in rows] == ["CC-000002", "CC-000001"]
    assert len(api.get(f"{COUNTS}?status=to_approve&warehouse=ham").json()["results"]) == 1
    # It stands on an open sheet now.
    again = post(api, COUNTS, {"warehouse": "HAM", "lines": [{"sku": "MUG-RED", "counted": 1}]})
    assert problem(again)[:2] == (409, "already_counting")


def test_a_count_that_cannot_be_points_at_what_is_wrong(places, api):
    make_product(stock={"HAM": 1})
    twice = [{"sku": "MUG-RED", "counted": 1}, {"sku": "mug-red", "counted": 2}]

    assert problem(post(api, COUNTS, {"warehouse": "X", "lines": twice[:1]}))[2] == ["/warehouse"]
    assert problem(post(api, COUNTS, {"warehouse": "HAM", "lines": twice}))[2] == ["/lines/1/sku"]
    assert problem(post(api, COUNTS, {"warehouse": "HAM", "lines": [{"sku": "C", "counted": 1}]}))[2] == [
        "/lines/0/sku"
    ]
    minus = {"warehouse": "HAM", "lines": [{"sku": "MUG-RED", "counted": -1}]}
    assert problem(post(api, COUNTS, minus))[2] == ["/lines/0/counted"]
    assert problem(post(api, COUNTS, {"warehouse": "HAM", "lines": []}))[0] == 400
    assert stock_of(make_product("TEA-1", stock={"HAM": 2})).on_hand == 2
