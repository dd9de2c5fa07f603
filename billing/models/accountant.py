"""What an accountant is given: the numbers of the accounts, and the books of a month as files."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import Attachment, LockingManager

from .entity import LegalEntity
from .ledger import LedgerAccount


class DatevProfile(models.Model):
    """How an accountant keeps the books of a seller in DATEV."""

    class Chart(models.TextChoices):
        """The usual charts of accounts."""

        SKR03 = "SKR03", "SKR 03"
        SKR04 = "SKR04", "SKR 04"

    entity = models.OneToOneField(LegalEntity, models.CASCADE, related_name="+", verbose_name=_("seller"))
    chart = models.CharField(_("chart of accounts"), max_length=5, choices=Chart, default=Chart.SKR03)
    consultant = models.PositiveIntegerField(
        _("number of the consultant"), validators=[MinValueValidator(1001), MaxValueValidator(9_999_999)]
    )
    client = models.PositiveIntegerField(
        _("number of the client"), validators=[MinValueValidator(1), MaxValueValidator(99_999)]
    )
    length = models.PositiveSmallIntegerField(
        _("digits of an account"), default=4, validators=[MinValueValidator(4), MaxValueValidator(8)]
    )
    year_begins = models.PositiveSmallIntegerField(
        _("first month of the year of business"), default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    per_customer = models.BooleanField(_("an account for each customer"), default=False)

    class Meta:
        verbose_name = _("accounts for DATEV")
        verbose_name_plural = _("accounts for DATEV")

    def __str__(self) -> str:
        return f"{self.entity} {self.chart}"


class AccountNumber(models.Model):
    """The number that an account of the ledger has at the accountant, where it is not the usual one."""

    entity = models.ForeignKey(LegalEntity, models.CASCADE, related_name="+", verbose_name=_("seller"))
    kind = models.CharField(_("kind"), max_length=20, choices=LedgerAccount.Kind)
    detail = models.CharField(_("detail"), max_length=40, blank=True)
    number = models.CharField(_("number"), max_length=9, blank=True)
    key = models.CharField(_("tax key"), max_length=4, blank=True)

    class Meta:
        verbose_name = _("number of an account")
        verbose_name_plural = _("numbers of accounts")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["entity", "kind", "detail"], name="an_account_has_one_number"),
            models.CheckConstraint(condition=~Q(number="") | ~Q(key=""), name="a_number_or_a_key_is_said"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.detail} {self.number}"


class BookExport(models.Model):
    """The books of a month as files: asked for once, made by a worker, kept for a while to be taken."""

    class Status(models.TextChoices):
        """How far it is, and how it ended."""

        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        FAILED = "failed", _("Failed")

    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+", verbose_name=_("seller"))
    first_day = models.DateField(_("month"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked for by")
    )
    language = models.CharField(_("language"), max_length=10, default="en")
    with_papers = models.BooleanField(_("with the PDFs"), default=True)
    is_final = models.BooleanField(_("of a closed month"), default=False)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.QUEUED)
    problem = models.CharField(_("what went wrong"), max_length=500, blank=True)
    # Papers to print and rows to write, and how many are behind us.
    steps = models.PositiveIntegerField(_("steps"), default=0)
    done = models.PositiveIntegerField(_("steps done"), default=0)
    # What it says: totals per currency, counts, and what is missing for DATEV.
    figures = models.JSONField(_("figures"), default=dict)
    file = models.ForeignKey(Attachment, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("export of the books")
        verbose_name_plural = _("exports of the books")
        constraints = [
            # Two clicks, or two people, are one export.
            models.UniqueConstraint(
                fields=["entity", "first_day", "with_papers"],
                condition=Q(status__in=["queued", "running"]),
                name="a_month_is_exported_once_at_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["entity", "first_day", "-id"], name="book_export_month"),
            models.Index(fields=["finished_at"], name="book_export_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in (self.Status.QUEUED, self.Status.RUNNING)
