"""A shop for measuring orders: shelves full enough, goods of which some belong to one process alone, and buyers."""

from dataclasses import dataclass
from decimal import Decimal

from core.actors import SYSTEM
from core.service import unit_of_work
from customers import services as customers
from customers.addresses import PostalAddress
from inventory import services as inventory
from inventory.models import StockItem
from orders import services as orders
from orders.inputs import LineInput, OrderInput, PaymentInput
from pricing import services as pricing

UNITS = (2, 1, 1)
GOODS_PER_PROCESS = 30
BUYERS_PER_PROCESS = 25
PLENTY = 1_000_000
PRICE = Decimal("5.00")
HOME = PostalAddress(name="Ada Byron", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")


@dataclass(frozen=True)
class Goods:
    """Something to buy, and the shelf it comes from."""

    product_id: int
    sku: str
    shelf_id: int


@dataclass(frozen=True)
class Buyer:
    """Somebody we know."""

    customer_id: int
    email: str


@dataclass(frozen=True)
class Shop:
    """What the processes share, and what each of them has to itself. `total` is what every order comes to."""

    own: tuple[tuple[Goods, ...], ...]
    buyers: tuple[tuple[Buyer, ...], ...]
    shared: dict[str, Goods]
    total: Decimal = Decimal(0)

    def goods(self, process: int, number: int, share: str = "") -> list[Goods]:
        """Return the three goods of an order; the last of them may be one that everybody buys."""
        own = self.own[process]
        picked = [own[(number * 3 + place) % len(own)] for place in range(3)]
        return [*picked[:2], self.shared[share]] if share else picked

    def buyer(self, process: int, number: int) -> Buyer:
        """Return who buys."""
        return self.buyers[process][number % len(self.buyers[process])]


def open_shop(processes: int, *, last: int) -> Shop:
    """Open it in an empty database, with `last` units of what is scarce."""
    pricing.forget()
    with unit_of_work():
        hamburg, munich = (
            inventory.create_warehouse(
                inventory.WarehouseInput(code=code, name=code, country="DE", priority=priority), actor=SYSTEM
            )
            for code, priority in (("HAM", 10), ("MUC", 20))
        )
        pricing.ensure_defaults(actor=SYSTEM)
        names = [f"P{process}-{number}" for process in range(processes) for number in range(GOODS_PER_PROCESS)]
        wares = [inventory.ProductInput(sku=sku, name=f"Thing {sku}") for sku in [*names, "HOT", "LAST"]]
        products = inventory.create_products(wares, actor=SYSTEM)
        for product in products:
            pricing.set_price(product.pk, amount=PRICE, price_list="standard", actor=SYSTEM)
        plenty = {product.pk: PLENTY for product in products if product.sku != "LAST"}
        for warehouse in (hamburg, munich):
            _fill(warehouse.pk, plenty)
        _fill(hamburg.pk, {product.pk: last for product in products if product.sku == "LAST"})
        buyers = [
            tuple(_know(f"buyer{process}-{number}@example.com") for number in range(BUYERS_PER_PROCESS))
            for process in range(processes)
        ]
    shelves = dict(StockItem.objects.filter(warehouse=hamburg).values_list("product_id", "pk"))
    found = [Goods(product.pk, product.sku, shelves[product.pk]) for product in products]
    own = [tuple(found[start : start + GOODS_PER_PROCESS]) for start in range(0, len(names), GOODS_PER_PROCESS)]
    shop = Shop(tuple(own), tuple(buyers), {"hot": found[-2], "last": found[-1]})
    # Placed once without money, to be told what three such lines come to.
    total = orders.place_order(wish(shop, 0, 0, reference="first"), actor=SYSTEM).total
    return Shop(shop.own, shop.buyers, shop.shared, total)


def wish(shop: Shop, process: int, number: int, *, reference: str, share: str = "") -> OrderInput:
    """Return an order as a shop sends it: three lines, known buyer, paid by card where the sum is known."""
    paid = PaymentInput(method="card", amount=shop.total, reference=reference, status="captured")
    return OrderInput(
        channel="api",
        external_reference=reference,
        email=shop.buyer(process, number).email,
        customer_name=HOME.name,
        shipping_address=HOME,
        shipping_method="standard",
        payments=(paid,) if shop.total else (),
        lines=tuple(
            LineInput(sku=one.sku, quantity=units)
            for one, units in zip(shop.goods(process, number, share), UNITS, strict=True)
        ),
    )


def _fill(warehouse_id: int, units: dict[int, int]) -> None:
    inventory.receive_stock(warehouse_id=warehouse_id, units=units, kind="opening", reference="opening", actor=SYSTEM)


def _know(email: str) -> Buyer:
    wanted = customers.CustomerInput(name=HOME.name, email=email)
    return Buyer(customers.create_customer(wanted, actor=SYSTEM).pk, email)
