"""Orders from a file, each taken through the line in a transaction of its own."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeVar

from django.utils import timezone

from billing import services as billing
from core import outbox
from core.actors import Actor, within_request
from core.money import round_amount
from core.service import paying_its_own_debts, unit_of_work
from customers.addresses import PostalAddress
from customers.models import Customer
from fulfillment import services as fulfillment
from fulfillment.models import Shipment
from integrations.imports.base import MatchedReturn, Plan, PlannedCancellation, PlannedOrder, Row
from integrations.imports.online_retail import CURRENCY, charge_kind, read_plan
from integrations.models import ImportBatch, ImportRow
from integrations.sentences import CANCELLED_BY, NO_EARLIER_SALE, NO_SALE, OTHER_FILE, STOCK_CORRECTION
from inventory import services as inventory
from inventory.models import Product, Warehouse
from orders import services as orders
from orders.inputs import ChargeInput, LineInput, OrderInput
from orders.models import Order, OrderLine, OrderStatus
from pricing import services as pricing
from returns import services as returns

from .preparation import WAREHOUSE, goods_of, prepare, reference_of
from .refused import tell_of_refused_rows
from .summary import Summary, summarize_batch, summarize_plan

T = TypeVar("T")
Progress = Callable[[int, int, str], None]
Outcome = ImportRow.Outcome

CHANNEL = "import"
BATCH = 50
LEFT = (OrderStatus.FULFILLED, OrderStatus.COMPLETED)
STAGES = ("placed", "confirmed", "shipped", "completed")


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How far the orders go, and whether anybody is told."""

    through: str = "placed"
    notify: bool = False
    dry_run: bool = False


def silent(done: int, total: int, text: str) -> None:
    """Show no progress."""


def import_orders(path: Path, options: ImportOptions, *, progress: Progress = silent) -> Summary:
    """Take the orders of a file through the line, as far as asked.

    Every document commits on its own together with what became of its rows, so that a killed run
    goes on where it stopped and a second run changes nothing. Raises UnusableFile before anything
    is written.
    """
    plan = read_plan(path)
    if options.dry_run:
        return summarize_plan(plan)
    batch = _open_batch(path, plan, options)
    runner = Runner(batch, plan, options, progress)
    runner.run()
    summary = summarize_batch(batch, plan)
    summary.debts_due = runner.debts_left()
    _close_batch(batch, summary)
    return summary


def _open_batch(path: Path, plan: Plan, options: ImportOptions) -> ImportBatch:
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    batch, _created = ImportBatch.objects.get_or_create(
        format="online-retail",
        checksum=checksum,
        defaults={"file_name": path.name[:200], "through": options.through, "rows_total": plan.rows_total},
    )
    ImportBatch.objects.filter(pk=batch.pk).update(status=ImportBatch.Status.RUNNING, through=options.through)
    return batch


def _close_batch(batch: ImportBatch, summary: Summary) -> None:
    imperfect = summary.rows_by_outcome.get(Outcome.REJECTED) or summary.rows_by_outcome.get(Outcome.UNMATCHED)
    status = ImportBatch.Status.PARTIALLY_SUCCEEDED if imperfect else ImportBatch.Status.SUCCEEDED
    ImportBatch.objects.filter(pk=batch.pk).update(
        status=status,
        rows_done=summary.rows_accounted,
        finished_at=timezone.now(),
        summary=summary.as_json() | {"prepared": True},
    )


class Runner:
    """One run over one file."""

    def __init__(self, batch: ImportBatch, plan: Plan, options: ImportOptions, progress: Progress) -> None:
        self.batch = batch
        self.plan = plan
        self.options = options
        self.progress = progress
        self.actor = Actor("import", batch.file_name[:100])
        self.stage = STAGES.index(options.through)
        # Everything a file causes, in this run or an earlier one, bears its name.
        self.request = f"import-{batch.checksum[:16]}"
        self.documents_done = 0

    def run(self) -> None:
        """Take everything on, in the name of the file, and leave no debt to a worker."""
        with within_request(self.request), paying_its_own_debts():
            self._run()

    def debts_left(self) -> int:
        """Count the debts of the file that are due and could not be paid."""
        return len(outbox.due_debts(request=self.request))

    def _run(self) -> None:
        pricing.ensure_defaults(actor=self.actor)
        billing.ensure_default_entity()
        if not self.batch.summary.get("prepared"):
            prepare(self.batch, self.plan, actor=self.actor)
        self._load()
        for chunk in _chunks(self.plan.orders):
            self._take_on(chunk)
        self._correct_stock()
        self._reject()
        for cancellation in self.plan.cancellations:
            self._take_back(cancellation)
            self._count("taking back")
        with unit_of_work():
            tell_of_refused_rows(self.batch, actor=self.actor, again=False)
        self._pay()

    def _load(self) -> None:
        self.done = set(ImportRow.objects.filter(batch=self.batch).values_list("line_number", flat=True))
        self.customers = dict(Customer.objects.exclude(external_reference="").values_list("external_reference", "pk"))
        self.warehouse = Warehouse.objects.get(code=WAREHOUSE)
        found = Order.objects.filter(channel__code=CHANNEL).values_list("external_reference", "pk", "status", "number")
        self.known = {reference: (pk, status, str(number)) for reference, pk, status, number in found}

    def _count(self, text: str) -> None:
        self.documents_done += 1
        self.progress(self.documents_done, len(self.plan.orders) + len(self.plan.cancellations), text)

    # Orders -----------------------------------------------------------------------------

    def _take_on(self, chunk: Sequence[PlannedOrder]) -> None:
        for planned in chunk:
            self._one_order(planned)
            self._count("orders")
        self._pay()

    def _one_order(self, planned: PlannedOrder) -> None:
        """Place the order if it is new, take it as far as asked, and write down what became of its rows."""
        fresh = [row for row in planned.rows if row.line not in self.done]
        known = self.known.get(planned.reference)
        if known is not None and len(fresh) == len(planned.rows):
            self._record(fresh, Outcome.REJECTED, reason=OTHER_FILE(document=known[2]))
            return
        if known is not None and _is_there(known[1], self.stage):
            return
        with unit_of_work():
            order_id, number = (known[0], known[2]) if known else self._place(planned)
            self._drive(order_id, planned.at, known[1] if known else OrderStatus.CONFIRMED)
            self._record([row for row in planned.goods if row in fresh], Outcome.IMPORTED, reference=number)
            self._record([row for row in planned.charges if row in fresh], Outcome.CHARGE, reference=number)

    def _place(self, planned: PlannedOrder) -> tuple[int, str]:
        lines = goods_of(planned)
        charges = planned.charges if planned.goods else ()
        order = orders.place_order(
            OrderInput(
                channel=CHANNEL,
                external_reference=planned.reference,
                currency=CURRENCY,
                customer_id=self.customers.get(planned.customer),
                customer_name=f"Customer {planned.customer}" if planned.customer else "Guest",
                shipping_address=PostalAddress(country=planned.country),
                lines=tuple(LineInput(sku=row.sku, quantity=row.quantity, unit_price=row.unit_price) for row in lines),
                charges=tuple(
                    ChargeInput(
                        kind=charge_kind(row),
                        code=row.sku,
                        name=row.description or row.sku,
                        amount=round_amount(row.amount, CURRENCY),
                    )
                    for row in charges
                ),
                shipping_method="standard",
                shipping_price=Decimal(0),
                payment_terms="on_delivery",
                placed_at=planned.at,
                historic=True,
                settle=self.stage >= STAGES.index("confirmed"),
                notify=self.options.notify,
            ),
            actor=self.actor,
        )
        return order.pk, str(order.number)

    def _drive(self, order_id: int, at: datetime, status: str) -> None:
        """Take an order on from where it stands: new, or left by a run that did not go as far."""
        if self.stage >= STAGES.index("confirmed") and status == OrderStatus.PLACED:
            orders.verify_order(order_id, actor=self.actor, at=at)
        if self.stage >= STAGES.index("shipped") and status not in LEFT:
            through: Literal["shipped", "delivered"] = "shipped"
            if self.stage == STAGES.index("completed"):
                through = "delivered"
            fulfillment.fulfil_through(order_id, through=through, shipped_at=at, delivered_at=at, actor=self.actor)
        if self.stage < STAGES.index("completed"):
            return
        for shipment in Shipment.objects.filter(order_id=order_id, status="in_transit") if status in LEFT else ():
            fulfillment.deliver_shipment(shipment.pk, actor=self.actor, at=at)
        billing.bill_and_pay_through(order_id, paid_at=at, method="bank_transfer", actor=self.actor)

    # Everything else --------------------------------------------------------------------

    def _correct_stock(self) -> None:
        for row in self.plan.corrections:
            if row.line in self.done:
                continue
            with unit_of_work():
                product = Product.objects.get(sku=row.sku)
                if product.has_shelf:
                    inventory.adjust_stock(
                        product_id=product.pk,
                        warehouse_id=self.warehouse.pk,
                        change=row.quantity,
                        reason=(row.description or STOCK_CORRECTION())[:200],
                        reference=reference_of(self.batch),
                        actor=self.actor,
                        at=row.at,
                    )
                self._record([row], Outcome.STOCK, reference=row.sku)

    def _reject(self) -> None:
        with unit_of_work():
            ImportRow.objects.bulk_create(
                ImportRow(
                    batch=self.batch,
                    line_number=row.line,
                    outcome=Outcome.REJECTED,
                    reason=row.reason[:200],
                    amount=row.amount,
                )
                for row in self.plan.rejected
                if row.line not in self.done
            )

    def _take_back(self, cancellation: PlannedCancellation) -> None:
        """Turn matched rows into returns, and the others into one exception of the document."""
        matched = [match for match in cancellation.matched if match.row.line not in self.done]
        unmatched = [row for row in cancellation.unmatched if row.line not in self.done]
        by_order: dict[str, list[MatchedReturn]] = defaultdict(list)
        for match in matched:
            by_order[match.original.document].append(match)
        for reference, matches in by_order.items():
            if self.stage == STAGES.index("completed"):
                self._return(reference, matches, cancellation)
        if unmatched:
            with unit_of_work():
                self._open_exception(cancellation, unmatched)
                self._record(unmatched, Outcome.UNMATCHED, reason=NO_EARLIER_SALE())

    def _return(self, reference: str, matches: list[MatchedReturn], cancellation: PlannedCancellation) -> None:
        """Take the goods back, all steps at the time the file gives."""
        at = cancellation.at
        with unit_of_work():
            order_id = self.known[reference][0] if reference in self.known else self._order_id(reference)
            quantities: dict[int, int] = defaultdict(int)
            lines = {line.position: line for line in OrderLine.objects.filter(order_id=order_id)}
            positions = self._positions(reference)
            for match in matches:
                quantities[lines[positions[match.original.line]].pk] += -match.row.quantity
            returned = returns.return_through(
                order_id,
                quantities=dict(quantities),
                warehouse_id=self.warehouse.pk,
                reason=CANCELLED_BY(document=cancellation.reference),
                actor=self.actor,
                at=at,
            )
            self._record([match.row for match in matches], Outcome.RETURNED, reference=str(returned.number))

    def _order_id(self, reference: str) -> int:
        return Order.objects.only("pk").get(channel__code=CHANNEL, external_reference=reference).pk

    def _positions(self, reference: str) -> dict[int, int]:
        """Return which line of the order a row of the file became: lines keep the order of the rows."""
        planned = next(order for order in self.plan.orders if order.reference == reference)
        return {row.line: position for position, row in enumerate(planned.goods, start=1)}

    def _open_exception(self, cancellation: PlannedCancellation, rows: list[Row]) -> None:
        orders.open_exception(
            category="unmatched_cancellation",
            title=NO_SALE(document=cancellation.reference, n=len(rows)),
            dedupe_key=f"import:{self.batch.pk}:{cancellation.reference}",
            payload={
                "document": cancellation.reference,
                "customer": cancellation.customer,
                "rows": [
                    {
                        "line": row.line,
                        "sku": row.sku,
                        "quantity": row.quantity,
                        "unit_price": str(row.unit_price),
                        "description": row.description,
                    }
                    for row in rows
                ],
            },
            at=cancellation.at,
        )

    def _record(self, rows: Sequence[Row], outcome: str, *, reference: str = "", reason: str = "") -> None:
        ImportRow.objects.bulk_create(
            ImportRow(
                batch=self.batch,
                line_number=row.line,
                outcome=outcome,
                reason=reason[:200],
                reference=reference,
                amount=row.amount,
            )
            for row in rows
        )

    def _pay(self) -> None:
        """Pay the debts that this file made, so that no worker has to."""
        outbox.drain(request=self.request)


def _is_there(status: str, stage: int) -> bool:
    """Whether an order already stands where this run would take it."""
    reached = {
        OrderStatus.PLACED: 0,
        OrderStatus.VERIFIED: 0,
        OrderStatus.CONFIRMED: 1,
        OrderStatus.FULFILLING: 1,
        OrderStatus.FULFILLED: 2,
        OrderStatus.COMPLETED: 3,
    }
    return reached.get(OrderStatus(status), 3) >= stage


def _chunks(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
