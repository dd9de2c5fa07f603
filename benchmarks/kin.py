"""Which rows belong to an order, in which table, and how they point at each other."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import connection, models

THREAD = "orders.order:"
# By which look-up each table finds its order. A table that points at one of these and is missing here is an error.
PATHS = {
    "orders.Order": "pk",
    "orders.OrderLine": "order",
    "orders.OrderCharge": "order",
    "orders.Movement": "line__order",
    "orders.Hold": "order",
    "orders.OrderException": "order",
    "orders.IncidentOrder": "order",
    "orders.Comment": "order",
    "orders.OrderFile": "order",
    "orders.Follower": "order",
    "orders.FollowUp": "order",
    "orders.CheckCatch": "order",
    "orders.OrderChange": "order",
    "orders.OrderVersion": "order",
    "orders.PriorityBump": "order",
    "orders.Draft": "order",
    "inventory.Reservation": "order",
    "inventory.Allocation": "reservation__order",
    "inventory.StockMovement": "reference",
    "billing.Invoice": "order",
    "billing.InvoiceLine": "invoice__order",
    "billing.CreditNote": "order",
    "billing.CreditNoteLine": "credit_note__order",
    "billing.Payment": "order",
    "billing.InvoicePayment": "invoice__order",
    "billing.WriteOff": "invoice__order",
    "billing.DistanceSale": "invoice__order",
    "billing.Refund": "order",
    "billing.Dispute": "order",
    "billing.DisputeFile": "dispute__order",
    "billing.BankBooking": "payment__order",
    "billing.Reminder": "invoice__order",
    "billing.ReminderPause": "invoice__order",
    "billing.LedgerTransaction": "order",
    "billing.LedgerEntry": "transaction__order",
    "fulfillment.FulfillmentOrder": "order",
    "fulfillment.FulfillmentLine": "fulfillment_order__order",
    "fulfillment.Shipment": "order",
    "fulfillment.ShipmentLine": "shipment__order",
    "fulfillment.TrackingEvent": "shipment__order",
    "returns.ReturnRequest": "order",
    "returns.ReturnLine": "return_request__order",
    "core.EventRecord": "thread",
    "core.Delivery": "event__thread",
    "core.OutgoingMail": "thread",
    "core.Attachment": "thread",
    "core.OutgoingMail_attachments": "outgoingmail__thread",
}
# Letters about several orders, what names a file (work of the staff, books, a logo, a certificate), and what somebody
# said of two orders: none of it belongs to one.
OF_NO_ORDER = {
    "billing.BookExport",
    "billing.LegalEntity",
    "billing.ReminderLetter",
    "billing.PayoutRow",
    "core.BulkJob",
    "customers.TaxCertificate",
    "orders.Incident",
    "orders.ToldApart",
    "orders.Replacement",
}
# Codes that cannot be guessed: what stands in for them is a number of as many digits.
CODE = re.compile(r"(pay_|re_|dp_)\w{20}")
NAMED = re.compile(
    r'(?P<label>[a-z]+\.[a-z]+):(?P<thread>\d+)\b|"(?P<key>\w+)_id": (?P<id>\d+)'
    r"|\b(?:[A-Z]+-\d{6,}|(?:pay|re|dp)_\w{20})\b"
)
KEYS = {"return": "returnrequest"}


@dataclass(frozen=True)
class Name:
    """A word that names one row of an order: the row's place among its kind, and how many digits are shown."""

    table: int
    place: int
    digits: int


@dataclass
class Table:
    """A table whose rows belong to orders."""

    index: int
    label: str

    @cached_property
    def model(self) -> Any:
        """Return its model; those that join two others have no name of their own in the registry."""
        return next(m for m in apps.get_models(include_auto_created=True) if m._meta.label == self.label)

    @property
    def name(self) -> str:
        """Return its name in the database."""
        return str(self.model._meta.db_table)

    @property
    def pattern(self) -> str:
        """Return the table of the rows that are copied."""
        return f"bench.of_{self.name}"

    @property
    def columns(self) -> list[Any]:
        """Return what is written; the database works out the rest."""
        return [f for f in self.model._meta.concrete_fields if not getattr(f, "generated", False)]

    def orders(self, numbers: dict[str, int]) -> dict[int, int]:
        """Return the order of each row, by the row's key; `numbers` are the orders of all numbered things."""
        path = PATHS[self.label]
        rows = self.model._default_manager.order_by("pk").values_list("pk", path)
        if path == "reference":
            return {pk: numbers[said] for pk, said in rows.exclude(reference="") if said in numbers}
        if path.endswith("thread"):
            told = rows.filter(**{f"{path}__startswith": THREAD})
            if "OutgoingMail" in self.label:
                # A letter of reminders is about several orders, though it stands in the history of one.
                told = told.exclude(**{f"{path.removesuffix('thread')}dedupe_key__startswith": "reminder:"})
            if self.label == "core.OutgoingMail_attachments":
                # The logo in the head of a mail belongs to all of them: copies of mails go without.
                told = told.filter(attachment__thread__startswith=THREAD)
            return {pk: int(thread.removeprefix(THREAD)) for pk, thread in told}
        return {pk: order for pk, order in rows if order is not None}


def tables() -> list[Table]:
    """Return all tables of orders, or complain of one that was forgotten."""
    found = [Table(index, label) for index, label in enumerate(PATHS, start=1)]
    ours = {table.model for table in found}
    forgotten = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model in ours and model not in ours and not model._meta.proxy
    }
    if forgotten := forgotten - OF_NO_ORDER:
        raise LookupError(f"benchmarks/kin.py does not say how these belong to an order: {sorted(forgotten)}")
    return found


class Names:
    """What the rows of each order are called."""

    def __init__(self, every: list[Table]) -> None:
        self.by_label = {table.model._meta.label_lower: table for table in every}
        self.by_key = {table.model._meta.model_name: table for table in every}
        self.places: dict[tuple[int, int, int], int] = {}
        self.known: dict[tuple[int, str], Name] = {}

    def learn(self, table: Table, order: int, place: int, pk: int, words: list[str]) -> None:
        """Take note of a row, its number and its code."""
        self.places[order, table.index, pk] = place
        for word in words:
            self.known[order, word] = Name(table.index, place, 20 if CODE.fullmatch(word) else 6)

    def meant(self, order: int, match: re.Match[str]) -> Name | None:
        """Return the row of the same order that a word names."""
        if label := match["label"]:
            return self._by_id(order, self.by_label.get(label), match["thread"])
        if key := match["key"]:
            return self._by_id(order, self.by_key.get(KEYS.get(key, key.replace("_", ""))), match["id"])
        return self.known.get((order, match[0]))

    def _by_id(self, order: int, table: Table | None, pk: str) -> Name | None:
        place = self.places.get((order, table.index, int(pk))) if table else None
        return Name(table.index, place, 0) if table and place is not None else None


def words_of(table: Table) -> dict[int, list[str]]:
    """Return the numbers and codes under which the rows of a table are known, by key."""
    names = [f.name for f in table.model._meta.concrete_fields if f.name in ("number", "code")]
    if not names or table.label == "orders.OrderCharge":
        return {}
    rows = table.model._default_manager.values_list("pk", *names)
    return {pk: [word for word in words if word] for pk, *words in rows}


def is_text(field: Any) -> bool:
    """Whether a column may name other rows in words."""
    return isinstance(field, models.CharField | models.TextField | models.JSONField) and not field.choices


def execute(sql: str, *parameters: Any) -> list[Any]:
    """Run a statement and return its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else []
