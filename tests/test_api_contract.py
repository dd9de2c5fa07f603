"""The contract with integrators, walked with a plain HTTP client: its example to the letter, and every refusal."""

import json
from datetime import date, datetime
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from core.api.keys import create_api_key
from core.models import IdempotencyKey
from orders.models import Order
from tests.orders.bodies import EXAMPLE, ORDERS, post

pytestmark = pytest.mark.django_db
API = "/api/v1/"
# The answer of the contract, without what differs from run to run.
ANSWER = json.loads("""
{"external_reference": "SHOP-1001", "channel": "api", "status": "verified",
 "display_status": "Waiting for payment", "version": 2,
 "payment_status": "unpaid", "fulfillment_status": "unfulfilled", "allocation_status": "allocated",
 "invoice_status": "not_invoiced", "return_status": "none",
 "is_on_hold": false, "blocked_because": "Waiting for payment of €22.06",
 "allowed_actions": ["cancel", "hold"], "priority": 50,
 "currency": "EUR", "subtotal": "14.20", "discount_total": "0.00", "shipping_total": "4.90", "tax_total": "2.96",
 "total": "22.06", "paid_total": "0.00", "balance_due": "22.06",
 "promised_on": null, "confirmed_at": null, "completed_at": null}
""")
MUG = json.loads("""
{"sku": "MUG-RED", "name": "Red mug", "quantity": 2, "unit_price": "5.00", "tax_rate": "0.19", "total": "11.90",
 "allocated": 2, "backordered": 0, "shipped": 0, "delivered": 0, "cancelled": 0, "returned": 0}
""")
TEA = {**MUG, "sku": "TEA-1", "name": "Morning tea", "quantity": 1, "allocated": 1}
TEA |= {"unit_price": "4.20", "tax_rate": "0.07", "total": "4.50"}
TAXES = [
    {"category": "S", "rate": "0.19", "net": "13.45", "tax": "2.56"},
    {"category": "S", "rate": "0.07", "net": "5.65", "tax": "0.40"},
]
LINKS = {
    "self": "orders/{}/", "timeline": "orders/{}/timeline/", "payments": "orders/{}/payments/",
    "invoices": "invoices/?order={}", "shipments": "shipments/?order={}", "returns": "returns/?order={}",
}  # fmt: skip


@pytest.fixture
def installation(db, api, run_debts):
    """A fresh installation, filled through the API alone."""
    call_command("ensure_defaults", verbosity=0)
    mug = {"sku": "MUG-RED", "name": "Red mug", "price": "5.00", "currency": "EUR", "tax_class": "standard"}
    tea = {"sku": "TEA-1", "name": "Morning tea", "price": "4.20", "currency": "EUR", "tax_class": "reduced"}
    stock = [{"sku": "MUG-RED", "quantity": 10}, {"sku": "TEA-1", "quantity": 10}]
    for path, body in (
        ("warehouses/", {"code": "HAM", "name": "Hamburg", "country": "DE"}),
        ("products/", mug),
        ("products/", tea),
        ("stock/receipts/", {"warehouse": "HAM", "lines": stock}),
    ):
        answer = post(api, API + path, body)
        assert answer.status_code == 201, answer.content
    run_debts()
    # A key as docs/guide/api.md makes it: for orders only.
    client = APIClient()
    _key, plain = create_api_key("My shop", scopes=["orders:read", "orders:write"], channels=["api"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def picked(body: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return {name: body.get(name, "MISSING") for name in like}


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Return a refusal, which has the form that all of them have."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert problem["type"].endswith(f"/api/v1/docs/#{code}")
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    return problem


def pointers(problem: dict[str, Any]) -> list[tuple[str, str]]:
    assert all(fault["detail"] for fault in problem["errors"])
    return [(fault["pointer"], fault["code"]) for fault in problem["errors"]]


def act(client: Any, number: str, action: str, **said: Any) -> Any:
    return post(client, f"{ORDERS}{number}/{action}/", said)


def test_the_example_is_answered_to_the_letter(installation, settings):
    answer = post(installation, key="6f1c")

    body = answer.json()
    number = body["number"]
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    assert answer.headers["Location"] == f"{ORDERS}{number}/"
    assert {"RateLimit", "RateLimit-Policy"} <= set(answer.headers)
    assert picked(body, ANSWER) == ANSWER
    assert number == f"SO-{Order.objects.get().pk:06}"
    assert 0 < (date.fromisoformat(body["estimated_delivery_on"]) - date.today()).days <= 7  # noqa: DTZ011
    assert body["placed_at"].endswith("Z")
    assert datetime.fromisoformat(body["placed_at"]).tzinfo is not None
    ada = Order.objects.get().customer
    assert body["customer"] == {"number": ada.number, "email": "ada@example.com", "name": "Ada Byron"}
    assert [picked(line, MUG) for line in body["lines"]] == [MUG, TEA]
    assert all(isinstance(line["id"], str) for line in body["lines"])
    assert body["tax_breakdown"] == TAXES
    site = settings.SITE_URL
    assert picked(body["links"], LINKS) == {
        name: f"{site}{API}{path.format(number)}" for name, path in LINKS.items()
    }  # fmt: skip
    assert body["links"]["tracking_page"].startswith(f"{site}/track/")
    first, second = (installation.get(body["links"]["self"].removeprefix(site)) for _ in range(2))
    assert first.json() == body
    assert first.content == second.content


def test_every_link_leads_somewhere(installation, api, client, settings):
    links = post(installation).json()["links"]

    for name, link in links.items():
        who = client if name == "tracking_page" else api
        assert who.get(link.removeprefix(settings.SITE_URL), follow=True).status_code == 200, name


def test_a_key_sent_again_and_a_key_misused(installation):
    first, again = post(installation, key="6f1c"), post(installation, key="6f1c")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert [again.headers[name] for name in ("ETag", "Location")] == [first.headers[n] for n in ("ETag", "Location")]
    refused(post(installation, key="6f1c", customer_note="other"), 422, "idempotency_key_reused")
    refused(post(installation, key="x" * 256), 400, "idempotency_key_invalid")
    assert Order.objects.count() == IdempotencyKey.objects.count() == 1

    problem = refused(post(installation, key="other"), 409, "duplicate_reference")
    assert problem["number"] == first.json()["number"]


def test_list_and_detail(installation):
    numbers = [post(installation, external_reference=f"SHOP-{n}").json()["number"] for n in range(3)]

    page = installation.get(f"{ORDERS}?page_size=2").json()
    assert list(page) == ["results", "next", "previous"]
    assert [row["number"] for row in page["results"]] == numbers[:0:-1]
    assert (page["previous"], "lines" in page["results"][0]) == (None, False)
    rest = installation.get(page["next"]).json()
    assert ([row["number"] for row in rest["results"]], rest["next"]) == ([numbers[0]], None)
    row = installation.get(f"{ORDERS}?external_reference=SHOP-1&expand=customer,lines").json()["results"][0]
    assert picked(row, {**ANSWER, "external_reference": ""}) == {**ANSWER, "external_reference": "SHOP-1"}
    assert [picked(line, MUG) for line in row["lines"]] == [MUG, TEA]
    detail = installation.get(f"{ORDERS}{numbers[1]}/")
    assert (detail.json()["lines"], detail.headers["ETag"]) == (row["lines"], '"2"')


def test_actions_answer_the_order_or_what_is_in_the_way(installation):
    number = post(installation).json()["number"]

    problem = refused(act(installation, number, "confirm"), 409, "transition_refused")
    assert problem["blocked_because"] == "Waiting for payment of €22.06"
    held = act(installation, number, "hold", reason="Ask Ada").json()
    names = ("is_on_hold", "blocked_because", "display_status", "allowed_actions")
    assert [held[name] for name in names[:2]] == [True, "Ask Ada"]
    assert held["allowed_actions"] == ["cancel", "hold", "release-hold"]
    free = act(installation, number, "release-hold", note="She said yes")
    assert [free.json()[name] for name in names] == [False, ANSWER["blocked_because"], ANSWER["display_status"],
                                                     ["cancel", "hold"]]  # fmt: skip
    assert act(installation, number, "comment", text="Called her").json()["number"] == number
    assert pointers(refused(act(installation, number, "comment"), 400, "invalid")) == [("/text", "required")]
    assert pointers(refused(act(installation, number, "cancel"), 400, "invalid")) == [("/reason", "required")]
    gone = act(installation, number, "cancel", reason="Changed her mind").json()
    assert (gone["status"], gone["balance_due"], gone["allowed_actions"]) == ("cancelled", "0.00", [])
    again = refused(act(installation, number, "cancel", reason="Twice"), 409, "transition_refused")
    assert again["blocked_because"]
    timeline = installation.get(f"{ORDERS}{number}/timeline/").json()["results"]
    assert [entry["transition"] for entry in timeline if entry["transition"]] == ["place", "verify", "cancel"]


def test_a_stale_write_changes_nothing(installation):
    path = f"{ORDERS}{post(installation).json()['number']}/"
    fresh = installation.patch(path, {"tags": ["gift"]}, format="json", headers={"If-Match": '"2"'})
    assert (fresh.status_code, fresh.headers["ETag"]) == (200, '"3"')

    stale = installation.patch(path, {"tags": []}, format="json", headers={"If-Match": '"2"'})
    assert refused(stale, 412, "stale")["version"] == 3
    for action, body in (("cancel", {"reason": "?"}), ("hold", {"reason": "?"}), ("comment", {"text": "?"})):
        answer = installation.post(f"{path}{action}/", body, format="json", headers={"If-Match": '"2"'})
        refused(answer, 412, "stale")
    order = Order.objects.get()
    assert (order.version, order.tags, order.status, order.comments.count()) == (3, ["gift"], "verified", 0)

    kept = installation.post(f"{path}cancel/", {"reason": "?"}, format="json", headers={"If-Match": '"3"'})
    assert (kept.status_code, kept.json()["status"]) == (200, "cancelled")


def test_a_shortage_names_what_there_is(installation):
    answer = post(installation, lines=[{"sku": "MUG-RED", "quantity": 11}], key="k")

    problem = refused(answer, 409, "insufficient_stock")
    assert problem["shortages"] == [{"sku": "MUG-RED", "requested": 11, "available": 10}]
    assert not Order.objects.exists()
    assert not IdempotencyKey.objects.exists()


FAULTS: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"lines": [{"sku": "NOPE", "quantity": 1}]}, ("/lines/0/sku", "unknown_product")),
    ({"lines": []}, ("/lines", "empty")),
    ({"lines": [{"sku": "MUG-RED", "quantity": 0}]}, ("/lines/0/quantity", "min_value")),
    ({"lines": [{"sku": "MUG-RED", "quantity": 1.5}]}, ("/lines/0/quantity", "invalid")),
    ({"lines": [{"sku": "MUG-RED", "quantity": 1_000_001}]}, ("/lines/0/quantity", "max_value")),
    (
        {"shipping_address": {**EXAMPLE["shipping_address"], "country": "XX"}},
        ("/shipping_address/country", "unknown_country"),
    ),
    ({"currency": "XXX"}, ("/currency", "unknown_currency")),
    ({"customer": {"email": "ada", "name": "Ada"}}, ("/customer/email", "invalid")),
    ({"customer_note": "a\0b"}, ("/customer_note", "invalid_text")),
]
QUESTIONS = {
    "colour=red": "/colour",
    "status=lost": "/status",
    "placed_after=yesterday": "/placed_after",
    "page_size=201": "/page_size",
    "ordering=colour": "/ordering",
    "expand=colour": "/expand",
}


def test_bad_input_is_pointed_at(installation):
    for change, fault in FAULTS:
        assert pointers(refused(post(installation, **change), 400, "invalid")) == [fault]
    for raw in ("{", '{"a":', "[]", '"order"', "null", "7"):
        refused(installation.post(ORDERS, raw, content_type="application/json"), 400, "malformed")
    assert not Order.objects.exists()


def test_a_question_nobody_understands_is_refused(installation):
    for query, pointer in QUESTIONS.items():
        problem = refused(installation.get(f"{ORDERS}?{query}"), 400, "invalid")
        assert [one for one, _ in pointers(problem)] == [pointer]
    refused(installation.get(f"{ORDERS}?cursor=zzz"), 400, "bad_cursor")


def test_who_may_not_and_what_is_not_there(installation, client):
    for stranger in (client, APIClient(headers={"Authorization": "Bearer nobody"})):
        answer = stranger.get(ORDERS)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert refused(answer, 401, answer.json()["code"])["status"] == 401
    refused(installation.get(f"{ORDERS}SO-999999/"), 404, "not_found")
    refused(post(installation, f"{ORDERS}SO-999999/cancel/", {"reason": "?"}), 404, "not_found")
    refused(installation.get(f"{API}nothing/"), 404, "not_found")
    refused(client.get("/api/"), 404, "not_found")
    refused(installation.get(ORDERS.rstrip("/")), 404, "not_found")
    answer = installation.delete(ORDERS)
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    refused(answer, 405, "method_not_allowed")
    refused(installation.get(ORDERS, headers={"Accept": "text/html"}), 406, "not_acceptable")
    refused(installation.post(ORDERS, "x", content_type="text/plain"), 415, "unsupported_media_type")
    refused(installation.get(f"{API}stock/"), 403, "not_allowed")
    assert pointers(refused(post(installation, payment_terms="net14"), 403, "scope_missing")) == [
        ("/payment_terms", "scope_missing")
    ]


def test_rows_of_stock_and_products(installation, api):
    post(installation)

    [row] = api.get(f"{API}stock/?sku=MUG-RED").json()["results"]
    assert row == {
        "sku": "MUG-RED", "warehouse": "HAM", "on_hand": 10, "reserved": 2, "available": 8, "incoming": 0,
    }  # fmt: skip
    assert [type(value) for value in row.values()] == [str, str, int, int, int, int]
    wanted = {"sku": "TEA-1", "name": "Morning tea", "kind": "stocked", "price": "4.20", "currency": "EUR"}
    wanted |= {"tax_class": "reduced", "backorder": False, "active": True}
    [row] = api.get(f"{API}products/?sku=tea-1").json()["results"]
    assert picked(row, wanted) == wanted


def test_money_needs_a_key(installation, api):
    path = f"{ORDERS}{post(installation).json()['number']}/payments/"
    money = {"method": "card", "amount": "22.06", "reference": "ch_1"}

    refused(post(api, path, money), 400, "idempotency_key_required")
    refused(post(installation, path, money, key="k"), 403, "not_allowed")
    assert post(api, path, money, key="k").json()["amount"] == "22.06"


def test_every_name_in_the_schema_is_one_that_we_chose(tmp_path):
    # It fails where a name would be made up from a checksum, or a type guessed.
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", tmp_path / "schema.yml")
    assert "WaveStatusEnum:" in (tmp_path / "schema.yml").read_text()
