"""What orders from a file need first: products, customers, a warehouse with stock."""

from collections import Counter
from datetime import datetime, timedelta

from core.actors import Actor
from core.service import service
from customers import services as customers
from customers.models import Customer
from integrations.imports.base import Plan, PlannedOrder, Row
from integrations.imports.online_retail import CURRENCY
from integrations.models import ImportBatch
from integrations.sentences import OPENING_FOR
from inventory import services as inventory
from inventory.models import Product, Warehouse

WAREHOUSE = "IMPORT"


def reference_of(batch: ImportBatch) -> str:
    """Return the reference that stock movements of a file carry."""
    return f"IMPORT-{batch.checksum[:12]}"


def goods_of(order: PlannedOrder) -> tuple[Row, ...]:
    """Return the rows that become lines; an order of charges alone is an order of services."""
    return order.goods or order.charges


@service
def prepare(batch: ImportBatch, plan: Plan, *, actor: Actor) -> None:
    """Make the products, customers and opening stock that a file takes for granted. Once per file."""
    warehouse = _warehouse(actor)
    _make_products(plan, actor)
    _make_customers(plan, actor)
    units = _units_needed(plan)
    if units:
        inventory.receive_stock(
            warehouse_id=warehouse.pk,
            units=units,
            kind="opening",
            reference=reference_of(batch),
            reason=OPENING_FOR(file=batch.file_name)[:200],
            actor=actor,
            at=_opening_time(plan),
        )
    ImportBatch.objects.filter(pk=batch.pk).update(summary={"prepared": True})


def _warehouse(actor: Actor) -> Warehouse:
    if found := Warehouse.objects.filter(code=WAREHOUSE).first():
        return found
    warehouse = inventory.WarehouseInput(code=WAREHOUSE, name="Import", country="GB", last_resort=True)
    return inventory.create_warehouse(warehouse, actor=actor)


def _make_products(plan: Plan, actor: Actor) -> None:
    """Create what is unknown, named as the file calls it most often."""
    names: dict[str, Counter[str]] = {}
    services: set[str] = set()
    for order in plan.orders:
        for row in goods_of(order):
            names.setdefault(row.sku, Counter())[row.description] += 1
        if not order.goods:
            services |= {row.sku for row in order.charges}
    for row in plan.corrections:
        names.setdefault(row.sku, Counter())[""] += 1
    known = set(Product.objects.filter(sku__in=names).values_list("sku", flat=True))
    inventory.create_products(
        [
            inventory.ProductInput(
                sku=sku,
                name=_usual_name(sku, counted),
                kind=Product.Kind.SERVICE if sku in services else Product.Kind.STOCKED,
                tax_class="not_stated",
            )
            for sku, counted in sorted(names.items())
            if sku not in known
        ],
        actor=actor,
    )


def _usual_name(sku: str, counted: Counter[str]) -> str:
    named = [(count, name) for name, count in counted.items() if name]
    return max(named)[1] if named else sku


def _make_customers(plan: Plan, actor: Actor) -> None:
    """Create a record for every customer number; rows without one belong to guests."""
    numbers = {order.customer for order in plan.orders} | {one.customer for one in plan.cancellations}
    known = set(Customer.objects.exclude(external_reference="").values_list("external_reference", flat=True))
    for number in sorted(numbers - known - {""}):
        customer = customers.CustomerInput(name=f"Customer {number}", external_reference=number, currency=CURRENCY)
        customers.create_customer(customer, actor=actor)


def _units_needed(plan: Plan) -> dict[int, int]:
    """Return the opening stock by product: everything the file takes out, so that nothing can run short."""
    needed: Counter[str] = Counter()
    for order in plan.orders:
        for row in order.goods:
            needed[row.sku] += row.quantity
    for row in plan.corrections:
        needed[row.sku] += max(0, -row.quantity)
    stocked = Product.objects.filter(sku__in=needed, kind=Product.Kind.STOCKED).values_list("sku", "pk")
    return {pk: needed[sku] for sku, pk in stocked if needed[sku]}


def _opening_time(plan: Plan) -> datetime | None:
    """Return the day before the first row, or nothing where no row has a time."""
    times = [order.at for order in plan.orders] + [row.at for row in plan.corrections]
    return min(times) - timedelta(days=1) if times else None
