"""Six months of orders: most of them done, and a hundred that are somewhere on the line today."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from billing import services as billing
from core import outbox
from core.actors import Actor
from core.service import paying_its_own_debts
from customers.addresses import PostalAddress
from customers.models import Customer
from demo.catalogue import EXPECTED, SCARCE, articles
from demo.models import DemoDatabase
from demo.world import ACTOR, expect_goods, sold_often
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from inventory.models import Product, StockItem, Warehouse
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Hold, Order
from returns import services as returns
from returns.decisions import Decision

DAYS = 180
COMPLETED, ENDED = 1060, 34
TOTAL = 1200
BATCH = 25
CHANNELS = ("portal", "portal", "portal", "api", "staff", "walk_in")
GROUNDS = {
    Hold.Kind.CHECK: "The postcode does not fit the city",
    Hold.Kind.PAYMENT: "Transfer announced, but not here yet",
    Hold.Kind.PRICE: "Price agreed on the phone is lower than the list",
    Hold.Kind.CREDIT: "Over the credit limit",
    Hold.Kind.FRAUD: "First order, high value, goes to another country",
    Hold.Kind.ADDRESS: "Two parcels came back from this address",
    Hold.Kind.DUPLICATE: "Looks like the order of yesterday",
    Hold.Kind.CUSTOMER: "Customer is away until Monday and asked to wait",
    Hold.Kind.MANUAL: "Wants the engraving changed; waiting for the text",
}


@dataclass
class Story:
    """Who tells it, with the same dice on every start."""

    dice: random.Random
    skus: list[str]
    people: list[Customer]
    companies: list[Customer]
    now: datetime
    done: int = 0

    def customer(self, *, company: bool) -> Customer:
        """Return somebody who orders; some order often."""
        group = self.companies if company else self.people
        return group[min(int(self.dice.expovariate(3.0) * len(group)), len(group) - 1)]

    def lines(self) -> dict[str, int]:
        """Return what somebody wants."""
        chosen = self.dice.sample(self.skus, self.dice.choice((1, 1, 2, 2, 3, 4)))
        return {sku: self.dice.choice((1, 1, 1, 2, 2, 3, 6)) for sku in chosen}

    def ago(self, days: float) -> datetime:
        """Return a moment of office hours, so many days ago."""
        moment = timezone.localtime(self.now - timedelta(days=days))
        if days < 1:
            return moment
        return moment.replace(hour=self.dice.randint(8, 17), minute=self.dice.randint(0, 59), second=0, microsecond=0)


def tell() -> None:
    """Write the whole story, oldest first, and pay the debts it makes as it goes."""
    hot = {*SCARCE, *EXPECTED}
    customers = list(Customer.objects.order_by("pk"))
    story = Story(
        dice=random.Random(42),  # noqa: S311 - the same story on every start
        skus=[one.sku for one in articles() if sold_often(one) and one.sku not in hot],
        people=[one for one in customers if one.kind == Customer.Kind.PERSON],
        companies=[one for one in customers if one.kind == Customer.Kind.COMPANY],
        now=timezone.now(),
    )
    with paying_its_own_debts():
        for chapter in (_history, _late_without_stock, _live):
            threads: list[str] = []
            for order in chapter(story):
                threads.append(order.history_thread())
                story.done += 1
                if len(threads) >= BATCH:
                    _pay(story, threads)
            _pay(story, threads)
        _returns(story)
        _troubles(story)
        outbox.drain()


def _pay(story: Story, threads: list[str]) -> None:
    if threads:
        outbox.drain(threads=threads)
        threads.clear()
    stage = "Six months of orders" if story.done < COMPLETED + ENDED else "Today's orders"
    DemoDatabase.objects.update(done=min(story.done, TOTAL), stage=f"{stage}: {min(story.done, TOTAL)} of {TOTAL}")


def _place(
    story: Story,
    at: datetime,
    *,
    lines: dict[str, int] | None = None,
    terms: str = "prepaid",
    customer: Customer | None = None,
    quiet: bool = True,
    settle: bool = True,
    channel: str = "",
) -> Order:
    """Place an order as it was placed then."""
    buyer = customer or story.customer(company=terms != "prepaid")
    via = channel or story.dice.choice(CHANNELS[:5])
    return orders.place_order(
        OrderInput(
            channel=via,
            customer_id=buyer.pk,
            customer_name=buyer.name,
            customer_company=buyer.company,
            email=buyer.email,
            phone=buyer.phone,
            language=buyer.language,
            shipping_address=_address(buyer),
            lines=tuple(LineInput(sku=sku, quantity=units) for sku, units in (lines or story.lines()).items()),
            shipping_method="pickup" if via == "walk_in" else "standard",
            payment_terms=terms,
            purchase_order_number=f"PO-{story.dice.randint(1000, 9999)}" if buyer.company else "",
            placed_at=at,
            historic=True,
            settle=settle,
            notify=not quiet,
        ),
        actor=ACTOR,
    )


_addresses: dict[int, PostalAddress] = {}


def _address(customer: Customer) -> PostalAddress:
    if customer.pk not in _addresses:
        site = customer.addresses.first()
        _addresses[customer.pk] = site.postal() if site else PostalAddress(name=customer.name, country="DE")
    return _addresses[customer.pk]


def _pay_in_advance(order: Order, at: datetime, *, method: str = "bank_transfer") -> None:
    billing.record_payment(
        order.pk, method=method, amount=order.total, reference=f"{order.number}", actor=ACTOR, at=at
    )


# What is over -------------------------------------------------------------------------------


def _history(story: Story) -> Iterator[Order]:
    """Tell the orders that are done, oldest first, with a few that came to nothing."""
    ended = set(story.dice.sample(range(COMPLETED + ENDED), ENDED))
    for number in range(COMPLETED + ENDED):
        days = DAYS - (DAYS - 9) * number / (COMPLETED + ENDED)
        if number in ended:
            yield _came_to_nothing(story, story.ago(days), number)
        else:
            yield _went_through(story, days)


def _went_through(story: Story, days: float) -> Order:
    at = story.ago(days)
    kind = story.dice.random()
    if kind < 0.1:
        order = _place(story, at, terms="in_store", channel="walk_in", customer=story.customer(company=False))
        left = arrived = at
    else:
        order = _place(story, at, terms="prepaid" if kind < 0.6 else "net14")
        left = at + timedelta(hours=story.dice.choice((3, 5, 20, 26, 44)))
        arrived = left + timedelta(hours=story.dice.choice((20, 26, 44, 50)))
    if order.status == "verified":
        _pay_in_advance(order, at)
    fulfillment.fulfil_through(order.pk, through="delivered", shipped_at=left, delivered_at=arrived, actor=ACTOR)
    billing.bill_and_pay_through(order.pk, paid_at=arrived, method="bank_transfer", actor=ACTOR)
    return order


def _came_to_nothing(story: Story, at: datetime, number: int) -> Order:
    order = _place(story, at)
    if number % 3:
        reason = story.dice.choice(("Changed my mind", "Ordered twice", "Found it elsewhere"))
        orders.cancel_order(order.pk, reason=reason, actor=Actor("customer", ""), at=at + timedelta(hours=2))
    else:
        orders.expire_order(order.pk, at=at + timedelta(days=8))
    return order


# What is on the line today -------------------------------------------------------------------


def _late_without_stock(story: Story) -> Iterator[Order]:
    """Tell four orders whose goods should have been here last week."""
    hamburg = Warehouse.objects.get(code="HAM")
    product = Product.objects.get(sku="MUG-BLUE")
    inventory.expect_receipt(
        product_id=product.pk,
        warehouse_id=hamburg.pk,
        quantity=96,
        expected_on=timezone.localdate() - timedelta(days=6),
        reference="PO-2041",
        actor=ACTOR,
    )
    for days in (19, 17, 15, 13):
        yield _place(story, story.ago(days), lines={"MUG-BLUE": story.dice.randint(2, 8)}, terms="net14", quiet=False)
    expect_goods()


def _live(story: Story) -> Iterator[Order]:
    """Tell what the back office looks at this morning."""
    for _number in range(4):
        yield _draft(story)
    for days in (4, 3, 2, 1, 0.2):
        yield _place(story, story.ago(days), quiet=False)
    for kind, reason in GROUNDS.items():
        order = _place(story, story.ago(1.5), terms="net14", settle=False, quiet=False)
        orders.place_hold(
            order.pk, kind=kind, reason=reason, blocks=["verify", "confirm", "release"], actor=Actor("staff", "maya")
        )
        yield order
    for number in range(8):
        yield _place(
            story, story.ago(3), lines={list(EXPECTED)[number % 3]: 1 + number % 4}, terms="net14", quiet=False
        )
    for number in range(14):
        yield _place(story, story.ago(0.6 if number < 9 else 0.1), terms="net14", quiet=False)
    yield from _in_the_warehouse(story)
    for number in range(28):
        yield _sent(story, days=1 + number % 3)
    for number in range(12):
        yield _delivered_and_open(story, days=45 if number < 8 else 6)


def _draft(story: Story) -> Order:
    buyer = story.customer(company=True)
    return orders.save_draft(
        OrderInput(
            channel="staff",
            customer_id=buyer.pk,
            customer_name=buyer.name,
            email=buyer.email,
            language=buyer.language,
            shipping_address=_address(buyer),
            shipping_method="standard",
            payment_terms="net14",
            lines=tuple(LineInput(sku=sku, quantity=units * 6) for sku, units in story.lines().items()),
        ),
        actor=Actor("staff", "maya"),
    )


Step = Callable[[int, datetime], object]


def _in_the_warehouse(story: Story) -> Iterator[Order]:
    """Tell 22 orders that somebody works on: 8 released, 6 being picked, 5 picked, 3 packed and stuck."""
    tom = Actor("staff", "tom")
    steps: Sequence[Step] = (
        lambda pk, at: fulfillment.release_fulfillment(pk, actor=ACTOR, at=at),
        lambda pk, at: fulfillment.start_picking(pk, actor=tom, at=at),
        lambda pk, at: fulfillment.pick(pk, actor=tom, at=at),
        lambda pk, at: fulfillment.pack(pk, actor=tom, at=at),
    )
    for reached, count in ((1, 8), (2, 6), (3, 5), (4, 3)):
        for number in range(count):
            days = 9 if reached == 4 else 1 + number % 2
            order = _place(story, story.ago(days), terms="net14", quiet=False)
            outbox.drain(threads=[order.history_thread()])
            for work in FulfillmentOrder.objects.filter(order=order).order_by("pk"):
                for hours, step in enumerate(steps[:reached], start=1):
                    step(work.pk, min(story.ago(days) + timedelta(hours=hours), story.now))
            yield order


def _sent(story: Story, *, days: float) -> Order:
    at = story.ago(days + 1)
    order = _place(story, at, terms="net14", quiet=False)
    fulfillment.fulfil_through(order.pk, through="shipped", shipped_at=story.ago(days), actor=ACTOR)
    return order


def _delivered_and_open(story: Story, *, days: float) -> Order:
    """Tell an order that arrived and is not paid: after 45 days its invoice is overdue."""
    order = _place(story, story.ago(days), terms="net14")
    left = story.ago(days - 1)
    arrived = left + timedelta(days=1)
    fulfillment.fulfil_through(order.pk, through="delivered", shipped_at=left, delivered_at=arrived, actor=ACTOR)
    return order


# What came back, and what went wrong ----------------------------------------------------------


def _returns(story: Story) -> None:
    """Let six customers send something back; each return stands somewhere else."""
    hamburg = Warehouse.objects.get(code="HAM")
    recent = Order.objects.filter(status="completed", email__gt="", delivered_at__gte=story.now - timedelta(days=20))
    wanted = [order for order in recent.order_by("-pk")[:60] if order.customer_id][::6][:6]
    for reached, order in enumerate(wanted):
        line = order.lines.filter(kind="stocked").order_by("position").first()
        if line is None:
            continue
        buyer = Actor("customer", "")
        found = returns.request_return(order.pk, quantities={line.pk: 1}, reason="damaged", note="", actor=buyer)
        staff = Actor("staff", "tom")
        if reached >= 1 and found.status == "requested":
            returns.authorize_return(found.pk, actor=staff)
        if reached >= 3:
            returns.receive_return(found.pk, warehouse_id=hamburg.pk, actor=staff)
        if reached >= 5:
            decisions = {one.pk: Decision("quarantine") for one in found.lines.all()}
            returns.inspect_return(found.pk, decisions=decisions, actor=staff)


def _troubles(story: Story) -> None:
    """Let two picks come up short, one parcel get lost, one meet a closed door, and a shelf hold too little."""
    tom = Actor("staff", "tom")
    picking = FulfillmentOrder.objects.filter(status="picking").order_by("pk")[:2]
    for work in picking:
        line = work.lines.order_by("pk").first()
        if line is not None:
            fulfillment.short_pick(
                work.pk, found={line.order_line_id: line.quantity - 1}, reason="Shelf is empty", actor=tom
            )
    lost, closed = Shipment.objects.filter(status="in_transit").order_by("pk")[:2]
    fulfillment.lose_shipment(lost.pk, note="Not seen for five days", actor=ACTOR)
    fulfillment.fail_delivery(closed.pk, note="Nobody was there", actor=ACTOR)
    _count_short(tom)
    for order in _late(story):
        orders.open_exception(
            category="late",
            title=f"{order.number} is late: promised for {order.promised_on or order.ship_by_on}",
            dedupe_key=f"late:{order.pk}",
            order_id=order.pk,
        )


def _late(story: Story) -> list[Order]:
    today = timezone.localdate()
    live = Order.objects.filter(status__in=["confirmed", "fulfilling"], shipped_at__isnull=True, ship_by_on__lt=today)
    return list(live.order_by("pk"))


def _count_short(actor: Actor) -> None:
    """Find one unit less on a shelf than is promised from it."""
    item = StockItem.objects.filter(product__sku__in=SCARCE, reserved=0, on_hand__gt=0).order_by("pk").first()
    if item is None:
        return
    buyer = Customer.objects.filter(kind=Customer.Kind.COMPANY).order_by("pk")[20]
    orders.place_order(
        OrderInput(
            channel="staff",
            customer_id=buyer.pk,
            customer_name=buyer.name,
            email=buyer.email,
            shipping_address=_address(buyer),
            shipping_method="standard",
            payment_terms="net14",
            lines=(LineInput(sku=item.product.sku, quantity=item.on_hand),),
            historic=True,
            notify=False,
        ),
        actor=ACTOR,
    )
    outbox.drain()
    inventory.adjust_stock(stock_item_id=item.pk, change=-1, reason="Counted: one is broken", actor=actor)
