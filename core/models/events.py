"""The one log: history, timeline, audit, outbox and feed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EventRecord(models.Model):
    """One fact or one passage of a status, written in the transaction that made it true. Never changed.

    `thread` names the record in whose history it appears (`orders.order:17`); `position` is its
    place in the feed, given after the commit, because ids are not commit order.
    """

    name = models.CharField(_("name"), max_length=100)
    thread = models.CharField(_("thread"), max_length=80, blank=True)
    subject_type = models.CharField(_("subject"), max_length=60, blank=True)
    subject_id = models.BigIntegerField(_("subject id"), null=True, blank=True)
    transition = models.CharField(_("transition"), max_length=50, blank=True)
    source = models.CharField(_("from"), max_length=30, blank=True)
    target = models.CharField(_("to"), max_length=30, blank=True)
    actor = models.CharField(_("actor"), max_length=120)
    note = models.TextField(_("note"), blank=True)
    payload = models.JSONField(_("data"), default=dict)
    public = models.BooleanField(_("public"), default=False)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)
    recorded_at = models.DateTimeField(_("recorded at"), default=timezone.now)
    position = models.BigIntegerField(_("position"), null=True, unique=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            # Without a condition: with one, SQLite would not use it for `thread = ?`.
            models.Index(fields=["thread", "id"], name="event_thread"),
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["id"], name="event_unsequenced", condition=Q(position__isnull=True)),
            models.Index(fields=["request_id"], name="event_request", condition=~Q(request_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.thread}"


class Delivery(models.Model):
    """One handler still owes (or has finished) its work for one event: the outbox."""

    class Status(models.TextChoices):
        """A debt is open, paid, or given up with a reason."""

        PENDING = "pending", _("due")
        DONE = "done", _("paid")
        DEAD = "dead", _("given up")

    event = models.ForeignKey(EventRecord, models.CASCADE, related_name="deliveries", verbose_name=_("event"))
    handler = models.CharField(_("handler"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("debt")
        verbose_name_plural = _("debts")
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="one_delivery_per_handler")]
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(status="pending")),
            # The list of what is not paid, those given up first: few among millions.
            models.Index(fields=["status", "-id"], name="delivery_unpaid", condition=~Q(status="done")),
        ]

    def __str__(self) -> str:
        return f"{self.handler} #{self.pk}"


class Consumer(models.Model):
    """How far a reader of every event has read."""

    name = models.CharField(_("name"), max_length=100, primary_key=True)
    position = models.BigIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("consumer")
        verbose_name_plural = _("consumers")

    def __str__(self) -> str:
        return self.name
