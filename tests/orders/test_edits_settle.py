"""Whatever is edited, and edited back, is settled to the cent; and two who edit at once do not both win."""

from collections import Counter
from contextlib import suppress
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from billing.models import Invoice
from core.actors import SYSTEM
from customers.addresses import PostalAddress
from fulfillment import services as fulfillment
from fulfillment.errors import UnknownLine, WrongQuantity
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from inventory import services as inventory
from inventory.errors import InsufficientStock
from inventory.models import Product, StockItem
from orders import services as orders
from orders.errors import ChangeRefused, StaleOrder
from orders.inputs import ChargeInput, LineInput
from orders.models import Order, OrderLine
from orders.wishes import LineWish, NewLine, Wish
from pricing import services as pricing
from pricing.models import Channel, Promotion
from tests.factories.catalog import make_product
from tests.factories.kits import make_priced_kit
from tests.factories.shop import make_priced_product
from tests.orders.test_edits import broken, edit, state
from tests.scenarios import ADA, anew, confirmed_order, placed_order, run_debts

WIEN = PostalAddress(name="Ada", line1="2 Side St", city="Wien", postal_code="1010", country="AT")
POTSDAM = PostalAddress(name="Ada", line1="3 Park", city="Potsdam", postal_code="14467", country="DE")
SKUS = ("MUG-RED", "TEA-1", "GIFT-1", "WRAP")
some = st.integers(0, 6)
line_wishes = st.lists(
    st.builds(
        LineWish,
        position=st.integers(1, 4),
        quantity=st.none() | some,
        unit_price=st.none() | st.decimals(0, 20, places=2),
    ),
    max_size=3,
    unique_by=lambda one: one.position,
)
wishes = st.builds(
    Wish,
    lines=line_wishes.map(tuple),
    add=st.lists(st.builds(NewLine, sku=st.sampled_from(SKUS), quantity=st.integers(1, 3)), max_size=1).map(tuple),
    shipping_address=st.none() | st.sampled_from((ADA, WIEN, POTSDAM)),
    shipping_method=st.none() | st.sampled_from(("standard", "express")),
    simple=st.sampled_from(({}, {"ship_complete": True}, {"requested_delivery_on": date(2031, 5, 6)})),
)


def back_to(order: Order, before: dict[str, object]) -> Wish:
    """Return the wish that asks for what was agreed at first."""
    first = {line["position"]: line for line in before["lines"]}  # type: ignore[attr-defined]
    lines = [
        LineWish(
            position=line.position,
            quantity=first[line.position]["quantity"] if line.position in first else 0,
            unit_price=first[line.position]["unit_price"] if line.position in first else None,
        )
        for line in OrderLine.objects.filter(order=order)
    ]
    return Wish(
        lines=tuple(lines),
        shipping_address=ADA,
        shipping_method="standard",
        simple={"ship_complete": False, "requested_delivery_on": None},
    )


def kept(found: dict[str, object], before: dict[str, object]) -> dict[str, object]:
    """Leave out the rows of lines that came and went, which ask for nothing, and from which of its shelves a thing is
    taken: what was let go, and is asked for again, is found anew.
    """
    positions = {line["position"] for line in before["lines"]}  # type: ignore[attr-defined]
    lines = [line for line in found["lines"] if line["position"] in positions or line["quantity"] != line["cancelled"]]  # type: ignore[attr-defined]
    product_of = dict(StockItem.objects.values_list("pk", "product"))
    tied: Counter[tuple[object, int]] = Counter()
    for (key, shelf), units in found["tied"].items():  # type: ignore[attr-defined]
        tied[key, product_of[shelf]] += units
    stock: Counter[tuple[str, int]] = Counter()
    for shelf, on_hand, reserved in found["shelves"]:  # type: ignore[attr-defined]
        stock["on hand", product_of[shelf]] += on_hand
        stock["reserved", product_of[shelf]] += reserved
    return {**found, "lines": lines, "tied": tied, "shelves": stock}


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=[Wish(lines=(LineWish(position=1, unit_price=Decimal(0)),))], channel="api")
# More than there is, which waits; and less than a discount begins with, whose charge goes and comes back.
@example(steps=[Wish(lines=(LineWish(position=2, quantity=6),))], channel="api")
@example(steps=[Wish(lines=(LineWish(position=1, quantity=0), LineWish(position=3, quantity=0)))], channel="portal")
@given(steps=st.lists(wishes, min_size=1, max_size=3), channel=st.sampled_from(("api", "portal")))
def test_random_edits_and_their_reversal_keep_every_sum(shop, steps, channel):
    if not Promotion.objects.exists():
        Channel.objects.filter(code="portal").update(prices_include_tax=True)
        pricing.forget()
        make_priced_kit()
        make_priced_product("WRAP", "2.00", kind="service")
        # Of tea there is less than somebody may wish for: the rest waits.
        Product.objects.filter(sku="TEA-1").update(backorder=True)
        for shelf in shop.tea.stock_items.all():
            inventory.adjust_stock(stock_item_id=shelf.pk, change=-max(0, shelf.on_hand - 4), reason="-", actor=SYSTEM)
        Promotion.objects.create(code="TEN", name="Ten", kind="percent", value=10, min_goods_value=20, currency="EUR")
    order = confirmed_order(
        [
            LineInput(sku="MUG-RED", quantity=3, discount=Decimal("1.01")),
            LineInput(sku="TEA-1", quantity=2),
            LineInput(sku="GIFT-1", quantity=1),
            LineInput(sku="WRAP", quantity=1),
        ],
        channel=channel,
        coupon_codes=("TEN",),
        charges=(ChargeInput(kind="fee", code="RUSH", name="Rush", amount=Decimal("3.33")),),
    )
    run_debts()
    before = state(order)
    for wish in steps:
        try:
            edit(order, wish)
        except (ChangeRefused, InsufficientStock):
            continue
        assert broken() == []
    if anew(order).version != order.version and orders.preview_change(order.pk, back_to(order, before)).changes:
        edit(order, back_to(order, before))
    assert kept(state(order), before) == kept(before, before)
    assert broken() == []
    orders.cancel_order(order.pk, reason="done", actor=SYSTEM)
    run_debts()
    assert broken() == []


@pytest.mark.django_db
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(left=[(4, 7)])
@given(left=st.lists(st.tuples(st.integers(2, 4), st.integers(3, 8)), min_size=1, max_size=3))
def test_cancelling_parts_of_what_has_not_left_is_worth_what_was_agreed(shop, left):
    """Two mugs and three teas have left and are invoiced; of the rest, less and less is wanted."""
    Product.objects.update(backorder=True)
    for product, units in ((shop.mug, 2), (shop.tea, 3)):
        for shelf in product.stock_items.all():
            there = units if shelf.warehouse == shop.hamburg else 0
            if change := there - shelf.available:
                inventory.adjust_stock(stock_item_id=shelf.pk, change=change, reason="-", actor=SYSTEM)
    order = confirmed_order({"MUG-RED": 4, "TEA-1": 8}, external_reference=f"P-{Order.objects.count()}")
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    assert [line.shipped for line in order.lines.order_by("position")] == [2, 3]
    # At last nothing is wanted but what has left: the next one finds no order that waits.
    for mugs, teas in [*left, (2, 3)]:
        wish = Wish(lines=(LineWish(position=1, quantity=mugs), LineWish(position=2, quantity=teas)))
        with suppress(ChangeRefused):
            edit(order, wish)
        run_debts()
        worth = Decimal(0)
        for line in OrderLine.objects.filter(order=order):
            parts = [amount * line.wanted / line.quantity for amount in (line.net_total, line.tax_total)]
            worth += line.total - sum(part.quantize(Decimal("0.01"), ROUND_HALF_UP) for part in parts)
        now = anew(order)
        assert (now.cancelled_total, now.balance_due) == (worth, now.total - worth)
        assert broken() == []


@pytest.mark.django_db
@pytest.mark.parametrize("waits", [False, True], ids=["nothing-waits", "tea-waits"])
def test_what_is_cancelled_leaves_no_cent_behind_that_nobody_can_pay(shop, waits):
    """Lines round one by one, documents by rate: of one jug each at 0.13 the lines say 0.16, the invoice 0.31."""
    for sku in ("JUG-A", "JUG-B"):
        make_product(sku, "0.13", stock={"HAM": 1, "MUC": 1})
    inventory.adjust_stock(
        stock_item_id=shop.tea.stock_items.get(warehouse=shop.hamburg).pk,
        change=-shop.tea.stock_items.get(warehouse=shop.hamburg).available,
        reason="-",
        actor=SYSTEM,
    )
    goods = [LineInput(sku=sku, quantity=2, unit_price=Decimal("0.13")) for sku in ("JUG-A", "JUG-B")]
    order = confirmed_order(
        [*goods, *([LineInput(sku="TEA-1", quantity=1)] if waits else [])], shipping_price=Decimal(0)
    )
    fulfillment.fulfil_through(order.pk, through="shipped", places=["HAM"], actor=SYSTEM)
    run_debts()
    (invoice,) = Invoice.objects.filter(order=order)
    assert invoice.total == Decimal("0.31")

    edit(order, Wish(lines=(LineWish(position=1, quantity=1), LineWish(position=2, quantity=1))))
    if waits:
        assert anew(order).cancelled_total == Decimal("0.30")
        fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
        run_debts()

    billed = sum(one.total for one in Invoice.objects.filter(order=order))
    now = anew(order)
    assert now.cancelled_total == Decimal("0.31")
    assert now.invoiced_total == now.balance_due == billed == Decimal("0.31") + (Decimal("4.49") if waits else 0)
    assert broken() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_edits_on_one_version_one_is_applied(shop, concurrently):
    order = placed_order()
    jobs = [
        partial(
            orders.amend_order,
            order.pk,
            Wish(lines=(LineWish(position=1, quantity=3 + n),)),
            expected_version=order.version,
            actor=SYSTEM,
        )
        for n in range(2)
    ]

    outcomes = concurrently(*jobs, raising=False)

    assert sorted(type(one.error) for one in outcomes if one.error) == [StaleOrder]
    assert OrderLine.objects.get(order=order, position=1).quantity in (3, 4)
    assert broken() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_nobody_picks_what_is_edited_away_in_the_same_moment(shop, concurrently):
    order = confirmed_order()
    run_debts()
    fulfillment.release_order(order.pk, actor=SYSTEM)
    work, version = FulfillmentOrder.objects.get(order=order), anew(order).version
    wish = Wish(lines=(LineWish(position=1, quantity=1),))
    jobs = [
        partial(orders.amend_order, order.pk, wish, expected_version=version, actor=SYSTEM),
        partial(fulfillment.pick, work.pk, actor=SYSTEM),
    ]

    edited, picked = concurrently(*jobs, raising=False)

    mug = OrderLine.objects.get(order=order, position=1)
    in_hand = {
        line.order_line_id: line.picked for line in FulfillmentLine.objects.filter(fulfillment_order__order=order)
    }
    assert isinstance(edited.error, ChangeRefused | None)
    assert not isinstance(picked.error, UnknownLine | WrongQuantity)
    assert in_hand[mug.pk] <= mug.open, "nobody has more in his hands than is wanted"
    assert (mug.quantity, in_hand[mug.pk]) in ((1, 0), (1, 1), (2, 2))
    assert broken() == []
