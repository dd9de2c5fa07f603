"""Goods between two warehouses, and the counting of what lies there."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager

from .catalog import Product, Warehouse
from .stock import StockItem


class Transfer(models.Model):
    """Goods that go from one warehouse to another; what is sent and not yet there is in transit."""

    class Status(models.TextChoices):
        """Nothing moves in a draft; `sent` until all of it arrived or was lost."""

        DRAFT = "draft", _("draft")
        SENT = "sent", _("on its way")
        RECEIVED = "received", _("received")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    source = models.ForeignKey(Warehouse, models.PROTECT, related_name="transfers_out", verbose_name=_("from"))
    destination = models.ForeignKey(Warehouse, models.PROTECT, related_name="transfers_in", verbose_name=_("to"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    expected_on = models.DateField(_("expected on"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, editable=False)
    received_at = models.DateTimeField(_("received at"), null=True, editable=False)

    objects = LockingManager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.CheckConstraint(condition=~Q(source=F("destination")), name="a_transfer_goes_somewhere_else"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "sent", "received", "cancelled"]), name="transfer_status_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["expected_on"], name="transfer_on_its_way", condition=Q(status="sent")),
            models.Index(fields=["status", "-id"], name="transfer_status"),
        ]

    def __str__(self) -> str:
        return self.number


class TransferLine(models.Model):
    """Units of one product on a transfer: sent = received + in transit + lost."""

    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="lines", verbose_name=_("transfer"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="transfer_lines", verbose_name=_("product"))
    quantity = models.PositiveIntegerField(_("units"))
    received = models.PositiveIntegerField(_("received"), default=0)
    lost = models.PositiveIntegerField(_("lost"), default=0)
    # Copied from the transfer in the statement that sends or ends it: one index then says what is incoming.
    in_transit = models.BooleanField(_("on its way"), default=False)

    class Meta:
        verbose_name = _("line of a transfer")
        verbose_name_plural = _("lines of a transfer")
        constraints = [
            models.UniqueConstraint(fields=["transfer", "product"], name="one_line_per_transfer_and_product"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_transfer_moves_something"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("received") + F("lost")), name="no_more_arrives_than_was_sent"
            ),
        ]
        indexes = [models.Index(fields=["product"], name="transfer_line_incoming", condition=Q(in_transit=True))]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    @property
    def open(self) -> int:
        """Units that neither arrived nor were lost."""
        return self.quantity - self.received - self.lost


class StockCount(models.Model):
    """A sheet of shelves to be counted; what differs is booked once somebody says that it is done."""

    class Status(models.TextChoices):
        """Large differences wait for somebody who may approve them."""

        OPEN = "open", _("to count")
        TO_APPROVE = "to_approve", _("to approve")
        BOOKED = "booked", _("booked")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="counts", verbose_name=_("warehouse"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    note = models.CharField(_("reason"), max_length=200, blank=True)
    # What is off, added up without signs, at what the goods cost us; known when the counting is done.
    value = models.DecimalField(
        _("value of the differences"), max_digits=14, decimal_places=3, null=True, editable=False
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    booked_at = models.DateTimeField(_("booked at"), null=True, editable=False)

    objects = LockingManager()

    class Meta:
        verbose_name = _("count")
        verbose_name_plural = _("counts")
        permissions = [("approve_stockcount", _("Can approve counts with large differences"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "to_approve", "booked", "cancelled"]), name="count_status_is_known"
            )
        ]
        indexes = [models.Index(fields=["status", "-id"], name="count_status")]

    def __str__(self) -> str:
        return self.number


class StockCountLine(models.Model):
    """A shelf on a sheet: what was counted, and what the books said at that moment.

    What counts is what can lie in the bin: on hand, without quarantine, without what is picked and not yet gone.
    """

    count = models.ForeignKey(StockCount, models.CASCADE, related_name="lines", verbose_name=_("count"))
    stock_item = models.ForeignKey(StockItem, models.PROTECT, related_name="count_lines", verbose_name=_("stock"))
    counted = models.PositiveIntegerField(_("counted"), null=True)
    book = models.IntegerField(_("in the books"), null=True)
    counted_at = models.DateTimeField(_("counted at"), null=True)
    counted_by = models.CharField(_("counted by"), max_length=120, blank=True)
    booked = models.IntegerField(_("booked"), null=True)
    # Units that somebody did not find: in quarantine until the sheet is booked or given up.
    withheld = models.PositiveIntegerField(_("set apart"), default=0, db_default=0, editable=False)
    # As long as the sheet is: no shelf is on two open sheets, or its difference would be booked twice.
    is_open = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("line of a count")
        verbose_name_plural = _("lines of a count")
        constraints = [
            models.UniqueConstraint(fields=["count", "stock_item"], name="one_line_per_count_and_shelf"),
            models.UniqueConstraint(
                fields=["stock_item"], condition=Q(is_open=True), name="a_shelf_is_on_one_open_sheet"
            ),
            models.CheckConstraint(
                condition=Q(counted__isnull=True, book__isnull=True) | Q(counted__isnull=False, book__isnull=False),
                name="a_count_knows_what_the_books_said",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.counted} @ {self.stock_item_id}"

    @property
    def difference(self) -> int | None:
        """What was found beyond the books; below zero, what is missing."""
        return None if self.counted is None or self.book is None else self.counted - self.book
