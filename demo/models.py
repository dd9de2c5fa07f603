"""One row that says: this database belongs to the demo, and how far its data is."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.crypto import get_random_string


class DemoDatabase(models.Model):
    """The mark of a demo database. `api_key` is the integrator's key in clear: nothing here is real."""

    made_at = models.DateTimeField(default=timezone.now)
    stage = models.CharField(max_length=80, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    ready = models.BooleanField(default=False)
    api_key = models.CharField(max_length=120, blank=True)
    # What *Kill the worker now* leaves to the process after it.
    killed = models.JSONField(default=dict, blank=True)

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


def checkout_code() -> str:
    """Return an id that cannot be guessed."""
    return f"ck_{get_random_string(20)}"


class ProviderCheckout(models.Model):
    """A row in the books of the demo's payment provider, an outside party: the shop sees it over HTTP only.

    `key` is the shop's; asked again under it, nothing is done twice. `refunds` holds what went back, by key, and
    `dispute` what the customer's bank asks back: its id, state and until when evidence counts.
    """

    class State(models.TextChoices):
        """Open until the customer decides; then final."""

        OPEN = "open"
        PAID = "paid"
        REFUSED = "refused"
        CLOSED = "closed"

    code = models.CharField(max_length=40, unique=True, default=checkout_code)
    key = models.CharField(max_length=60, unique=True)
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    currency = models.CharField(max_length=3)
    subject = models.CharField(max_length=100)
    payee = models.CharField(max_length=200)
    language = models.CharField(max_length=10)
    return_url = models.CharField(max_length=500)
    notice_url = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    reason = models.CharField(max_length=200, blank=True)
    challenged = models.BooleanField(default=False)
    refunds = models.JSONField(default=dict)
    dispute = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "checkout of the demo's provider"

    def __str__(self) -> str:
        return self.code
