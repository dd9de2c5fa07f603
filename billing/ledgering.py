"""The ledger of what is there already: for the migration that brought it, and for data that was made by SQL.

Order by order, some hundred in a transaction: it may be stopped and begun again, and writes only what is missing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.apps import apps as installed
from django.conf import settings
from django.db import transaction

from billing import postings
from billing.postings import NOTHING, Leg, Posting, places, source_of
from core import seat

AT_ONCE = 500
HEAD = ("tax_breakdown", "ship_to", "seller", "net_total", "tax_total", "rounding", "total")
Row = dict[str, Any]


@dataclass
class OfOrder:
    """The money of one order, as rows."""

    number: str
    customer_id: int | None
    invoices: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    matches: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)
    write_offs: list[Row] = field(default_factory=list)
    disputes: list[Row] = field(default_factory=list)


def post_everything(apps: Any = installed, tell: Callable[[int, int], None] = lambda done, posted: None) -> int:
    """Write into the ledger what documents and payments say and it does not. Returns how many causes that were."""
    orders = apps.get_model("orders", "Order")._base_manager.order_by("pk").values_list("pk", flat=True)
    last, done, posted = 0, 0, 0
    while keys := list(orders.filter(pk__gt=last)[:AT_ONCE]):
        with transaction.atomic():
            posted += _post(apps, keys)
        last, done = keys[-1], done + len(keys)
        tell(done, posted)
    return posted + _post_grants(apps)


def _post_grants(apps: Any) -> int:
    """Write what was given as store credit and is not written, some hundred at a time; no order has to do with it."""
    if "storecreditgrant" not in apps.all_models["billing"]:
        return 0
    rows = apps.get_model("billing", "StoreCreditGrant")._base_manager.order_by("pk")
    heads = apps.get_model("billing", "LedgerTransaction")._base_manager
    last, posted = 0, 0
    said = ("pk", "customer_id", "currency", "amount", "at", "reason")
    while grants := list(rows.filter(pk__gt=last).values(*said)[:AT_ONCE]):
        last = grants[-1]["pk"]
        sources = {source_of("storecreditgrant", one["pk"]): one for one in grants}
        written = set(heads.filter(source__in=sources).values_list("source", flat=True))
        found = [
            Posting(
                "store_credit",
                source,
                _seller(apps, None),
                one["currency"],
                seat.day_of(one["at"]),
                postings.grant_legs(one["amount"], customer_id=one["customer_id"]),
                text=one["reason"][:200],
            )
            for source, one in sources.items()
            if source not in written
        ]
        with transaction.atomic():
            _insert(apps, _in_open_months(apps, found))
        posted += len(found)
    return posted


def _post(apps: Any, keys: list[int]) -> int:
    found = _in_open_months(apps, list(_missing(apps, keys)))
    _insert(apps, found)
    return len(found)


def _in_open_months(apps: Any, found: list[Posting]) -> list[Posting]:
    """Date today what falls into a closed month."""
    closed = _closed(apps)
    today = seat.today()
    return [
        replace(one, booked_on=today) if one.booked_on <= closed.get(one.entity_id, date.min) else one for one in found
    ]


def _closed(apps: Any) -> dict[int, date]:
    rows = apps.get_model("billing", "ClosedMonth")._base_manager.filter(reopened_at=None).order_by("last_day")
    return dict(rows.values_list("entity_id", "last_day"))


def _missing(apps: Any, keys: list[int]) -> Iterator[Posting]:
    """Return the postings of some orders that are not written yet."""
    heads = apps.get_model("billing", "LedgerTransaction")._base_manager.filter(order__in=keys).order_by("-pk")
    written: dict[str, Decimal] = {}
    sellers: dict[int, int] = {}
    books: dict[int, int] = {}
    for source, kind, entity, key, payment in heads.values_list("source", "kind", "entity", "order", "payment"):
        # The first of each, which is read last, says whose it is.
        sellers[key] = entity
        if kind == "payment":
            books[payment] = entity
        # Payments and matches are written part by part: the name ends in what was reached.
        cause, _, reached = source.rpartition(":")
        if "." in reached:
            written[cause] = max(written.get(cause, NOTHING), Decimal(reached))
        else:
            written[source] = NOTHING
    drafted = apps.get_model("billing", "Invoice")._base_manager.filter(order__in=keys).order_by("-pk")
    sellers |= dict(drafted.values_list("order", "legal_entity"))
    for key, order in _read(apps, keys).items():
        seller = partial(_seller, apps, sellers.get(key))
        yield from Writing(key, order, written, seller, books).postings()


def _read(apps: Any, keys: list[int]) -> dict[int, OfOrder]:
    rows = (
        apps.get_model("orders", "Order")._base_manager.filter(pk__in=keys).values_list("pk", "number", "customer_id")
    )
    found = {pk: OfOrder(str(number), customer_id) for pk, number, customer_id in rows}

    def read(model: str, path: str, *names: str, **only: Any) -> Iterable[Row]:
        rows = apps.get_model("billing", model)._base_manager.filter(**{f"{path}__in": keys}, **only).order_by("pk")
        return rows.values("pk", path, *names)

    head = ("legal_entity_id", "currency", "issued_on", *HEAD)
    for row in read("Invoice", "order_id", *head, number__isnull=False):
        found[row["order_id"]].invoices.append(row)
    for row in read("CreditNote", "order_id", "invoice_id", *head, number__isnull=False):
        found[row["order_id"]].notes.append(row)
    taken = ("method", "gateway", "currency", "captured", "captured_at", "created_at")
    for row in read("Payment", "order_id", *taken, captured__gt=0):
        found[row["order_id"]].payments.append(row)
    matched = ("invoice_id", "payment_id", "amount", "at", *_known(apps, "InvoicePayment", "taken_back"))
    for row in read("InvoicePayment", "invoice__order_id", *matched):
        found[row["invoice__order_id"]].matches.append({"taken_back": NOTHING, **row})
    # Tables and columns that are younger than this ledger: the migration that brought it does not know them.
    if "writeoff" in apps.all_models["billing"]:
        off = ("invoice_id", "kind", "currency", "amount", "at", "invoice__legal_entity_id")
        for row in read("WriteOff", "invoice__order_id", *off):
            found[row["invoice__order_id"]].write_offs.append(row)
    back: tuple[str, ...] = ("payment_id", "credit_note_id", "currency", "amount", "settled_at", "created_at")
    back += _known(apps, "Refund", "returns") + _known(apps, "Refund", "to_credit")
    for row in read("Refund", "order_id", *back, status="succeeded"):
        found[row["order_id"]].refunds.append({"returns": 0, **row})
    if "dispute" in apps.all_models["billing"]:
        asked: tuple[str, ...] = ("payment_id", "currency", "taken", "returned", "lost", "owed")
        asked += ("opened_at", "closed_at", "decided_at")
        asked += _known(apps, "Dispute", "owed_back") + _known(apps, "Dispute", "credit_back")
        for row in read("Dispute", "order_id", *asked, taken__gt=0):
            found[row["order_id"]].disputes.append({"owed_back": NOTHING, "credit_back": NOTHING, **row})
    return found


def _known(apps: Any, model: str, column: str) -> tuple[str, ...]:
    """Name a column where there is one: the migration that brought the ledger knows those of its day only."""
    columns = {one.name for one in apps.get_model("billing", model)._meta.concrete_fields}
    return (column,) if column in columns else ()


@dataclass
class Writing:
    """What an order writes into the ledger, less what is written. Its steps depend on each other, in this order."""

    key: int
    order: OfOrder
    written: dict[str, Decimal]
    # Whose the order is, and in whose books a payment is written that is.
    seller: Callable[[], int]
    books: dict[int, int]
    # What is still open of each invoice, and what of each payment settles nothing.
    open_items: dict[int, Decimal] = field(default_factory=dict)
    free: dict[int, Decimal] = field(default_factory=dict)

    def postings(self) -> Iterator[Posting]:
        """Return them, cause by cause."""
        yield from self._documents()
        yield from self._payments()
        yield from self._matches()
        yield from self._write_offs()
        yield from self._refunds()
        yield from self._disputes()

    def _posting(
        self, kind: str, source: str, entity: int, currency: str, day: date, legs: tuple[Leg, ...], **links: int | None
    ) -> Posting:
        links = {"order": self.key, **links}
        return Posting(kind, source, entity, currency, day, legs, text=self.order.number, links=links)

    def _books_of(self, payment: int) -> int:
        return self.books.get(payment) or self.seller()

    def _documents(self) -> Iterator[Posting]:
        customer = self.order.customer_id
        for row in self.order.invoices:
            pk = row["pk"]
            self.open_items[pk] = row["total"]
            if (source := source_of("invoice", pk)) not in self.written:
                legs = postings.document_legs(row, customer_id=customer, invoice_id=pk)
                yield self._posting("invoice", source, *_place(row), legs, invoice=pk)
        for row in self.order.notes:
            pk, invoice = row["pk"], row["invoice_id"]
            self.open_items[invoice] -= row["total"]
            if (source := source_of("creditnote", pk)) not in self.written:
                legs = postings.document_legs(row, customer_id=customer, invoice_id=invoice, sign=-1)
                yield self._posting("credit_note", source, *_place(row), legs, invoice=invoice, credit_note=pk)

    def _payments(self) -> Iterator[Posting]:
        for row in self.order.payments:
            pk, reached = row["pk"], row["captured"]
            self.free[pk] = reached
            source = source_of("payment", pk)
            if amount := reached - self.written.get(source, NOTHING):
                legs = postings.payment_legs(amount, account=_account(row), customer_id=self.order.customer_id)
                day = seat.day_of(row["captured_at"] or row["created_at"])
                name = f"{source}:{places(reached)}"
                yield self._posting("payment", name, self.seller(), row["currency"], day, legs, payment=pk)

    def _matches(self) -> Iterator[Posting]:
        invoices = {row["pk"]: row for row in self.order.invoices}
        for row in self.order.matches:
            invoice, payment = invoices[row["invoice_id"]], row["payment_id"]
            # A dispute that was lost took some of it back, by a posting of its own.
            settled = row["amount"] + row["taken_back"]
            self.open_items[invoice["pk"]] -= settled
            self.free[payment] -= settled
            source = source_of("invoice", invoice["pk"], f"billing.payment:{payment}")
            # What an invoice did not need any more was freed, by a posting of its own: nothing is missing then.
            if (amount := settled - self.written.get(source, NOTHING)) > 0:
                legs = postings.match_legs(amount, customer_id=self.order.customer_id, invoice_id=invoice["pk"])
                entity, currency, issued_on = _place(invoice)
                day = max(seat.day_of(row["at"]), issued_on)
                name = f"{source}:{places(settled)}"
                yield self._posting("match", name, entity, currency, day, legs, invoice=invoice["pk"], payment=payment)

    def _write_offs(self) -> Iterator[Posting]:
        for row in self.order.write_offs:
            pk, invoice = row["pk"], row["invoice_id"]
            self.open_items[invoice] -= row["amount"]
            if (source := source_of("writeoff", pk)) not in self.written:
                legs = postings.write_off_legs(
                    row["amount"], kind=row["kind"], customer_id=self.order.customer_id, invoice_id=invoice
                )
                day, entity = seat.day_of(row["at"]), row["invoice__legal_entity_id"]
                yield self._posting("write_off", source, entity, row["currency"], day, legs, invoice=invoice)

    def _refunds(self) -> Iterator[Posting]:
        payments = {row["pk"]: row for row in self.order.payments}
        meant = {row["pk"]: row["invoice_id"] for row in self.order.notes}
        for row in self.order.refunds:
            payment = row["payment_id"]
            legs = postings.refund_legs(
                row["amount"],
                account=postings.STORE_CREDIT if row.get("to_credit") else _account(payments[payment]),
                customer_id=self.order.customer_id,
                free=self.free[payment],
                credited=self._over(payment, first=meant.get(row["credit_note_id"])),
            )
            self.free[payment] -= row["amount"]
            for leg in legs:
                if leg.invoice_id:
                    self.open_items[leg.invoice_id] += leg.amount
            again = [row["returns"]] if row["returns"] else []
            if (source := source_of("refund", row["pk"], *again)) not in self.written:
                day = seat.day_of(row["settled_at"] or row["created_at"])
                links = {"payment": payment, "refund": row["pk"], "credit_note": row["credit_note_id"]}
                yield self._posting("refund", source, self._books_of(payment), row["currency"], day, legs, **links)

    def _disputes(self) -> Iterator[Posting]:
        """What the provider took and gave back, and who bears what was lost."""
        payments = {row["pk"]: row for row in self.order.payments}
        for row in self.order.disputes:
            payment, account = row["payment_id"], _account(payments[row["payment_id"]])
            found = (
                ("dispute", "taken", 1, row["opened_at"]),
                ("dispute", "returned", -1, row["closed_at"]),
                ("dispute", "lost", 1, row["decided_at"]),
                ("dispute", "credit", 1, row["closed_at"]),
                ("charge_back", "owed", 1, row["decided_at"]),
                ("charge_back", "owed_back", 1, row["decided_at"]),
            )
            reached = {**row, "owed": row["owed"] + row["owed_back"], "credit": row["credit_back"]}
            for kind, what, sign, at in found:
                source = source_of("dispute", row["pk"], what)
                amount = reached[what] - self.written.get(source, NOTHING)
                if amount <= 0:
                    continue
                legs = postings.dispute_legs(sign * amount, account=account)
                if what == "lost":
                    legs = postings.loss_legs(amount, account=account)
                elif what == "credit":
                    legs = postings.credit_back_legs(amount, account=account, customer_id=self.order.customer_id)
                elif what == "owed":
                    legs = self._charged_back(payment, amount, account)
                elif what == "owed_back":
                    legs = self._owed_no_more(payment, amount, account)
                day = seat.day_of(at or row["opened_at"])
                name = f"{source}:{places(reached[what])}"
                yield self._posting(kind, name, self._books_of(payment), row["currency"], day, legs, payment=payment)

    def _charged_back(self, payment: int, amount: Decimal, account: str) -> tuple[Leg, ...]:
        free = self.free[payment]
        self.free[payment] -= amount
        owed = [(row["invoice_id"], row["taken_back"]) for row in self.order.matches if row["payment_id"] == payment]
        customer = self.order.customer_id
        return postings.charge_back_legs(amount, account=account, customer_id=customer, free=free, owed=owed)

    def _owed_no_more(self, payment: int, amount: Decimal, account: str) -> tuple[Leg, ...]:
        self.free[payment] += amount
        # What settles invoices again is counted as settled already.
        matches = [row for row in self.order.matches if row["payment_id"] == payment]
        free = self.free[payment] + sum((row["amount"] + row["taken_back"] for row in matches), start=NOTHING)
        return postings.debt_back_legs(amount, account=account, customer_id=self.order.customer_id, free=free)

    def _over(self, payment: int, *, first: int | None) -> list[tuple[int, Decimal]]:
        """Return by how much too much was paid and credited on the invoices of a payment, the one meant first."""
        settled = {row["invoice_id"] for row in self.order.matches if row["payment_id"] == payment}
        settled |= {first} if first else set()
        return [(pk, -self.open_items[pk]) for pk in sorted(settled, key=lambda pk: (pk != first, pk))]


def _place(document: Row) -> tuple[int, str, date]:
    return document["legal_entity_id"], document["currency"], document["issued_on"]


def _account(payment: Row) -> str:
    return postings.money_account(payment["method"], payment["gateway"])


def _seller(apps: Any, own: int | None) -> int:
    """Return in whose books money is written: of the `own` seller of its order, else of who sells now.

    Where payments came before any document, the seller is made.
    """
    if own:
        return own
    sellers = apps.get_model("billing", "LegalEntity")._base_manager
    found = sellers.filter(is_default=True).order_by("pk").values_list("pk", flat=True).first()
    if found:
        return int(found)
    name = settings.COMPANY_NAME
    details = {"name": name, "address": {"company": name, "country": "DE"}}
    return int(sellers.get_or_create(code="main", defaults=details)[0].pk)


def _insert(apps: Any, found: list[Posting]) -> None:
    """Write postings of one batch: the accounts that are missing, then heads and entries, each in one statement."""
    found = [one for one in found if one.legs]
    accounts = apps.get_model("billing", "LedgerAccount")._base_manager
    heads = apps.get_model("billing", "LedgerTransaction")
    entries = apps.get_model("billing", "LedgerEntry")
    wanted = {(one.entity_id, leg.kind, leg.detail, one.currency) for one in found for leg in one.legs}
    names = ("entity_id", "kind", "detail", "currency")
    known = {tuple(key): pk for pk, *key in accounts.values_list("pk", *names)}
    for key in sorted(wanted - known.keys()):
        known[key] = accounts.create(**dict(zip(names, key, strict=True))).pk
    rows = [
        heads(
            entity_id=one.entity_id,
            kind=one.kind,
            source=one.source,
            booked_on=one.booked_on,
            currency=one.currency,
            text=one.text,
            **{f"{name}_id": pk for name, pk in one.links.items()},
        )
        for one in found
    ]
    heads._base_manager.bulk_create(rows)
    entries._base_manager.bulk_create(
        entries(
            transaction_id=row.pk,
            account_id=known[one.entity_id, leg.kind, leg.detail, one.currency],
            booked_on=one.booked_on,
            customer_id=leg.customer_id,
            invoice_id=leg.invoice_id,
            amount=leg.amount,
        )
        for row, one in zip(rows, found, strict=True)
        for leg in one.legs
    )
