"""What is on the line this morning: 106 orders, each where somebody of the back office looks for it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from billing import services as billing
from core import outbox
from customers.models import Customer
from demo import offers
from demo.catalogue import EXPECTED, PREORDER, RELEASED_IN
from demo.debts import DEBTS, arrive_unpaid
from demo.teller import MAYA, TOM, Story, draft, first_of, later, place
from demo.world import ACTOR
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from inventory import services as inventory
from inventory.models import Product, Warehouse
from orders import services as orders
from orders.calendar import is_working_day, working_days_before
from orders.models import Hold, Order, OrderStatus

LIVE = 106
# Orders that are fetched together on one walk.
WALK = 6
OVERDUE_ANNOUNCEMENT = "PO-2041"
WAITED_FOR = "MUG-BLUE"
COUNTED_SHORT = "MUG-L-ROSE"
# Somebody who waits for mugs that are in Munich: company and lines.
NOT_FOUND = "MUG-L-BLUE"
LINDE, LINDES_LINES = "Café Linde", {NOT_FOUND: 4, "TEA-3": 2}
GROUNDS = {
    Hold.Kind.CHECK: "The postcode does not fit the city",
    Hold.Kind.PAYMENT: "Transfer announced, but not here yet",
    Hold.Kind.PRICE: "Price agreed on the phone is lower than the list",
    Hold.Kind.CREDIT: "Over the credit limit",
    Hold.Kind.FRAUD: "First order, high value, goes to another country",
    Hold.Kind.ADDRESS: "Two parcels came back from this address",
    Hold.Kind.CUSTOMER: "Customer is away until Monday and asked to wait",
    Hold.Kind.MANUAL: "Wants the engraving changed; waiting for the text",
}
Scene = tuple[float, Callable[[Story], Order]]
Step = Callable[[int, datetime], object]
RELEASED, PICKING, PICKED, PACKED = 1, 2, 3, 4
# Quotations: for how many days they are offered, and the share that is paid in advance; the last is no offer yet.
OFFERS = ((14, 0), (30, 30), (1, 0), (0, 0))
MONEY = ((4, "de"), (3, "en"), (2, "de"), (1, "en"))
LANGUAGES = ("de", "de", "en", "de")


def expect_goods(story: Story) -> None:
    """Announce what is sold out: blue mugs should have been here last week, and more of everything comes later."""
    hamburg = Warehouse.objects.get(code="HAM")
    products = {one.sku: one.pk for one in Product.objects.filter(sku__in=(*EXPECTED, PREORDER))}
    announced = [(WAITED_FOR, -10, OVERDUE_ANNOUNCEMENT)]
    announced += [(sku, days, f"PO-{2041 + days}") for sku, days in {**EXPECTED, PREORDER: RELEASED_IN - 1}.items()]
    for sku, days, reference in announced:
        inventory.expect_receipt(
            product_id=products[sku],
            warehouse_id=hamburg.pk,
            quantity=96,
            expected_on=story.today + timedelta(days=days),
            reference=reference,
            actor=ACTOR,
        )


def plan_a_wave(story: Story) -> None:
    """Take the most urgent orders of Hamburg out of the queue for one walk, which Tom begins when he likes."""
    hamburg = Warehouse.objects.get(code="HAM")
    wanted = fulfillment.WaveInput(warehouse_id=hamburg.pk, size=WALK)
    fulfillment.plan_wave(wanted, actor=TOM, at=story.now - timedelta(minutes=20))


def scenes(story: Story) -> list[Scene]:
    """Return the live orders with the days that passed since each was placed."""
    found: list[Scene] = [(0.1, partial(_quotation, days=days, deposit=share)) for days, share in OFFERS]
    found += [(days, partial(_waits_for_money, days=days, language=word)) for days, word in MONEY]
    found += [(0.1, offers.awaits_deposit), (0.05, offers.accepted_anew)]
    found += [(1, partial(_on_hold, kind=kind, reason=reason)) for kind, reason in GROUNDS.items()]
    found += [(1, _ordered_twice)]
    found += [(days, partial(_late_for_want_of_goods, days=days)) for days in (19, 18, 17, 16)]
    coming = [sku for sku in EXPECTED if sku != WAITED_FOR]
    found += [(3, partial(_waits_for_goods, sku=coming[number % 2], units=1 + number % 4)) for number in range(6)]
    found += [(3, partial(_waits_for_goods, sku=PREORDER, units=6))]
    found += [(2, _counted_short)]
    found += [(days, partial(_ready, days=days)) for days in (2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0)]
    found += _in_the_warehouse(story)
    for number in range(28):
        days, language = 3 + number % 4, LANGUAGES[number // 4 % 4]
        # The first of them is for Lena, who has a parcel to follow.
        found.append((days, partial(_on_the_way, days=days, language=language, lena=number == 0)))
    found += [(debt.placed, partial(arrive_unpaid, debt=debt)) for debt in DEBTS]
    for number, days in enumerate((8, 8, 9, 9)):
        found.append((days, partial(_arrived_and_open, days=days, language=LANGUAGES[number])))
    if len(found) != LIVE:
        raise LookupError(f"{len(found)} live orders instead of {LIVE}")
    return found


def _quotation(story: Story, *, days: int, deposit: int) -> Order:
    """Tell a quotation: offered by mail with its paper for so many days, or still being put together."""
    order = draft(story, story.customer(company=True))
    if not days:
        return order
    share = orders.Deposit(percent=Decimal(deposit)) if deposit else None
    return orders.offer_draft(order.pk, valid_until=story.today + timedelta(days=days), deposit=share, actor=MAYA)


def _waits_for_money(story: Story, *, days: int, language: str) -> Order:
    return place(story, story.ago(days), customer=story.customer(company=False, language=language), notify=True)


def _on_hold(story: Story, *, kind: str, reason: str) -> Order:
    at = story.ago(1)
    order = place(
        story, at, customer=story.customer(company=True), terms="net14", channel="portal", settle=False, notify=True
    )
    when = min(at + timedelta(minutes=15), story.now)
    orders.place_hold(order.pk, kind=kind, reason=reason, blocks=["verify", "confirm", "release"], actor=MAYA, at=when)
    return order


def _ordered_twice(story: Story) -> Order:
    """Tell an order that a company has sent before, as its check finds: it is held until somebody compares the two."""
    at = story.ago(1)
    before = Order.objects.filter(
        status=OrderStatus.CONFIRMED,
        allocation_status=Order.Allocation.ALLOCATED,
        customer__kind=Customer.Kind.COMPANY,
        placed_at__range=(at - timedelta(hours=60), at),
    ).exclude(lines__sku=COUNTED_SHORT)
    (twin,) = first_of(before.order_by("-placed_at", "pk").prefetch_related("lines"), 1)
    lines = {line.sku: line.quantity for line in twin.lines.all()}
    buyer = next(one for one in story.companies if one.pk == twin.customer_id)
    # Told quietly: the hold is there, and no exception beside the fourteen of the morning.
    order = place(story, at, customer=buyer, lines=lines, terms="net14", channel="portal", settle=False)
    return orders.recheck_order(
        order.pk, changed=["addresses"], actor=ACTOR, at=min(at + timedelta(minutes=1), story.now)
    )


def _late_for_want_of_goods(story: Story, *, days: int) -> Order:
    """Tell an order whose goods should have been here last week."""
    buyer = story.customer(company=True, german=True)
    lines = {WAITED_FOR: story.dice.randint(2, 8)}
    return place(story, story.ago(days), lines=lines, customer=buyer, terms="net14", notify=True)


def _waits_for_goods(story: Story, *, sku: str, units: int) -> Order:
    buyer = story.customer(company=True)
    return place(story, story.ago(3), lines={sku: units}, customer=buyer, terms="net14", notify=True)


def _counted_short(story: Story) -> Order:
    """Tell an order for all large rose mugs; later one of them turns out to be broken."""
    buyer = story.customer(company=True)
    lines = {COUNTED_SHORT: inventory.availability([Product.objects.get(sku=COUNTED_SHORT).pk]).popitem()[1]}
    wanted_on = later(story, buyer)
    return place(story, story.ago(2), lines=lines, customer=buyer, terms="net14", notify=True, wanted_on=wanted_on)


def _ready(story: Story, *, days: int) -> Order:
    buyer = story.customer(company=True)
    wanted_on = later(story, buyer)
    return place(story, story.ago(days), customer=buyer, terms="net14", notify=True, wanted_on=wanted_on)


def _in_the_warehouse(story: Story) -> list[Scene]:
    """Return 22 orders that somebody works on; two of the released must leave today, and three are stuck packed."""
    last_shift = story.today if is_working_day(story.today) else working_days_before(story.today, 1)
    urgent = (story.today - working_days_before(last_shift, 1)).days
    found: list[Scene] = []
    found.append((1, partial(_at_work, days=1, reached=PICKING, urgent=False, buyer=LINDE, lines=LINDES_LINES)))
    for reached, count in ((RELEASED, 6), (PICKING, 5), (PICKED, 5)):
        for number in range(count):
            days = 1 + number % 2
            found.append((days, partial(_at_work, days=days, reached=reached, urgent=False)))
    found += [(urgent, partial(_at_work, days=urgent, reached=RELEASED, urgent=True)) for _ in range(2)]
    found += [(10, partial(_at_work, days=10, reached=PACKED, urgent=True)) for _ in range(3)]
    return found


def _at_work(
    story: Story, *, days: int, reached: int, urgent: bool, buyer: str = "", lines: dict[str, int] | None = None
) -> Order:
    """Tell an order up to a step; an urgent one goes in one parcel, to somebody who wants it at once."""
    steps: Sequence[Step] = (
        lambda pk, at: fulfillment.release_fulfillment(pk, actor=ACTOR, at=at),
        lambda pk, at: fulfillment.start_picking(pk, actor=TOM, at=at),
        lambda pk, at: fulfillment.pick(pk, actor=TOM, at=at),
        lambda pk, at: fulfillment.pack(pk, actor=TOM, at=at),
    )
    at = story.ago(days)
    customer = story.company(buyer) if buyer else story.customer(company=True, german=urgent)
    wanted_on = None if urgent else later(story, customer)
    order = place(story, at, lines=lines, customer=customer, terms="net14", notify=True, wanted_on=wanted_on)
    outbox.drain(threads=[order.history_thread()])
    moment = at
    for step in steps[:reached]:
        moment = story.next_shift(moment)
        for work in FulfillmentOrder.objects.filter(order=order).order_by("pk"):
            step(work.pk, moment)
    return order


def _on_the_way(story: Story, *, days: int, language: str, lena: bool) -> Order:
    at = story.ago(days)
    order = place(
        story,
        at,
        customer=story.people[0] if lena else story.customer(company=True, language=language),
        terms="prepaid" if lena else "net14",
        notify=True,
        wanted_on=story.today + timedelta(days=1 + days % 3),
    )
    if lena:
        billing.record_payment(
            order.pk, method="card", amount=order.total, reference=str(order.number), actor=ACTOR, at=at
        )
    stations, left = story.through_the_house(order, at)
    fulfillment.fulfil_through(order.pk, through="shipped", shipped_at=left, stations=stations, actor=ACTOR)
    return order


def _arrived_and_open(story: Story, *, days: int, language: str) -> Order:
    """Tell an order that arrived and is not paid, because its invoice is not due yet."""
    at = story.ago(days)
    order = place(story, at, customer=story.customer(company=True, language=language), terms="net14", notify=True)
    stations, left = story.through_the_house(order, at)
    arrived = story.next_shift(left, 2)
    fulfillment.fulfil_through(
        order.pk, through="delivered", shipped_at=left, delivered_at=arrived, stations=stations, actor=ACTOR
    )
    return order
