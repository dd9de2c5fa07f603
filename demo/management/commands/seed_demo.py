"""`manage.py seed_demo`: the company of the demo, built through the services; a second start keeps it."""

import gc
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from demo import mark, story, world
from demo.models import DemoDatabase
from orders.models import Order


class Command(BaseCommand):
    """Run by `./run demo` while its first page already answers."""

    help = "Build the demo company in an empty database. Keeps what is there."

    def handle(self, *args: Any, **options: Any) -> None:
        """Build it, or say that it is there."""
        state = mark.claim()
        if state.ready:
            if state.is_older_than_a_day:
                self.stderr.write("The demo data is older than a day; ./run demo --fresh makes it new.")
            return
        if Order.objects.exists():
            raise CommandError("The demo data was begun and not finished; ./run demo --fresh starts it over.")
        begun = time.monotonic()
        # The modules stay: the collector need not look at them again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        with translation.override("en"):
            world.move_in()
            story.tell()
        DemoDatabase.objects.update(ready=True, stage="Ready", made_at=timezone.now())
        self.stderr.write(f"{Order.objects.count()} orders in {time.monotonic() - begun:.0f} s")
