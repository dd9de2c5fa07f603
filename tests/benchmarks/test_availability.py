"""What can be promised can be measured: here of a few products, with one statement for all of them."""

import pytest

from benchmarks import availability

pytestmark = pytest.mark.django_db


def test_what_can_be_promised_of_many_products_is_measured() -> None:
    availability.fill(products=12, waiting=9)

    found = availability.measure(skus=10, requests=2)

    assert (found["statements"], found["skus"], found["requests"]) == (1, 10, 2)
    assert 0 < found["least_ms"] <= found["p50_ms"] <= found["p95_ms"]
    assert "what can be promised of 10 products, 1 statement(s)" in availability.tell(found)
