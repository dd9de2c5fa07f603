"""`manage.py plan_replenishment`: what the night does, now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from inventory import services


class Command(BaseCommand):
    """Reckons safety stock and reorder points anew, and tells of shelves that are low."""

    help = "Reckon safety stock and reorder points from what was shipped, and tell of shelves that are low."

    def handle(self, *args: Any, **options: Any) -> None:
        """Reckon and print."""
        began = timezone.now()
        differing = services.plan_replenishment()
        low = services.watch_stock()
        took = (timezone.now() - began).total_seconds()
        self.stdout.write(f"{differing} proposals differ from what holds; {low} shelves fell low ({took:.1f} s)")
