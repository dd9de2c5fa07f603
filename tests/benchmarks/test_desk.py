"""What is measured about the desk is measured right, at a small size."""

import pytest

from benchmarks import desk, desk_checks, desk_incident
from orders import earlier
from orders.models import Order

pytestmark = pytest.mark.django_db


def test_orders_with_and_without_checks_go_equally_far(monkeypatch):
    looking_back = earlier.looking_back

    found = desk_checks.measure(0.05)

    counted = Order.objects.filter(status="confirmed").values_list("channel__code", "checks")
    looked_at = {code: [len(checks) for at, checks in counted if at == code] for code in ("checked", "unchecked")}
    # With those that warm up, and the one whose statements are counted.
    assert looked_at == {"checked": [found["checks"]] * 76, "unchecked": [0] * 76}
    assert (found["orders"], found["goal_ms"], earlier.looking_back) == (50, 3.0, looking_back)


def test_every_part_has_its_module():
    assert all((desk.ROOT / f"benchmarks/desk_{part}.py").exists() for part in desk.PARTS)


def test_an_incident_reaches_every_order_and_each_customer_once():
    found = desk_incident.measure(0.01)

    figures = {
        name: found[name] for name in ("exceptions_opened", "promised_anew", "still_open", "customers", "mails")
    }
    assert figures == {"exceptions_opened": 10, "promised_anew": 10, "still_open": 0, "customers": 5, "mails": 5}
