"""POST /orders/: the figures of the contract, and every way to get it wrong."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from core.api.keys import create_api_key
from core.models import IdempotencyKey
from customers.models import Customer
from orders.models import Order
from tests.factories.catalog import stock_of
from tests.factories.shop import make_priced_product
from tests.orders.bodies import EXAMPLE, ORDERS, faults, post

pytestmark = pytest.mark.django_db
PAID = [{"method": "card", "amount": "22.06", "reference": "ch_1", "status": "authorized"}]


@pytest.fixture
def key_with(db):
    """Return an API client with a key of some scopes and channels."""

    def make(*scopes: str, channels: tuple[str, ...] = ("api",)) -> APIClient:
        client = APIClient()
        _key, plain = create_api_key("limited", scopes=scopes, channels=channels)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
        return client

    return make


def test_the_example_of_the_contract(shop, api):
    answer = post(api, key="6f1c")

    assert answer.status_code == 201
    order = Order.objects.get()
    body = answer.json()
    assert answer.headers["Location"] == f"/api/v1/orders/{order.number}/"
    assert answer.headers["ETag"] == '"2"'
    expected = {
        "number": order.number, "external_reference": "SHOP-1001", "channel": "api",
        "status": "verified", "display_status": "Waiting for payment", "version": 2,
        "payment_status": "unpaid", "fulfillment_status": "unfulfilled", "allocation_status": "allocated",
        "invoice_status": "not_invoiced", "return_status": "none",
        "is_on_hold": False, "blocked_because": "Waiting for payment of €22.06",
        "allowed_actions": ["cancel", "hold"], "priority": 50,
        "currency": "EUR", "subtotal": "14.20", "discount_total": "0.00", "shipping_total": "4.90",
        "tax_total": "2.96", "total": "22.06", "paid_total": "0.00", "balance_due": "22.06",
        "estimated_delivery_on": order.estimated_delivery_on.isoformat(), "promised_on": None,
        "confirmed_at": None, "completed_at": None,
        "customer": {"number": order.customer.number, "email": "ada@example.com", "name": "Ada Byron"},
    }  # fmt: skip
    assert {name: body[name] for name in expected} == expected
    assert body["placed_at"].endswith("Z")
    line = {
        "id": str(order.lines.first().pk), "sku": "MUG-RED", "name": "Red mug", "quantity": 2, "unit_price": "5.00",
        "tax_rate": "0.19", "total": "11.90", "allocated": 2, "backordered": 0, "shipped": 0, "delivered": 0,
        "cancelled": 0, "returned": 0,
    }  # fmt: skip
    assert {name: body["lines"][0][name] for name in line} == line
    assert set(body["links"]) == {
        "self", "timeline", "payments", "invoices", "shipments", "returns", "tracking_page",
    }  # fmt: skip


def test_the_same_key_gives_the_same_answer(shop, api):
    first, again = post(api, key="k"), post(api, key="k")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1
    assert post(api, key="k", customer_note="other").status_code == 422


def test_a_shortage_leaves_no_trace(shop, api):
    answer = post(api, key="k", lines=[{"sku": "MUG-RED", "quantity": 500}])

    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_stock")
    assert answer.json()["shortages"] == [{"sku": "MUG-RED", "requested": 500, "available": 200}]
    assert not Order.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert not Customer.objects.exists()
    assert stock_of(shop.mug).reserved == 0


def test_a_reference_that_was_used_names_the_order(shop, api):
    first = post(api).json()

    answer = post(api, customer_note="again")

    assert (answer.status_code, answer.json()["code"], answer.json()["number"]) == (
        409, "duplicate_reference", first["number"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"lines": []}, ("/lines", "empty")),
        ({"lines": [{"sku": "NOPE", "quantity": 1}]}, ("/lines/0/sku", "unknown_product")),
        ({"lines": [{"sku": "MUG-RED", "quantity": 0}]}, ("/lines/0/quantity", "min_value")),
        ({"lines": [{"sku": "MUG-RED", "quantity": 1_000_001}]}, ("/lines/0/quantity", "max_value")),
        ({"lines": [{"sku": "MUG-RED", "quantity": 1.5}]}, ("/lines/0/quantity", "invalid")),
        ({"lines": [{"sku": "MUG-RED", "quantity": "2"}]}, ("/lines/0/quantity", "invalid")),
        ({"lines": [{"sku": "MUG-RED"}]}, ("/lines/0/quantity", "required")),
        ({"lines": [{"sku": "MUG-RED", "quantity": 1}, 7]}, ("/lines/1", "invalid")),
        ({"lines": "two mugs"}, ("/lines", "not_a_list")),
        ({"currency": "EURO"}, ("/currency", "unknown_currency")),
        ({"currency": "XXX"}, ("/currency", "unknown_currency")),
        ({"currency": "USD"}, ("/currency", "currency_not_sold")),
        ({"customer": {"email": "nobody", "name": "A"}}, ("/customer/email", "invalid")),
        ({"customer": {"email": "a@example.com"}}, ("/customer/name", "required")),
        ({"customer": {"number": "C-999999"}}, ("/customer/number", "unknown_customer")),
        ({"customer": None}, ("/customer", "null")),
        ({"shipping_address": None}, ("/shipping_address", "required")),
        ({"shipping_address": {"country": "Germany"}}, ("/shipping_address/country", "unknown_country")),
        ({"shipping_address": {"country": "XX"}}, ("/shipping_address/country", "unknown_country")),
        ({"shipping_method": "pigeon"}, ("/shipping_method", "unknown_shipping_method")),
        ({"requested_delivery_on": "soon"}, ("/requested_delivery_on", "invalid")),
        ({"payment_terms": "someday"}, ("/payment_terms", "invalid_choice")),
        ({"coupon_codes": ["NOPE"]}, ("/coupon_codes/0", "coupon_refused")),
        ({"metadata": []}, ("/metadata", "not_an_object")),
        ({"metadata": {str(n): n for n in range(51)}}, ("/metadata", "too_many_keys")),
        ({"metadata": {"long": "x" * 17_000}}, ("/metadata", "too_large")),
        ({"customer_note": "a\0b"}, ("/customer_note", "invalid_text")),
        ({"channel": "nowhere"}, ("/channel", "unknown_channel")),
        ({"channel": "walk_in"}, ("/channel", "unknown_channel")),
        ({"colour": "red"}, ("/colour", "unknown")),
        ({"external_reference": "x" * 101}, ("/external_reference", "max_length")),
        ({"payments": [{**PAID[0], "status": "promised"}]}, ("/payments/0/status", "invalid_choice")),
    ],
)
def test_what_can_never_be_right_is_named(shop, api, change, found):
    answer = post(api, key="again", **change)

    assert answer.status_code == 400
    assert found in faults(answer)
    assert not Order.objects.exists()


@pytest.mark.parametrize("body", ["[]", "null", '"order"', "{", "{'a': 1}"])
def test_a_body_that_is_no_object_is_malformed(shop, api, body):
    answer = api.post(ORDERS, body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("channel", ["import", "portal", "staff"])
def test_some_channels_are_never_accepted_here(shop, key_with, channel):
    client = key_with("orders:write", channels=())

    assert faults(post(client, channel=channel)) == [("/channel", "channel_not_allowed")]


def test_a_key_of_one_channel_need_not_say_which(shop, api):
    body = {name: value for name, value in EXAMPLE.items() if name != "channel"}

    assert post(api, body=body).json()["channel"] == "api"


def test_no_key_no_order(shop):
    answer = post(APIClient())

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"placed_at": "2025-01-01T10:00:00Z"}, "/placed_at"),
        ({"prices_include_tax": True}, "/prices_include_tax"),
        ({"shipping_price": "1.00"}, "/shipping_price"),
        ({"discounts": [{"amount": "1.00"}]}, "/discounts"),
        ({"lines": [{"sku": "MUG-RED", "quantity": 1, "unit_price": "1.00"}]}, "/lines/0/unit_price"),
        ({"lines": [{"sku": "MUG-RED", "quantity": 1, "tax_amount": "1.00"}]}, "/lines/0/tax_amount"),
        ({"payments": PAID}, "/payments"),
        ({"payment_terms": "net14"}, "/payment_terms"),
        ({"customer": {"number": "C-000001"}}, "/customer/number"),
    ],
)
def test_what_a_key_may_not_say_is_refused(shop, key_with, change, pointer):
    answer = post(key_with("orders:write"), key="refused", **change)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
    assert not Order.objects.exists()


def test_reading_is_not_writing(shop, key_with):
    assert post(key_with("orders:read")).status_code == 403


def test_an_order_that_was_agreed_and_paid_elsewhere(shop, key_with):
    client = key_with("orders:write", "orders:price", "payments:write")

    answer = post(
        client,
        key="paid elsewhere",
        placed_at="2025-11-20T10:00:00+01:00",
        lines=[{"sku": "MUG-RED", "quantity": 2, "unit_price": "5.00", "tax_amount": "1.90"}],
        shipping_price="0.00",
        payments=[{**PAID[0], "amount": "11.90", "status": "captured"}],
        expected_total="11.90",
    )

    body = answer.json()
    assert (answer.status_code, body["status"], body["payment_status"]) == (201, "confirmed", "paid")
    assert (body["total"], body["paid_total"], body["balance_due"]) == ("11.90", "11.90", "0.00")
    assert body["placed_at"] == "2025-11-20T09:00:00Z"
    assert body["promised_on"] == body["estimated_delivery_on"]


def test_a_cent_of_difference_opens_a_price_hold(shop, api):
    body = post(api, expected_total="22.05").json()

    reason = "The sender expects 22.05 EUR, we make it 22.06 EUR"
    assert (body["status"], body["is_on_hold"], body["blocked_because"]) == ("placed", True, reason)
    assert [(hold["kind"], hold["reason"]) for hold in body["holds"]] == [("price", reason)]
    assert body["allowed_actions"] == ["cancel", "hold", "release-hold", "waive-check", "check-again"]


def test_a_postcode_that_does_not_fit_is_a_check_and_no_error(shop, api):
    answer = post(api, shipping_address={**EXAMPLE["shipping_address"], "postal_code": "1"})

    assert answer.status_code == 201
    assert answer.json()["blocked_because"] == "Postcode 1 does not fit Germany"


def test_a_customer_is_named_by_number(shop, api):
    number = post(api).json()["customer"]["number"]

    answer = post(api, customer={"number": number}, external_reference="", lines=[{"sku": "TEA-1", "quantity": 2}])

    assert answer.json()["customer"] == {"number": number, "email": "ada@example.com", "name": "Ada Byron"}
    assert Customer.objects.count() == 1


def test_prices_may_be_given_with_more_decimals_than_the_currency(shop, api):
    answer = post(api, lines=[{"sku": "MUG-RED", "quantity": 1000, "unit_price": "4.1234"}], shipping_price="0")

    assert answer.status_code == 409
    make_priced_product("NAIL", "0.05", stock={"HAM": 5000})
    body = post(api, lines=[{"sku": "NAIL", "quantity": 1000, "unit_price": "0.0412"}], shipping_price="0").json()
    assert (body["lines"][0]["unit_price"], body["subtotal"]) == ("0.0412", "41.20")
    assert Decimal(body["total"]) == Decimal("49.03")


def test_more_money_than_an_order_can_hold_is_refused(shop, api):
    """SQLite would keep the sum, and no list with that order could be read again."""
    too_much = [{"method": "card", "amount": "99999999999.99", "status": "captured"}] * 2

    answer = post(api, key="too much", payments=too_much)

    assert (answer.status_code, answer.json()["code"]) == (400, "amount_too_large")
    assert not Order.objects.exists()


def test_an_order_that_brings_money_needs_a_key(shop, api):
    """Sent again without one, and without a reference of its own, it would book the money twice."""
    answer = post(api, payments=PAID)
    bulk = post(api, f"{ORDERS}bulk/", {"orders": [{**EXAMPLE, "payments": PAID}]})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    [one] = bulk.json()["results"]
    assert (one["status"], one["problem"]["code"]) == (400, "idempotency_key_required")
    assert not Order.objects.exists()
