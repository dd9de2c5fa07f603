"""What integrators send: the example of the contract, with changes."""

from typing import Any

ORDERS = "/api/v1/orders/"
EXAMPLE: dict[str, Any] = {
    "channel": "api",
    "external_reference": "SHOP-1001",
    "currency": "EUR",
    "customer": {"email": "ada@example.com", "name": "Ada Byron"},
    "shipping_address": {
        "name": "Ada Byron",
        "line1": "1 Main St",
        "city": "Berlin",
        "postal_code": "10115",
        "country": "DE",
    },
    "billing_address": None,
    "lines": [{"sku": "MUG-RED", "quantity": 2}, {"sku": "TEA-1", "quantity": 1}],
    "shipping_method": "standard",
    "requested_delivery_on": None,
    "ship_complete": False,
    "purchase_order_number": "PO-77",
    "payment_terms": "prepaid",
    "coupon_codes": [],
    "customer_note": "",
    "metadata": {},
}


def post(client: Any, path: str = ORDERS, body: Any = None, *, key: str = "", **changes: Any) -> Any:
    """Send a body (the example, if none is given, with changes) and return the answer."""
    sent = {**EXAMPLE, **changes} if body is None else body
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(path, sent, format="json", headers=headers)


def faults(answer: Any) -> list[tuple[str, str]]:
    """Return pointer and code of each fault of a problem."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    return [(fault["pointer"], fault["code"]) for fault in answer.json().get("errors", [])]
