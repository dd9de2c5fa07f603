"""Keep what staff had set by hand: as points that they gave, without a reason and without an end."""

from django.db import migrations
from django.utils import timezone

USUAL, BATCH = 50, 1_000
WAITING = ("placed", "verified", "confirmed", "fulfilling")


def keep_by_hand(apps, schema_editor):
    """Write a bump for every order that waits with a priority of its own; safe to repeat."""
    order_model, bump_model = apps.get_model("orders", "Order"), apps.get_model("orders", "PriorityBump")
    by_hand = order_model.objects.filter(status__in=WAITING).exclude(priority=USUAL).order_by("pk")
    last, now = 0, timezone.now()
    while batch := list(by_hand.filter(pk__gt=last).values_list("pk", "priority")[:BATCH]):
        ids = [pk for pk, _priority in batch]
        known = set(bump_model.objects.filter(order__in=ids, ended_at=None).values_list("order", flat=True))
        bump_model.objects.bulk_create(
            bump_model(order_id=pk, points=priority - USUAL, placed_by="system", created_at=now)
            for pk, priority in batch
            if pk not in known
        )
        for pk, priority in batch:
            parts = {"start": USUAL, "bump": priority - USUAL}
            order_model.objects.filter(pk=pk).update(priority_parts=parts)
        last = ids[-1]


class Migration(migrations.Migration):

    dependencies = [("orders", "0012_priority")]

    operations = [migrations.RunPython(keep_by_hand, migrations.RunPython.noop)]
