"""`/returns/`: the whole way over the API, and what it refuses."""

import pytest

from billing.models import Refund
from core.api.keys import create_api_key
from returns.models import ReturnRequest
from tests.factories.returns import again, authorized, days_ago, delivered_order, inspected, received, requested

pytestmark = pytest.mark.django_db
URL = "/api/v1/returns/"


def ask(api, order, lines, **more):
    return api.post(URL, {"order": order.number, "lines": lines, **more}, format="json")


def act(api, found, action, body=None, **headers):
    return api.post(f"{URL}{found['number']}/{action}/", body or {}, format="json", headers=headers)


def test_from_the_wish_to_the_money(seller, api, run_debts):
    order = delivered_order()

    response = ask(api, order, [{"sku": "mug-red", "quantity": 1}], reason="Too red")
    found = response.json()
    assert response.status_code == 201, found
    assert response["Location"].endswith(f"{URL}{found['number']}/")
    assert (found["status"], found["order"], found["refund_total"], found["currency"]) == (
        "requested", order.number, "0.00", "EUR",
    )  # fmt: skip
    assert found["allowed_actions"] == ["authorize", "cancel"]

    assert act(api, found, "authorize", {"warehouse": "HAM"}).json()["warehouse"] == "HAM"
    assert act(api, found, "receive", {"warehouse": "HAM"}).json()["status"] == "received"
    body = {"lines": [{"sku": "MUG-RED", "disposition": "restock", "resolution": "refund"}]}
    assert act(api, found, "inspect", body).json()["allowed_actions"] == ["resolve"]
    resolved = act(api, found, "resolve", **{"Idempotency-Key": "r1"}).json()
    assert (resolved["status"], resolved["refund_total"]) == ("resolved", "5.95")
    run_debts()

    closed = api.get(f"{URL}{found['number']}/").json()
    assert closed["status"] == "closed"
    assert closed["lines"] == [
        {
            "line": closed["lines"][0]["line"],
            "sku": "MUG-RED",
            "name": "Red mug",
            "quantity": 1,
            "received": 1,
            "disposition": "restock",
            "resolution": "refund",
            "refund_amount": "5.95",
            "note": "",
        }
    ]


def test_money_moves_once_per_key_and_never_without_one(seller, api, run_debts):
    order = delivered_order()
    found = {"number": inspected(order, {"MUG-RED": 1}).number}

    missing = act(api, found, "resolve")
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_required")
    first, second = (act(api, found, "resolve", **{"Idempotency-Key": "same"}) for _ in range(2))
    assert (first.status_code, second.content) == (200, first.content)
    assert second["Idempotent-Replayed"] == "true"
    assert act(api, found, "resolve", {"with_charges": True}, **{"Idempotency-Key": "same"}).status_code == 422
    other = act(api, found, "resolve", **{"Idempotency-Key": "other"})
    assert (other.status_code, other.json()["code"]) == (409, "transition_refused")
    run_debts()
    assert Refund.objects.filter(order=order).count() == 1


def test_a_part_is_received_by_the_line_of_the_order(seller, api):
    found = authorized(delivered_order(), {"MUG-RED": 2})
    line = str(found.lines.get().order_line_id)

    response = act(
        api, {"number": found.number}, "receive", {"warehouse": "ham", "lines": [{"line": line, "quantity": 1}]}
    )

    assert (response.json()["status"], response.json()["lines"][0]["received"]) == ("partially_received", 1)


def test_too_much_is_a_conflict_that_says_how_much_is_left(seller, api):
    response = ask(api, delivered_order(), [{"sku": "MUG-RED", "quantity": 3}])

    assert (response.status_code, response.json()["code"]) == (409, "not_returnable")
    (line,) = response.json()["lines"]
    assert (line["sku"], line["requested"], line["returnable"]) == ("MUG-RED", 3, 2)
    assert not ReturnRequest.objects.exists()


def test_integrators_keep_to_the_time_of_the_policy(seller, api):
    response = ask(api, delivered_order(at=days_ago(31)), [{"sku": "MUG-RED", "quantity": 1}])

    assert response.json()["lines"][0]["reason"] == "too_late"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lines": [{"sku": "MUG-RED", "quantity": 1}]}, "/order"),
        ({"order": "SO-999999", "lines": [{"sku": "MUG-RED", "quantity": 1}]}, "/order"),
        ({"lines": []}, "/lines"),
        ({"lines": [{"sku": "NOPE", "quantity": 1}]}, "/lines/0/sku"),
        ({"lines": [{"line": "0", "quantity": 1}]}, "/lines/0/line"),
        ({"lines": [{"quantity": 1}]}, "/lines/0/line"),
        ({"lines": [{"sku": "MUG-RED", "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "MUG-RED", "quantity": "1"}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "MUG-RED", "quantity": 1}, {"sku": "MUG-RED", "quantity": 1}]}, "/lines/1/sku"),
    ],
)
def test_what_is_wrong_is_named(seller, api, body, pointer):
    order = delivered_order()
    whole = body if "order" in body or pointer == "/order" else {"order": order.number, **body}

    response = api.post(URL, whole, format="json")

    assert response.status_code == 400, response.json()
    assert response.json()["errors"][0]["pointer"] == pointer
    assert again(order).open_returns == 0


def test_a_decision_that_cannot_be_is_refused(seller, api):
    found = {"number": received(delivered_order(), {"MUG-RED": 1}).number}
    line = {"sku": "MUG-RED", "disposition": "back_to_customer", "resolution": "refund"}

    response = act(api, found, "inspect", {"lines": [line]})

    assert (response.status_code, response.json()["code"]) == (400, "decision_impossible")


def test_a_withdrawal_cannot_be_declined(seller, api):
    found = {"number": requested(delivered_order(), {"MUG-RED": 1}).number}

    response = act(api, found, "decline", {"reason": "No"})

    assert (response.status_code, response.json()["code"]) == (409, "withdrawal_cannot_be_declined")


def test_declined_and_cancelled(seller, api):
    order = delivered_order(at=days_ago(20))
    declined = requested(order, {"MUG-RED": 1})
    cancelled = requested(order, {"MUG-RED": 1})

    assert act(api, {"number": declined.number}, "decline", {"reason": "Worn"}).json()["decline_reason"] == "Worn"
    assert act(api, {"number": cancelled.number}, "cancel").json()["status"] == "cancelled"


def test_returns_of_other_channels_are_not_there(seller, client):
    order = delivered_order()
    found = requested(order, {"MUG-RED": 1})
    _key, plain = create_api_key("shop", scopes=["*"], channels=["walk_in"])
    headers = {"Authorization": f"Bearer {plain}", "Content-Type": "application/json"}

    assert client.get(URL, headers=headers).json()["results"] == []
    assert client.get(f"{URL}{found.number}/", headers=headers).status_code == 404
    foreign = client.post(f"{URL}{found.number}/authorize/", "{}", content_type="application/json", headers=headers)
    missing = client.post(f"{URL}RMA-999999/authorize/", "{}", content_type="application/json", headers=headers)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == missing.json()["detail"]
    body = {"order": order.number, "lines": [{"sku": "MUG-RED", "quantity": 1}]}
    assert client.post(URL, body, content_type="application/json", headers=headers).status_code == 400


def test_reading_is_not_writing(seller, client):
    found = requested(delivered_order(), {"MUG-RED": 1})
    _key, plain = create_api_key("reader", scopes=["returns:read"], channels=["api"])
    headers = {"Authorization": f"Bearer {plain}"}

    assert client.get(f"{URL}{found.number}/", headers=headers).status_code == 200
    assert client.post(f"{URL}{found.number}/authorize/", headers=headers).status_code == 403
    assert client.get(URL).status_code == 401


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("order={order}", 2),
        ("order=SO-999999", 0),
        ("status=requested", 1),
        ("status=closed", 0),
        ("customer={customer}", 2),
        ("ordering=requested_at", 2),
        ("page_size=1", 1),
    ],
)
def test_lists_are_filtered(seller, api, query, count):
    order = delivered_order()
    requested(order, {"MUG-RED": 1})
    authorized(order, {"MUG-RED": 1})
    query = query.format(order=order.number, customer=order.customer.number)

    assert len(api.get(f"{URL}?{query}").json()["results"]) == count


@pytest.mark.parametrize("query", ["status=lost", "colour=red", "cursor=%3F"])
def test_a_filter_that_makes_no_sense_is_refused(seller, api, query):
    assert api.get(f"{URL}?{query}").status_code == 400


def test_a_list_takes_the_same_statements_however_long(seller, api, django_assert_num_queries):
    order = delivered_order({"MUG-RED": 9})
    requested(order, {"MUG-RED": 1})
    api.get(URL)
    for expected in (1, 4):
        with django_assert_num_queries(3):  # the key, the page, its lines
            assert len(api.get(URL).json()["results"]) == expected
        for _ in range(3):
            requested(order, {"MUG-RED": 1})


@pytest.mark.parametrize("body", [{"with_charge": False}, {"with_charges": "no"}, {"with_charges": 0}])
def test_a_slip_of_the_pen_never_decides_about_money(seller, api, body):
    found = inspected(delivered_order(), {"MUG-RED": 1})

    refused = api.post(f"{URL}{found.number}/resolve/", body, format="json", headers={"Idempotency-Key": "r1"})

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert ReturnRequest.objects.get().status == "inspected"
