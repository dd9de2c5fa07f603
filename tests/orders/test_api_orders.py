"""Lists, pages, one order, its history, many at once, and what could be promised."""

from datetime import timedelta

import pytest
from django.db import DataError
from django.utils import timezone
from rest_framework.test import APIClient

from core.actors import SYSTEM
from core.api.keys import create_api_key
from inventory import services as inventory
from orders import services
from orders.models import Order
from tests.factories.shop import make_priced_product
from tests.orders.bodies import EXAMPLE, ORDERS, faults, post
from tests.scenarios import anew, confirmed_order, order_input, paid, placed_order

pytestmark = pytest.mark.django_db


def client_of(*channels: str, scopes: tuple[str, ...] = ("*",)) -> APIClient:
    client = APIClient()
    _key, plain = create_api_key("other", scopes=scopes, channels=channels)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def numbers(client: APIClient, query: str = "") -> list[str]:
    answer = client.get(f"{ORDERS}?{query}")
    assert answer.status_code == 200, answer.content
    return [row["number"] for row in answer.json()["results"]]


# --- lists ----------------------------------------------------------------------------------------


def test_pages_show_every_order_once_while_orders_arrive(shop, api):
    placed = [placed_order({"TEA-1": n + 1}).number for n in range(5)]
    first = api.get(f"{ORDERS}?page_size=2").json()
    placed_order({"MUG-RED": 9})

    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()

    seen = [row["number"] for page in (first, second, third) for row in page["results"]]
    assert seen == placed[::-1]
    assert third["next"] is None
    assert [row["number"] for row in api.get(second["previous"]).json()["results"]] == seen[:2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=verified", "waiting"),
        ("status=confirmed", "done"),
        ("channel=api", "waiting done"),
        ("email=GRACE@example.com", "done"),
        ("sku=mug-red", "waiting"),
        ("external_reference=SHOP-7", "waiting"),
        ("on_hold=true", "done"),
        ("on_hold=false", "waiting"),
        ("late=true", ""),
        ("q=grace", "done"),
        ("q=SHOP-7", "waiting"),
        ("placed_after=2020-01-01T00:00:00Z", "waiting done"),
        ("placed_before=2020-01-01T00:00:00Z", ""),
        ("updated_after=2020-01-01T00:00:00Z", "waiting done"),
        ("status=verified&sku=TEA-1&q=ada", "waiting"),
    ],
)
def test_filters(shop, api, query, found):
    known = {
        "waiting": placed_order(external_reference="SHOP-7").number,
        "done": confirmed_order({"TEA-1": 2}, email="grace@example.com", customer_name="Grace").number,
    }
    services.place_hold(Order.objects.get(number=known["done"]).pk, reason="?", blocks=["release"], actor=SYSTEM)

    assert sorted(numbers(api, query)) == sorted(known[name] for name in found.split())


def test_orders_of_one_customer(shop, api):
    order = placed_order()
    placed_order(email="grace@example.com")

    assert numbers(api, f"customer={order.customer.number}") == [order.number]


@pytest.mark.parametrize(
    "query",
    ["colour=red", "status=lost", "late=maybe", "placed_after=yesterday", "expand=everything", "cursor=x",
     "ordering=total", "page_size=201", "page_size=0"],
)  # fmt: skip
def test_a_parameter_nobody_knows_or_understands_is_refused(shop, api, query):
    assert api.get(f"{ORDERS}?{query}").status_code == 400


def test_a_list_needs_two_statements_and_one_for_lines(shop, api, django_assert_num_queries):
    for n in range(5):
        placed_order({"TEA-1": n + 1, "MUG-RED": 1})
    api.get(ORDERS)

    with django_assert_num_queries(2):
        rows = api.get(ORDERS).json()["results"]
    assert "lines" not in rows[0]
    with django_assert_num_queries(3):
        rows = api.get(f"{ORDERS}?expand=customer,lines").json()["results"]
    assert [line["sku"] for line in rows[0]["lines"]] == ["TEA-1", "MUG-RED"]
    assert rows[0]["customer"]["payment_terms"] == "prepaid"


def test_drafts_are_nobodys_business(shop, api):
    draft = services.save_draft(order_input(), actor=SYSTEM)

    assert numbers(api) == []
    assert api.get(f"{ORDERS}{draft.number}/").status_code == 404


# --- one order --------------------------------------------------------------------------------------


def test_an_order_needs_five_statements(shop, api, django_assert_num_queries):
    order = placed_order()
    api.get(f"{ORDERS}{order.number}/")

    with django_assert_num_queries(5):
        answer = api.get(f"{ORDERS}{order.number}/")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')


def test_an_order_of_a_foreign_channel_is_like_a_missing_one(shop, api):
    order = placed_order(channel="walk_in")

    foreign, missing = api.get(f"{ORDERS}{order.number}/"), api.get(f"{ORDERS}SO-999999/")

    assert foreign.status_code == missing.status_code == 404
    assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}
    assert numbers(api) == []
    assert numbers(client_of("walk_in")) == [order.number]
    assert numbers(client_of()) == [order.number]


@pytest.mark.parametrize(
    "action", ["cancel", "hold", "verify", "comment", "bump", "release-hold", "complete", "confirm"]
)
def test_nobody_acts_on_orders_of_a_foreign_channel(shop, api, action):
    order = placed_order(channel="walk_in")

    body = (
        {"reason": "?", "points": 1}
        if action == "bump"
        else {"reason": "?"}
        if action in ("cancel", "hold")
        else {"text": "?"}
        if action == "comment"
        else {}
    )
    assert post(api, f"{ORDERS}{order.number}/{action}/", body).status_code == 404
    assert anew(order).version == order.version


def test_preferences_change_only_what_was_read(shop, api):
    path = f"{ORDERS}{placed_order().number}/"

    answer = api.patch(path, {"tags": ["vip"], "gift_note": "x"}, format="json", headers={"If-Match": '"2"'})
    assert (answer.status_code, answer.headers["ETag"], answer.json()["tags"]) == (200, '"3"', ["vip"])

    stale = api.patch(path, {"tags": []}, format="json", headers={"If-Match": '"2"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert api.patch(path, {"tags": []}, format="json").status_code == 200


@pytest.mark.parametrize("change", [{"status": "completed"}, {"total": "0.00"}, {"lines": []}, {"number": "SO-1"}])
def test_what_is_agreed_cannot_be_patched(shop, api, change):
    order = placed_order()

    answer = api.patch(f"{ORDERS}{order.number}/", change, format="json")

    assert (answer.status_code, faults(answer)) == (400, [(f"/{next(iter(change))}", "unknown")])


def test_the_history_is_told_by_scope(shop, api):
    path = f"{ORDERS}{placed_order().number}/timeline/"

    everything = [entry["type"] for entry in api.get(path).json()["results"]]
    public = [entry["type"] for entry in client_of("api", scopes=("orders:read",)).get(path).json()["results"]]

    assert everything[:2] == ["orders.order.place", "orders.order.verify"]
    assert public == ["orders.order_placed", "orders.order_verified", "orders.payment_awaited"]


def test_the_history_speaks_of_nothing_by_its_key_in_the_database(shop, api, run_debts):
    order = placed_order()
    run_debts()
    api.patch(f"{ORDERS}{order.number}/", {"metadata": {"shop_id": "7"}}, format="json")
    entries = api.get(f"{ORDERS}{order.number}/timeline/").json()["results"]

    told = {entry["type"]: entry["data"] for entry in entries}
    assert (told["orders.order_placed"], told["core.mail_kept"]) == ({"quiet": False}, {"kind": "order_received"})
    assert told["orders.preferences_changed"]["after"] == {"metadata": {"shop_id": "7"}}
    assert all(isinstance(entry["id"], str) for entry in entries)
    assert f"order:{order.pk}" not in str(entries)


# --- actions ------------------------------------------------------------------------------------------


def act(api, order: Order, action: str, **said):
    return post(api, f"{ORDERS}{order.number}/{action}/", said)


def test_a_refused_step_says_what_is_in_the_way(shop, api):
    answer = act(api, placed_order(), "confirm")

    assert answer.status_code == 409
    assert {name: answer.json()[name] for name in ("code", "blocked_because", "transition")} == {
        "code": "transition_refused",
        "blocked_because": "Waiting for payment of €22.06",
        "transition": "confirm",
    }


def test_cancel(shop, api):
    body = act(api, placed_order(), "cancel", reason="changed my mind").json()

    assert (body["status"], body["balance_due"], body["allowed_actions"]) == ("cancelled", "0.00", [])
    assert faults(act(api, placed_order({"TEA-1": 2}), "cancel")) == [("/reason", "required")]


def test_hold_and_release(shop, api):
    order = placed_order()

    held = act(api, order, "hold", reason="Ask", blocks=["confirm"]).json()
    assert (held["is_on_hold"], held["blocked_because"], held["holds"][0]["reason"]) == (True, "Ask", "Ask")
    paid(order)

    freed = act(api, order, "release-hold", note="asked", hold=held["holds"][0]["id"]).json()
    assert (freed["is_on_hold"], freed["status"]) == (False, "confirmed")
    assert act(api, order, "release-hold").json()["code"] == "hold_closed"


def test_waive_a_check(shop, api):
    body = post(api, expected_total="1.00").json()
    order = Order.objects.get(number=body["number"])

    assert (
        act(client_of("api", scopes=("orders:write",)), order, "waive-check", check="total", reason="ok").status_code
        == 403
    )
    body = act(api, order, "waive-check", check="total", reason="agreed").json()
    assert (body["status"], body["display_status"]) == ("verified", "Waiting for payment")
    assert next(check["result"] for check in body["checks"] if check["name"] == "total") == "waived"


def test_comment(shop, api):
    order = placed_order()

    assert act(api, order, "comment", text="Called", public=True).status_code == 200
    assert order.comments.get().author == "api:tests"


def test_complete_is_refused_until_it_is(shop, api):
    answer = act(api, confirmed_order(), "complete")

    assert (answer.status_code, answer.json()["blocked_because"]) == (409, "Not everything has been delivered")
    assert act(api, confirmed_order({"TEA-1": 2}), "verify").status_code == 409


def test_an_action_is_done_once_per_key(shop, api):
    path = f"{ORDERS}{placed_order().number}/comment/"

    first, again = post(api, path, {"text": "hi"}, key="k"), post(api, path, {"text": "hi"}, key="k")

    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert Order.objects.get().comments.count() == 1


# --- many at once ---------------------------------------------------------------------------------------


def test_many_orders_each_get_an_answer(shop, api):
    good, bad = {**EXAMPLE, "external_reference": "A"}, {**EXAMPLE, "lines": []}
    short = {**EXAMPLE, "external_reference": "B", "lines": [{"sku": "MUG-RED", "quantity": 999}]}

    answer = post(api, f"{ORDERS}bulk/", {"orders": [good, bad, short, good]})

    results = answer.json()["results"]
    assert [(one["index"], one["status"]) for one in results] == [(0, 201), (1, 400), (2, 409), (3, 409)]
    assert results[0]["order"]["total"] == "22.06"
    assert results[1]["problem"]["errors"][0]["pointer"] == "/lines"
    assert results[3]["problem"]["code"] == "duplicate_reference"
    assert Order.objects.count() == 1


def test_an_order_that_the_database_refuses_spoils_no_other(shop, api, monkeypatch):
    place = services.place_order

    def refused(wanted, *, actor):
        if wanted.external_reference == "B":
            raise DataError("value too long")
        return place(wanted, actor=actor)

    monkeypatch.setattr(services, "place_order", refused)
    bodies = [{**EXAMPLE, "external_reference": reference} for reference in "ABC"]

    results = post(api, f"{ORDERS}bulk/", {"orders": bodies}).json()["results"]

    assert [one["status"] for one in results] == [201, 400, 201]
    assert sorted(Order.objects.values_list("external_reference", flat=True)) == ["A", "C"]


def test_many_orders_sent_again_are_placed_once(shop, api):
    body = {"orders": [{**EXAMPLE, "external_reference": ""}]}

    first = post(api, f"{ORDERS}bulk/", body, key="k").json()
    again = post(api, f"{ORDERS}bulk/", body, key="k").json()

    assert first == again
    assert Order.objects.count() == 1


def test_more_than_a_hundred_are_too_many(shop, api):
    answer = post(api, f"{ORDERS}bulk/", {"orders": [{}] * 101})

    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_orders")


# --- what could be promised -------------------------------------------------------------------------------


def test_availability_promises_nothing_and_says_when_and_from_where(shop, api):
    body = api.get("/api/v1/availability/?sku=mug-red&quantity=3&country=DE&postal_code=10115").json()

    placed = placed_order({"MUG-RED": 3})
    assert body["estimated_delivery_on"] == placed.estimated_delivery_on.isoformat()
    assert (body["sku"], body["available"], body["promised"], body["backorder"]) == ("MUG-RED", 200, True, 0)
    assert [(one["warehouse"], one["quantity"]) for one in body["parcels"]] == [("HAM", 3)]


def test_availability_of_more_than_there_is(shop, api):
    body = api.get("/api/v1/availability/?sku=MUG-RED&quantity=201&country=DE").json()

    assert (body["available"], body["promised"], body["backorder"], body["estimated_delivery_on"]) == (
        200, False, 1, None,
    )  # fmt: skip


def test_availability_of_what_follows_later(shop, api):
    make_priced_product("RARE", "9.00", backorder=True)

    body = api.get("/api/v1/availability/?sku=RARE&quantity=1&country=DE").json()

    assert (body["promised"], body["parcels"][0]["kind"]) == (True, "backorder")
    assert body["estimated_delivery_on"] > (timezone.localdate() + timedelta(days=15)).isoformat()
    assert (body["may_wait"], body["by_day"]) == (None, [])


def test_availability_says_how_many_from_which_day_on(shop, api):
    rare = make_priced_product("RARE", "9.00", backorder=True, backorder_limit=8, stock={"HAM": 2})
    day = timezone.localdate() + timedelta(days=20)
    inventory.expect_receipt(
        product_id=rare.pk, warehouse_id=shop.munich.pk, quantity=5, expected_on=day, actor=SYSTEM
    )

    body = api.get("/api/v1/availability/?sku=RARE&quantity=4&country=DE").json()

    assert body["by_day"] == [{"on": None, "quantity": 2}, {"on": day.isoformat(), "quantity": 7}]
    assert [(one["kind"], one["warehouse"], one["quantity"]) for one in body["parcels"]] == [
        ("goods", "HAM", 2),
        ("backorder", "MUC", 2),
    ]
    assert (body["may_wait"], body["promised"]) == (8, True)
    assert placed_order({"RARE": 4}).estimated_delivery_on.isoformat() == body["estimated_delivery_on"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("country=DE", "/sku"), ("sku=MUG-RED", "/country"), ("sku=NOPE&country=DE", "/sku"),
     ("sku=MUG-RED&country=DE&quantity=x", "/quantity"), ("sku=MUG-RED&country=DE&colour=red", "/colour"),
     ("sku=MUG-RED&country=DE&shipping_method=pigeon", "/shipping_method")],
)  # fmt: skip
def test_availability_of_nothing_one_can_know(shop, api, query, pointer):
    answer = api.get(f"/api/v1/availability/?{query}")

    assert (answer.status_code, [one for one, _ in faults(answer)]) == (400, [pointer])
