"""One step for many rows, taken one after the other while somebody watches, or does not."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .base import LockingManager
from .messages import Attachment


class BulkJob(models.Model):
    """What somebody wants done with many rows of a list, and how far it is.

    `table` and `step` name the list and what it offers there; `said` is what the form of the step said, as it
    was sent, and `columns` what the list showed. `token` is drawn with the page that asks: sent twice, it is
    one job. How many rows are done is counted, never kept.
    """

    class Status(models.TextChoices):
        """How far it is, and how it ended."""

        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        PARTIALLY_SUCCEEDED = "partially_succeeded", _("Done in part")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    token = models.CharField(_("drawn with the page"), max_length=64)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("owner"))
    table = models.CharField(_("list"), max_length=100)
    step = models.CharField(_("step"), max_length=60)
    said = models.JSONField(_("said"), default=dict, blank=True)
    columns = models.JSONField(_("columns"), default=list, blank=True)
    about = models.CharField(_("selection"), max_length=300, blank=True)
    back = models.CharField(_("list it came from"), max_length=2000, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    total = models.PositiveIntegerField(_("rows"), default=0)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.QUEUED)
    problem = models.CharField(_("what went wrong"), max_length=500, blank=True)
    file = models.ForeignKey(Attachment, models.SET_NULL, null=True, blank=True, related_name="+")
    again_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("bulk step")
        verbose_name_plural = _("bulk steps")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["owner", "token"], name="one_bulk_job_per_page_that_asked")]
        indexes = [
            models.Index(fields=["owner", "-id"], name="bulk_job_of_owner"),
            models.Index(fields=["finished_at"], name="bulk_job_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.table} ({self.total})"

    @property
    def reference(self) -> str:
        """Return what ties together in the log everything that this job did."""
        return f"bulk-{self.key.hex}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in (self.Status.QUEUED, self.Status.RUNNING)


class BulkRow(models.Model):
    """One row of a bulk job, and what became of it: written in the transaction that did it."""

    class Status(models.TextChoices):
        """What became of a row."""

        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Nothing to do")
        REFUSED = "refused", _("Refused")

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="rows")
    subject_id = models.BigIntegerField(_("row"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"), null=True, blank=True)

    class Meta:
        verbose_name = _("row of a bulk step")
        verbose_name_plural = _("rows of bulk steps")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["job", "subject_id"], name="a_bulk_job_names_a_row_once")]
        indexes = [models.Index(fields=["job", "status", "id"], name="bulk_row_status")]

    def __str__(self) -> str:
        return f"{self.subject_id}: {self.status}"
