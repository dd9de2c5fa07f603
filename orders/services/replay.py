"""The time machine: what a draft of routing rules would have done with the last orders. It writes nothing.

How it was is not all known any more, so this is what is assumed, and said on the page: each order is asked alone
against what it really got plus what lies free today; a warehouse took as many days as it really took that week;
an order is late when its last parcel comes after the day that was promised first.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import timezone

from core.actors import Actor
from core.outbox import emit
from core.service import service
from customers.addresses import PostalAddress
from inventory import selectors as stock
from inventory.errors import UnknownRuleSet
from inventory.kits import needs_of
from inventory.models import GOODS, Product, RoutingRuleSet
from inventory.routing import RuleSet, costs_for
from inventory.sourcing import Demand, Place, decide
from orders import replaying
from orders.errors import InvalidOrder
from orders.events import ReplayWanted
from orders.models import Order, OrderLine, OrderStatus, RoutingReplay, parts_in
from orders.replaying import EXAMPLES, Outcome, Pace, Passed, Side
from pricing import services as pricing
from pricing.models import Channel, ShippingMethod
from pricing.reference import rules_of

from .routing import Wanted, facts_of, route_goods

BATCH = 500
MOST_ORDERS = 100_000
# A worker has other debts to pay.
MOST_IN_BACKGROUND = 10_000
logger = logging.getLogger(__name__)
Status = RoutingReplay.Status
COLUMNS = (
    "pk",
    "number",
    "channel_id",
    "shipping_method_id",
    "shipping_address",
    "billing_address",
    "subtotal",
    "discount_total",
    "currency",
    "gift_note",
    "tags",
    "placed_at",
    "shipped_at",
    "requested_delivery_on",
    "first_promised_on",
    "sourcing",
)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Shop:
    """What does not change while the past is replayed."""

    channels: dict[int, Channel]
    methods: dict[int, ShippingMethod]
    codes: dict[int, str]
    free: dict[tuple[int, int], int]
    pace: Pace


def replay(rule_set: RoutingRuleSet, *, orders: int, progress: Progress | None = None) -> dict[str, Any]:
    """Ask rules, and those that hold now, about the last orders with goods that travelled. Returns both sides."""
    draft, today = rules_of(rule_set), pricing.routing_rules()
    if today is not None and today.version == draft.version:
        today = None
    passed = list(_last_orders(min(orders, MOST_ORDERS)))
    shop = _shop(passed)
    yardstick = draft if draft.costs is not None else today
    has_costs = yardstick is not None and yardstick.costs is not None
    sides = (Side(), Side())
    changed, examples = 0, []
    for done, order in enumerate(passed, start=1):
        outcomes = [
            _outcome(order, rules, side, shop, yardstick if has_costs else None)
            for rules, side in zip((today, draft), sides, strict=True)
        ]
        if outcomes[0].places != outcomes[1].places:
            changed += 1
            examples.append(_example(order, *outcomes, has_costs=has_costs))
        if progress is not None and (done % BATCH == 0 or done == len(passed)):
            progress(done, len(passed))
    examples.sort(key=lambda one: (one["late_before"] == one["late_after"], not one["late_before"]))
    return {
        "ruleset": {"id": rule_set.pk, "version": rule_set.version, "name": rule_set.name},
        "today": {"version": today.version, "name": today.name} if today else None,
        "orders": len(passed),
        "from": passed[-1].placed_at.isoformat() if passed else None,
        "until": passed[0].placed_at.isoformat() if passed else None,
        "currency": yardstick.currency if yardstick is not None and has_costs else None,
        "before": sides[0].as_dict(has_costs=has_costs),
        "after": sides[1].as_dict(has_costs=has_costs),
        "orders_from_elsewhere": changed,
        "examples": examples[:EXAMPLES],
    }


@service
def start_replay(rule_set_id: int, *, orders: int, actor: Actor) -> RoutingReplay:
    """Have rules asked about the last orders, in the background. Raises UnknownRuleSet and InvalidOrder."""
    if not RoutingRuleSet.objects.filter(pk=rule_set_id).exists():
        raise UnknownRuleSet(f"There are no routing rules {rule_set_id}")
    if not 1 <= orders <= MOST_IN_BACKGROUND:
        text = f"From 1 to {MOST_IN_BACKGROUND:,} orders"
        raise InvalidOrder(text, errors=[{"pointer": "/orders", "code": "invalid", "detail": text}])
    made = RoutingReplay.objects.create(rule_set_id=rule_set_id, wanted=orders, author=str(actor))
    emit(ReplayWanted(replay_id=made.pk), actor=actor)
    return made


def run_replay(replay_id: int) -> None:
    """Do what `start_replay` asked for; a run that was killed begins anew, and one that is over is left alone."""
    if (run := _take(replay_id)) is None:
        return
    try:
        found = replay(run.rule_set, orders=run.wanted, progress=partial(_note_progress, replay_id))
    except Exception:
        logger.exception("Replay %s failed", replay_id)
        found = None
    _finish(replay_id, found)


@service
def _take(replay_id: int) -> RoutingReplay | None:
    runs = RoutingReplay.objects.filter(pk=replay_id, status__in=(Status.QUEUED, Status.RUNNING))
    if not runs.update(status=Status.RUNNING):
        return None
    return RoutingReplay.objects.select_related("rule_set").get(pk=replay_id)


@service
def _note_progress(replay_id: int, done: int, total: int) -> None:
    RoutingReplay.objects.filter(pk=replay_id).update(done=done, total=total)


@service
def _finish(replay_id: int, found: dict[str, Any] | None) -> None:
    run = RoutingReplay.objects.filter(pk=replay_id, status=Status.RUNNING)
    if found is None:
        run.update(status=Status.FAILED, finished_at=timezone.now())
        return
    count = found["orders"]
    run.update(status=Status.SUCCEEDED, finished_at=timezone.now(), done=count, total=count, result=found)


def _shop(passed: Sequence[Passed]) -> Shop:
    """Read what all orders are asked against, in three statements."""
    goods = {product for order in passed for one in order.demand for product, _per in needs_of(one)}
    return Shop(
        channels=Channel.objects.in_bulk(),
        methods=ShippingMethod.objects.in_bulk(),
        codes={one.pk: one.code for one in pricing.warehouses()},
        free=stock.stock_by_warehouse(goods),
        pace=Pace(passed),
    )


def _outcome(order: Passed, rules: RuleSet | None, side: Side, shop: Shop, yardstick: RuleSet | None) -> Outcome:
    """Decide one order by one set of rules, and judge it as both are judged."""
    kept = order.facts
    wanted = replace(kept, channel=shop.channels[kept.channel], method=shop.methods.get(kept.method))
    used = side.by_day[order.placed_at.date()]
    routed = route_goods(wanted, at=order.placed_at, rules=rules, used=used)
    places = pricing.places_for(wanted.method, wanted.country)
    shelves = {
        (product, place.warehouse_id): shop.free.get((product, place.warehouse_id), 0)
        + order.came_from.get((product, place.warehouse_id), 0)
        for one in order.demand
        for product, _per in needs_of(one)
        for place in places
    }
    decision = decide(order.demand, shelves, routed.places, routed.costs)
    outcome = replaying.judge(
        order,
        decision.picks,
        codes=shop.codes,
        ways={place.warehouse_id: min(place.distance, pricing.UNKNOWN_DAYS) for place in places},
        usual=wanted.channel.handling_days,
        pace=shop.pace,
        costs=_measure(yardstick, wanted, places, order) if yardstick is not None else None,
    )
    short = sum(decision.short.values())
    ids = {code: pk for pk, code in shop.codes.items()}
    replaying.add(side, outcome, short=short, at=order.placed_at, ids=ids)
    return outcome


def _measure(yardstick: RuleSet, wanted: Wanted, places: Sequence[Place], order: Passed) -> Any:
    """Return the costs by which both sides are measured, whatever rules decided."""
    return costs_for(
        yardstick,
        facts_of(wanted, yardstick),
        codes={place.warehouse_id: place.code for place in places},
        days={},
        weights=order.weights,
    )


def _example(order: Passed, before: Outcome, after: Outcome, *, has_costs: bool) -> dict[str, Any]:
    return {
        "order": order.number,
        "id": order.pk,
        "from": list(before.places),
        "to": list(after.places),
        "more": f"{after.cost - before.cost:.2f}" if has_costs else None,
        "late_before": before.is_late,
        "late_after": after.is_late,
    }


def _last_orders(count: int) -> Iterator[Passed]:
    """Yield the last orders that sent goods, the youngest first, with few statements per five hundred of them."""
    rows = Order.objects.exclude(status__in=(OrderStatus.DRAFT, OrderStatus.CANCELLED, OrderStatus.EXPIRED))
    rows = rows.filter(placed_at__isnull=False, shipping_method__isnull=False, shipping_method__pickup=False)
    products: dict[int, Product] = {}
    found, before = 0, None
    while found < count:
        page = rows if before is None else rows.filter(pk__lt=before)
        batch = list(page.order_by("-pk").values(*COLUMNS)[:BATCH])
        if not batch:
            return
        before = batch[-1]["pk"]
        lines: dict[int, list[Demand]] = {}
        for order_id, position, product_id, units, parts in OrderLine.objects.filter(
            order__in=[row["pk"] for row in batch], kind__in=GOODS
        ).values_list("order_id", "position", "product_id", "quantity", "parts"):
            lines.setdefault(order_id, []).append(Demand(position, product_id, units, True, parts_in(parts)))
        unseen = {one.product_id for some in lines.values() for one in some} - products.keys()
        products |= Product.objects.in_bulk(unseen) if unseen else {}
        for row in batch:
            if row["pk"] in lines and found < count:
                found += 1
                yield _passed(row, lines[row["pk"]], products)


def _passed(row: dict[str, Any], lines: Sequence[Demand], products: dict[int, Product]) -> Passed:
    """Turn a row and its lines into what the rules are asked about."""
    address = PostalAddress.from_dict(row["shipping_address"] or row["billing_address"])
    goods = [(products[one.product_id], one.quantity) for one in lines]
    facts = Wanted(
        channel=row["channel_id"],
        method=row["shipping_method_id"],
        country=address.country,
        postal_code=address.postal_code,
        goods=goods,
        value=Decimal(row["subtotal"]) - Decimal(row["discount_total"]),
        currency=row["currency"],
        gift=bool(row["gift_note"].strip()) or "gift" in row["tags"],
        wanted_on=row["requested_delivery_on"],
    )
    by_position = {one.key: one for one in lines}
    came_from: dict[tuple[int, int], int] = {}
    sourcing = row["sourcing"] or {}
    for decision in (sourcing, *sourcing.get("later", [])):
        for position, place, units in decision.get("picks", []):
            for product, per in needs_of(by_position[position]) if position in by_position else ():
                came_from[product, place] = came_from.get((product, place), 0) + per * units
    return Passed(
        pk=row["pk"],
        number=str(row["number"]),
        placed_at=row["placed_at"],
        shipped_at=row["shipped_at"],
        promised_on=row["first_promised_on"],
        facts=facts,
        demand=lines,
        came_from=came_from,
        weights={product.pk: product.weight_grams for product, _ in goods},
    )
