"""One row that says: this database belongs to the demo, and how far its data is."""

from datetime import timedelta

from django.db import models
from django.utils import timezone


class DemoDatabase(models.Model):
    """The mark of a demo database. `api_key` is the integrator's key in clear: nothing here is real."""

    made_at = models.DateTimeField(default=timezone.now)
    stage = models.CharField(max_length=80, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    ready = models.BooleanField(default=False)
    api_key = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = "demo database"

    def __str__(self) -> str:
        return self.stage

    @property
    def percent(self) -> int:
        """How far the data is, 0 to 100."""
        return 100 if self.ready else min(99, 100 * self.done // max(self.total, 1))

    @property
    def is_older_than_a_day(self) -> bool:
        """Whether the dates in the data have begun to look old."""
        return timezone.now() - self.made_at > timedelta(days=1)
