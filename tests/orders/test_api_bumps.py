"""More urgent for a while, over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from core.actors import SYSTEM
from core.api.keys import create_api_key
from orders import services
from tests.orders.bodies import ORDERS, faults, post
from tests.scenarios import confirmed_order

pytestmark = pytest.mark.django_db


def test_an_order_is_bumped_for_a_while_and_has_its_usual_priority_again(shop, api):
    order = confirmed_order()
    path, usual = f"{ORDERS}{order.number}/", order.priority
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()

    for body, pointer in (
        ({"points": 0, "reason": "Fair"}, "/points"),
        ({"points": 5_000, "reason": "Fair"}, "/points"),
        ({"points": 20, "reason": "Fair", "until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"points": 20}, "/reason"),
    ):
        assert [one for one, _code in faults(post(api, f"{path}bump/", body))] == [pointer]
    bumped = post(api, f"{path}bump/", {"points": 20, "reason": "Fair", "until": tomorrow}).json()
    again = post(api, f"{path}end-bump/", {}).json()

    assert (bumped["priority"], again["priority"]) == (usual + 20, usual)
    assert post(api, f"{path}end-bump/", {}).json()["version"] == again["version"]
    services.cancel_order(order.pk, reason="No", actor=SYSTEM)
    assert post(api, f"{path}bump/", {"points": 20, "reason": "Fair"}).status_code == 409
    reader = APIClient()
    _key, plain = create_api_key("reader", scopes=["orders:read"], channels=["api"])
    reader.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    assert post(reader, f"{path}bump/", {"points": 1, "reason": "x"}).status_code == 403
