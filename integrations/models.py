"""Files that come in, row by row."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager


class ImportBatch(models.Model):
    """One file, read once: its checksum names it, so that a second run goes on or changes nothing."""

    class Status(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        PARTIALLY_SUCCEEDED = "partially_succeeded", _("succeeded in part")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    format = models.CharField(_("format"), max_length=40)
    file_name = models.CharField(_("file"), max_length=200)
    checksum = models.CharField(_("checksum"), max_length=64)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.QUEUED)
    through = models.CharField(_("through"), max_length=20)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    summary = models.JSONField(_("summary"), default=dict, blank=True)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [models.UniqueConstraint(fields=["format", "checksum"], name="each_file_is_read_once")]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(models.Model):
    """What became of one row of a file."""

    class Outcome(models.TextChoices):
        """Every row is accounted for."""

        IMPORTED = "imported", _("imported")
        CHANGED = "changed", _("changed")
        UNCHANGED = "unchanged", _("unchanged")
        CHARGE = "charge", _("charge or discount")
        RETURNED = "returned", _("became a return")
        STOCK = "stock", _("stock correction")
        UNMATCHED = "unmatched", _("no match; exception")
        REJECTED = "rejected", _("rejected")

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    line_number = models.PositiveIntegerField(_("line"))
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reference = models.CharField(_("became"), max_length=60, blank=True)
    amount = models.DecimalField(_("quantity × price"), max_digits=18, decimal_places=3, default=0)

    class Meta:
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        constraints = [models.UniqueConstraint(fields=["batch", "line_number"], name="each_row_is_accounted_for_once")]
        indexes = [models.Index(fields=["batch", "outcome"], name="import_row_outcome")]

    def __str__(self) -> str:
        return f"{self.line_number}: {self.outcome}"
