"""What may be granted about orders, what their amounts come to, and the index behind the daily close."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from core.models import exact

PERMISSIONS: list[tuple[str, Any]] = [
    ("operate_order", gettext_noop("Can take orders through their steps")),
    ("waive_check", gettext_noop("Can waive failed checks")),
    ("release_hold", gettext_noop("Can release holds")),
    ("change_price", gettext_noop("Can set prices and discounts by hand")),
    ("tax_order", gettext_noop("Can decide by the tax rates of which day orders are invoiced")),
    ("sell_at_counter", gettext_noop("Can sell over the counter: take the money and hand over at once")),
    ("take_dossier", gettext_noop("Can take all about an order out of the house as one file")),
]
# What the customer still owes for what is agreed; below zero we owe (invariant I3).
BALANCE = models.CheckConstraint(
    condition=Q(
        balance_due=exact(
            F("total")
            - F("cancelled_total")
            - F("credited_total")
            - F("written_off_total")
            - F("paid_total")
            + F("refunded_total")
        )
    ),
    name="balance_due_adds_up",
)
# Of an order of which more stands on invoices than was paid, credited and given up, whatever its terms and status.
OWED = Q(invoiced_total__gt=F("credited_total") + F("written_off_total") + F("paid_total") - F("refunded_total"))
# Few of all that a customer ever ordered, read wherever a credit limit is looked at.
OWED_INDEX = models.Index(fields=["customer"], name="order_owed", condition=OWED)
# What still may leave, few of all that were ever placed: looked through when the rate of a tax changes.
NOT_ALL_GONE = models.Index(
    fields=["id"], name="order_not_all_gone", condition=Q(status__in=["placed", "verified", "confirmed", "fulfilling"])
)
# What PostgreSQL needs to find beginnings in an index where the house sorts by a language; SQLite ignores it.
BEGINNINGS = ["varchar_pattern_ops", "int8_ops"]
# What was sent and is not closed, with all that says why.
UNCLOSED = models.Index(
    fields=[
        *("id", "fulfillment_status", "closes_on", "invoice_status", "balance_due"),
        *("open_returns", "open_exceptions", "active_holds"),
    ],
    name="order_not_closed",
    condition=Q(status="fulfilled"),
)
