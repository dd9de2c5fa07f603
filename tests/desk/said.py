"""What the page of a new order sends."""

import json
from typing import Any
from uuid import UUID

QUOTE = "/desk/orders/quote/"
KEEP = "/desk/orders/keep/"
PLACE = "/desk/orders/place/"
OFFER = "/desk/orders/offer/"
TOKEN = str(UUID(int=9))


def line(sku: str, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    """Return a line as the page sends it."""
    return {"sku": sku, "quantity": str(quantity), "price": "", "wait": "", **more}


def send(client: Any, address: str, **said: Any) -> dict[str, Any]:
    """Send the order of api.md for a customer, with changes, and return the answer."""
    body = {"token": TOKEN, "version": None, "lines": [line("MUG-RED", 2), line("TEA-1", 1)], **said}
    answer = client.post(address, json.dumps(body), content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def faults(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Return where something is wrong, and what."""
    return [(one["pointer"], one["code"]) for one in answer["faults"]]
