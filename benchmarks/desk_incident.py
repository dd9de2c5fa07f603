"""How long an incident takes on a thousand orders: exceptions opened, a day promised anew, all closed together.

A part of `benchmarks/desk.py`. The mails are debts that a worker pays afterwards; what is measured ends when the
last exception is closed.
"""

import time
from datetime import timedelta
from typing import Any

ORDERS, GOAL = 1_000, 10.0


def measure(scale: float) -> dict[str, Any]:
    """Build orders in the empty database Django is connected to, hit them all, and say what was found."""
    orders = max(2, round(ORDERS * scale))
    from django.db import connection
    from django.db.models import CharField, Count, F, Value
    from django.db.models.functions import Cast, Concat
    from django.utils import timezone

    from benchmarks.fill_backorders import queue_up
    from core.actors import SYSTEM
    from core.models import Delivery
    from orders import services
    from orders.models import Incident, Order, OrderException

    queue_up(orders)
    today = timezone.localdate()
    # Two orders to a customer, whatever number the first one has.
    first = Order.objects.earliest("pk").pk
    buyer = Concat(Value("buyer"), Cast((F("pk") - first) / 2, CharField()), Value("@example.com"))
    Order.objects.update(promised_on=today, first_promised_on=today, email=buyer)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    incident = services.find_incident({"cause": "Recalled", "sku": "RARE"}, actor=SYSTEM)
    started = time.perf_counter()
    ids = list(services.affected(incident).values_list("pk", flat=True))
    day = today + timedelta(days=9)
    services.tell_incident(incident.pk, order_ids=ids, texts={"en": "Sorry."}, new_day=day, actor=SYSTEM)
    _run_through(incident.pk)
    opened = time.perf_counter() - started
    known = OrderException.objects.filter(category="incident", closed_at=None).count()
    services.end_incident(incident.pk, resolution="Replaced", actor=SYSTEM)
    _run_through(incident.pk)
    seconds = time.perf_counter() - started
    still = OrderException.objects.filter(closed_at=None).count()
    moved = Order.objects.filter(promised_on=day, first_promised_on=today, open_exceptions=0).count()
    mails = Delivery.objects.filter(handler__endswith="send_incident").count()
    customers = Order.objects.aggregate(n=Count("email", distinct=True))["n"]
    is_over = Incident.objects.get().status == Incident.Status.OVER
    return {
        "orders": orders,
        "exceptions_opened": known,
        "seconds_to_open": round(opened, 2),
        "seconds": round(seconds, 2),
        "still_open": still,
        "promised_anew": moved,
        "customers": customers,
        "mails": mails,
        "goal_seconds": GOAL,
        "met": seconds < GOAL and (known, still, moved, mails) == (orders, 0, orders, customers) and is_over,
    }


def _run_through(incident_id: int) -> None:
    from orders import services

    while services.work_on_incident(incident_id):
        pass
