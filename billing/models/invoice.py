"""Invoices and credit notes: they copy what they say, and never change once issued."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_fsm import transition

from core import seat
from core.models import Attachment, LockingManager, exact
from core.money import Money, quantum
from core.status import StatusField
from orders.models import Order, OrderLine

from .entity import LegalEntity

CENT = Decimal("0.01")


class Document(models.Model):
    """What an invoice and a credit note have in common. Amounts are in `currency`.

    total = net_total + tax_total + rounding; `rounding` is the difference between the document's own
    tax per rate (EN 16931 BR-CO-17) and what the order agreed, at most one minor unit per rate (BT-114).
    """

    # Null until it is issued: only then does it have a number.
    number = models.CharField(_("number"), max_length=40, unique=True, null=True, editable=False)  # noqa: DJ001
    series = models.CharField(_("series"), max_length=40, blank=True)
    legal_entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+", verbose_name=_("seller"))
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(_("language"), max_length=10, default="en")
    seller = models.JSONField(_("seller as printed"), default=dict)
    buyer = models.JSONField(_("buyer as printed"), default=dict)
    ship_to = models.JSONField(_("delivered to"), default=dict, blank=True)
    tax_breakdown = models.JSONField(_("tax by rate"), default=list)
    net_total = models.DecimalField(_("net"), max_digits=14, decimal_places=3)
    tax_total = models.DecimalField(_("tax"), max_digits=14, decimal_places=3)
    rounding = models.DecimalField(_("rounding"), max_digits=14, decimal_places=3, default=Decimal(0))
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=3)
    notes = models.TextField(_("notes"), blank=True)
    # Its place in the series, the hash of what it says, and that with all before it (billing.chain).
    place = models.PositiveBigIntegerField(null=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    seal = models.CharField(max_length=64, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    issued_on = models.DateField(_("date"), null=True, blank=True)
    pdf = models.ForeignKey(Attachment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("PDF"))

    objects = LockingManager()

    class Meta:
        abstract = True

    @property
    def has_xml(self) -> bool:
        """Whether EN 16931 can say it: its amounts have two decimals at most (BR-DEC)."""
        return quantum(self.currency) >= CENT

    def money(self, field: str) -> Money:
        """Return one of the amounts with its currency."""
        return Money(getattr(self, field), self.currency)


def document_constraints(name: str) -> list[models.BaseConstraint]:
    """Return what is true of every issued document."""
    return [
        models.UniqueConstraint(fields=["legal_entity", "series", "place"], name=f"one_{name}_per_place"),
        models.CheckConstraint(
            condition=Q(total=exact(F("net_total") + F("tax_total") + F("rounding"))), name=f"{name}_total_adds_up"
        ),
        models.CheckConstraint(
            condition=Q(status="draft") | Q(number__isnull=False, issued_on__isnull=False),
            name=f"issued_{name}_has_number",
        ),
    ]


class Invoice(Document):
    """What a customer owes for one shipment (or order, or charge). `source_reference` names what it bills, once."""

    class Status(models.TextChoices):
        """Overdue is derived; only a full credit note cancels."""

        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")
        PARTIALLY_PAID = "partially_paid", _("Partly paid")
        PAID = "paid", _("Paid")
        CANCELLED = "cancelled", _("Cancelled")
        WRITTEN_OFF = "written_off", _("Written off")

    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices", verbose_name=_("order"))
    source_reference = models.CharField(_("bills"), max_length=40)
    status = StatusField(_("status"), choices=Status, default=Status.DRAFT, protected=True)
    supplied_on = models.DateField(_("supplied on"), null=True, blank=True)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    paid_total = models.DecimalField(_("paid"), max_digits=14, decimal_places=3, default=Decimal(0))
    credited_total = models.DecimalField(_("credited"), max_digits=14, decimal_places=3, default=Decimal(0))
    # What of it nobody expects any more: a small difference, or all that was open.
    written_off_total = models.DecimalField(_("written off"), max_digits=14, decimal_places=3, default=Decimal(0))
    # The invoice that was taken back in full and is written again by this one, over the same rows. The order counts
    # both, and the credit note between them, once: as the first of them.
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            *document_constraints("invoice"),
            models.UniqueConstraint(
                fields=["order", "source_reference"],
                condition=~Q(status="cancelled"),
                name="one_live_invoice_per_shipment",
            ),
            models.CheckConstraint(
                condition=Q(credited_total=0) | Q(credited_total__lte=F("total")), name="credit_at_most_the_invoice"
            ),
            models.CheckConstraint(
                condition=~Q(status="draft") | Q(paid_total=0, credited_total=0), name="a_draft_takes_no_money"
            ),
            models.CheckConstraint(
                condition=Q(written_off_total=0) | Q(written_off_total__gt=0, status__in=["paid", "written_off"]),
                name="what_is_written_off_is_not_waited_for",
            ),
        ]
        permissions = [("write_off", gettext_noop("Can write off what nobody will pay"))]
        indexes = [
            models.Index(fields=["order", "id"], name="invoice_order"),
            models.Index(fields=["due_on"], name="invoice_open", condition=Q(status__in=["issued", "partially_paid"])),
            # All that the sums over a customer's open invoices read.
            models.Index(
                fields=["order", "currency", "due_on", "total", "paid_total", "credited_total", "id"],
                name="invoice_waiting",
                condition=Q(status__in=["issued", "partially_paid"]),
            ),
            models.Index(fields=["status", "-id"], name="invoice_status"),
            models.Index(fields=["issued_on"], name="invoice_issued"),
            models.Index(fields=["source_reference"], name="invoice_source"),
        ]

    def __str__(self) -> str:
        return self.number or f"invoice draft {self.pk}"

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    @property
    def open_amount(self) -> Decimal:
        """What is still to be paid; nothing once it is cancelled or written off."""
        if self.status in (self.Status.CANCELLED, self.Status.WRITTEN_OFF):
            return Decimal(0)
        return max(Decimal(0), self.unpaid - self.written_off_total)

    @property
    def unpaid(self) -> Decimal:
        """What neither money nor a credit note settled, whether anybody still expects it or not."""
        return self.total - self.paid_total - self.credited_total

    @property
    def successor(self) -> "Invoice | None":
        """The invoice that was written in its place, if any."""
        return getattr(self, "replaced_by", None)

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been paid by now."""
        waiting = self.status in (self.Status.ISSUED, self.Status.PARTIALLY_PAID)
        return waiting and self.due_on is not None and self.due_on < seat.today()

    @transition(status, source=Status.DRAFT, target=Status.ISSUED, custom={"label": _("Issue")})
    def issue(self) -> None:
        """Numbered, dated, final."""

    @transition(
        status,
        source=[Status.ISSUED, Status.PARTIALLY_PAID],
        target=Status.PARTIALLY_PAID,
        custom={"label": _("Part payment")},
    )
    def pay_in_part(self) -> None:
        """Some of it came in."""

    @transition(
        status,
        source=[Status.ISSUED, Status.PARTIALLY_PAID, Status.WRITTEN_OFF],
        target=Status.PAID,
        custom={"label": _("Paid")},
    )
    def settle(self) -> None:
        """All of it came in, or was credited."""

    @transition(
        status,
        source=[Status.PARTIALLY_PAID, Status.PAID, Status.WRITTEN_OFF],
        target=Status.ISSUED,
        custom={"label": _("Owed again")},
    )
    def reopen(self) -> None:
        """All that came in was lost to the customer's bank."""

    @transition(
        status,
        source=[Status.PARTIALLY_PAID, Status.PAID, Status.WRITTEN_OFF],
        target=Status.PARTIALLY_PAID,
        custom={"label": _("Owed again in part")},
    )
    def reopen_in_part(self) -> None:
        """Some of what came in was lost to the customer's bank."""

    @transition(
        status,
        source=[Status.ISSUED, Status.PARTIALLY_PAID, Status.PAID, Status.WRITTEN_OFF],
        target=Status.CANCELLED,
        custom={"label": _("Cancel by credit note")},
    )
    def cancel(self) -> None:
        """A credit note takes all of it back."""

    @transition(
        status,
        source=[Status.ISSUED, Status.PARTIALLY_PAID],
        target=Status.WRITTEN_OFF,
        custom={"label": _("Write off")},
    )
    def write_off(self) -> None:
        """Nobody expects it any more."""

    @transition(
        status,
        source=[Status.WRITTEN_OFF, Status.PAID, Status.PARTIALLY_PAID],
        target=Status.ISSUED,
        custom={"label": _("Expect it again")},
    )
    def expect_again(self) -> None:
        """What was written off, or paid with another's money, is waited for again."""


class DocumentLine(models.Model):
    """One row of a document, copied from what was agreed. Quantities are units of the order line.

    Net and tax of the rows add up to those of the document; `total` is what was agreed for the row, so
    that the rows' totals add up to the document's total, its rounding included.
    """

    position = models.PositiveIntegerField(_("position"))
    order_line = models.ForeignKey(OrderLine, models.PROTECT, null=True, blank=True, related_name="+")
    charge_position = models.PositiveIntegerField(null=True, blank=True)
    sku = models.CharField(_("SKU"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=200)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = models.DecimalField(_("net unit price"), max_digits=18, decimal_places=6)
    tax_category = models.CharField(_("tax category"), max_length=2, default="S")
    tax_rate = models.DecimalField(_("tax rate"), max_digits=6, decimal_places=4)
    discount_total = models.DecimalField(_("net discount"), max_digits=14, decimal_places=3, default=Decimal(0))
    net_total = models.DecimalField(_("net"), max_digits=14, decimal_places=3)
    tax_total = models.DecimalField(_("tax"), max_digits=14, decimal_places=3)
    total = models.DecimalField(_("agreed"), max_digits=14, decimal_places=3)

    class Meta:
        abstract = True
        ordering = ["position"]


class InvoiceLine(DocumentLine):
    """A row of an invoice."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")

    class Meta(DocumentLine.Meta):
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="one_invoice_line_per_position")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class CreditNote(Document):
    """A document that takes back (part of) an invoice and names it. Amounts are positive, once per `reference`."""

    class Status(models.TextChoices):
        """A credit is applied to what is owed, or paid out."""

        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")
        APPLIED = "applied", _("Applied")
        REFUNDED = "refunded", _("Refunded")

    class Overpaid(models.TextChoices):
        """What becomes of what is paid too much by it."""

        NOTHING = "nothing", _("Nothing is paid too much")
        GOES_BACK = "goes_back", _("Goes back to the customer")
        STORE_CREDIT = "store_credit", _("Becomes store credit")
        STAYS = "stays", _("Stays with the order as credit")

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="credit_notes", verbose_name=_("invoice"))
    order = models.ForeignKey(Order, models.PROTECT, related_name="credit_notes", verbose_name=_("order"))
    reference = models.CharField(_("reference"), max_length=60)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    status = StatusField(_("status"), choices=Status, default=Status.DRAFT, protected=True)
    # As it was decided when it was issued, and is said on paper; nothing on those that are older than this.
    overpaid = models.CharField(_("paid too much"), max_length=12, choices=Overpaid, blank=True, default="")

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [
            *document_constraints("credit_note"),
            models.UniqueConstraint(fields=["invoice", "reference"], name="one_credit_note_per_cause"),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="credit_note_order"),
            models.Index(fields=["reference"], name="credit_note_reference"),
        ]

    def __str__(self) -> str:
        return self.number or f"credit note draft {self.pk}"

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    @transition(status, source=Status.DRAFT, target=Status.ISSUED, custom={"label": _("Issue")})
    def issue(self) -> None:
        """Numbered, dated, final."""

    @transition(status, source=Status.ISSUED, target=Status.APPLIED, custom={"label": _("Apply")})
    def apply(self) -> None:
        """It reduced what is owed."""

    @transition(
        status, source=[Status.ISSUED, Status.APPLIED], target=Status.REFUNDED, custom={"label": _("Refunded")}
    )
    def pay_out(self) -> None:
        """The money went back."""

    @transition(status, source=Status.REFUNDED, target=Status.ISSUED, custom={"label": _("Money came back")})
    def take_up(self) -> None:
        """What was sent came back; it is still to be sent."""


class CreditNoteLine(DocumentLine):
    """A row of a credit note."""

    credit_note = models.ForeignKey(CreditNote, models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(InvoiceLine, models.PROTECT, related_name="credits")

    class Meta(DocumentLine.Meta):
        verbose_name = _("credit note line")
        verbose_name_plural = _("credit note lines")
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "position"], name="one_credit_note_line_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"
