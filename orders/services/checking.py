"""The checks of an order: what they look at, what is kept of their findings, and looking again when that changed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from core.actors import Actor
from core.inserting import insert_rows
from core.outbox import emit
from core.service import service
from customers.addresses import PostalAddress
from orders import guards, verification
from orders.errors import TooLateToChange
from orders.events import ChecksRepeated
from orders.models import CheckCatch, LiftedBy, Order, OrderLine, OrderStatus, Replacement, ToldApart
from orders.sentences import ALL_IN_ORDER, NOTHING_NEW
from pricing import services as pricing

from .book import lines_of, take_order, touch
from .buyer import Buyer, standing_of
from .composing import Composed
from .holds import (
    active_holds,
    change_reasons,
    close_checked,
    end_catches,
    holds_of_checks,
    lift_holds,
    restate_holds,
    write_holds,
)
from .settlement import settle

S = OrderStatus
Outcome = CheckCatch.Outcome
# What a failed check stops: the next step of an order, wherever it stands.
NEXT_STEP = {S.PLACED: "verify", S.VERIFIED: "confirm", S.CONFIRMED: "release", S.FULFILLING: "release"}
# What is looked at where all else was agreed before: it brings once more what was lost.
WHERE_IT_GOES = frozenset({verification.COMPLETE, verification.ADDRESS, verification.CONTACT, verification.STOCK})
Checks = list[dict[str, Any]]


def check(composed: Composed, *, expected_total: Decimal | None = None, at: datetime) -> Checks:
    """Look at the order before its stock is touched."""
    order = composed.order
    facts = _facts(
        order,
        composed.lines,
        composed.buyer,
        list_prices=composed.list_prices,
        in_person=composed.counter is not None,
        expected_total=expected_total,
        at=at,
    )
    only = WHERE_IT_GOES if composed.replacement else None
    return verification.verify(facts, order.channel.checks, order.channel.check_limits, only=only)


def _facts(
    order: Order,
    lines: Iterable[OrderLine],
    buyer: Buyer,
    *,
    list_prices: Mapping[int, Decimal],
    in_person: bool = False,
    expected_total: Decimal | None = None,
    at: datetime,
) -> verification.Facts:
    customer, method, before = buyer.customer, order.shipping_method, buyer.before
    return verification.Facts(
        currency=order.currency,
        name=order.customer_name,
        email=order.email,
        phone=order.phone,
        ship_to=PostalAddress.from_dict(order.shipping_address),
        bill_to=PostalAddress.from_dict(order.billing_address) if order.billing_address else None,
        travels=method is None or not method.pickup,
        in_person=in_person,
        lines=tuple(
            verification.LineFacts(
                sku=line.sku,
                quantity=line.quantity - line.cancelled,
                unit_price=line.unit_price,
                list_price=list_prices.get(line.product_id),
            )
            for line in lines
            if line.quantity > line.cancelled
        ),
        subtotal=order.subtotal,
        discount_total=order.discount_total,
        total=order.total - order.cancelled_total,
        expected_total=expected_total,
        twin=buyer.twin,
        told_apart=bool(order.external_reference),
        on_credit=order.payment_terms in guards.ON_CREDIT,
        known_customer=customer is not None and not buyer.is_foreign,
        exposure=buyer.exposure,
        owed=buyer.owed,
        credit_extra=buyer.extra,
        credit_limit=customer.credit_limit if customer else None,
        credit_currency=customer.currency if customer else "",
        at=at,
        earlier=before.earlier,
        is_first=before.is_first,
        habits=before.habits,
        habit=before.habit,
        disposable=settings.DISPOSABLE_MAIL_DOMAINS,
    )


@service
def note_catches(order: Order, checks: Iterable[Mapping[str, Any]], *, historic: bool = False, at: datetime) -> None:
    """Keep what the checks caught, so that it can be told what each of them is worth. History was caught by nobody."""
    if historic:
        return
    caught = [
        CheckCatch(order=order, channel=order.channel, name=one["name"], stopped=one["result"] == "fail", at=at)
        for one in checks
        if _is_caught(one)
    ]
    insert_rows(caught)


def _is_caught(one: Mapping[str, Any]) -> bool:
    """Whether a result counts: what stopped the order, or would have where the check only warns.

    Units that may follow are a fact of stock: no check would have to find them.
    """
    warned = one["result"] == "warn" and not one.get("mild") and one["name"] != verification.STOCK
    return one["result"] == "fail" or warned


@service
def recheck_order(
    order_id: int,
    *,
    changed: Iterable[str] = verification.EVERYTHING,
    actor: Actor,
    at: datetime | None = None,
) -> Order:
    """Look again at what is touched by a change, with the order as it stands now.

    `changed` names what did: `addresses`, `customer`, `lines` or `terms` (all, where nobody says). A check that fails
    now holds the order, one that passes lifts its hold; who let one pass keeps that word as long as what it looks at
    stays the same. Raises TooLateToChange where nothing is left to be stopped.
    """
    when = at or timezone.now()
    order = take_order(order_id)
    if order.status not in NEXT_STEP:
        raise TooLateToChange(f"{order} is not checked again: {order.get_status_display()}", status=order.status)
    changed = frozenset(changed)
    names = verification.touched(changed)
    after = look_again_at(order, names, actor=actor, at=when)
    if _is_corrected(changed) and not any(one["name"] == verification.ADDRESS for one in verification.failed(after)):
        lift_holds(order, because=LiftedBy.ADDRESS, actor=actor, at=when)
    settle(order, actor=actor, at=when)
    return order


@service
def look_again_at(order: Order, names: Iterable[str], *, actor: Actor, at: datetime) -> Checks:
    """Look again, with some checks, at an order in hand that may still be stopped; whoever asks settles it."""
    names = frozenset(names)
    before = order.checks
    after = _merged(before, _look_again(order, names), names)
    fails = {str(one["name"]): str(one["reason"]) for one in verification.failed(after)}
    active = active_holds(order)
    lifted = [hold for hold in active if hold.check_name in names and hold.check_name not in fails]
    held = {hold.check_name for hold in active}
    opened = [
        hold
        for hold in holds_of_checks(after, actor=actor, at=at)
        if hold.check_name in names and hold.check_name not in held
    ]
    for hold in opened:
        hold.blocks = [NEXT_STEP[S(order.status)]]
    close_checked(order, lifted, actor=actor, at=at)
    change_reasons(active, fails)
    write_holds(order, opened, actor=actor, at=at)
    _note_changes(order, before, after, at=at)
    restate_holds(order, [*(hold for hold in active if hold not in lifted), *opened])
    if after != before:
        touch(order, checks=after)
    emit(ChecksRepeated(order_id=order.pk, said=_said(before, after), quiet=order.quiet), actor=actor, at=at)
    return after


def _is_corrected(changed: frozenset[str]) -> bool:
    """Whether somebody changed the address: who only looks again at everything has corrected nothing."""
    return verification.ADDRESSES in changed and changed != frozenset(verification.EVERYTHING)


def _look_again(order: Order, names: Iterable[str]) -> Checks:
    """Return what checks say of an order in hand."""
    # Only what costs nothing can stand for another order.
    if not order.total and Replacement.objects.filter(order=order).exists():
        names = WHERE_IT_GOES.intersection(names)
    lines = lines_of(order)
    apart = told_apart_from(order)
    placed_at = order.placed_at or order.created_at
    buyer = standing_of(order, lines, at=placed_at, but=[order.pk, *apart])
    channel = order.channel
    facts = _facts(
        order, lines, buyer, list_prices=list_prices_of(order, lines), expected_total=_expected(order), at=placed_at
    )
    found = verification.verify(facts, channel.checks, channel.check_limits, only=names)
    if verification.STOCK in names:
        short = {line.sku: line.backordered for line in lines if line.backordered}
        found += verification.stock_result(short, channel.checks)
    return found


def told_apart_from(order: Order) -> list[int]:
    """Return the orders that look like this one, and of which somebody said that they are others."""
    pairs = ToldApart.objects.filter(Q(later=order) | Q(earlier=order)).values_list("earlier", "later")
    return [one if one != order.pk else other for one, other in pairs]


def list_prices_of(order: Order, lines: Sequence[OrderLine]) -> dict[int, Decimal]:
    """Return our own prices, of the day it was placed, of the lines that brought theirs."""
    channel = order.channel
    given = {one["about"] for one in order.explanation if one.get("code") == "price_given"}
    wanted = [line.product_id for line in lines if f"line:{line.position}" in given]
    comparable = order.currency == channel.currency and order.prices_include_tax == channel.prices_include_tax
    if not wanted or not comparable:
        return {}
    group = order.customer.group_id if order.customer and not order.found_by_email else None
    return pricing.prices_for(channel, wanted, timezone.localdate(order.placed_at or timezone.now()), group_id=group)


def _expected(order: Order) -> Decimal | None:
    """Return what the sender told the customer, as far as that was found to be worth keeping."""
    known = [one for one in order.checks if one["name"] == verification.TOTAL]
    told = known[0].get("data", {}).get("expected") if known else None
    return Decimal(told) if told else None


def _merged(before: Checks, found: Checks, names: Iterable[str]) -> Checks:
    """Put new results in the place of the old; a waiver stays where its check looks at the same as then."""
    wanted, old = set(names), {one["name"]: one for one in before}
    now = {name: one for name, one in old.items() if name not in wanted}
    for one in found:
        was = old.get(one["name"], {})
        if was.get("result") == "waived" and one["result"] == "fail" and _is_the_same(was, one):
            one = {**one, **{key: was[key] for key in ("result", "waived_by", "waived_because", "waived_at")}}
        now[one["name"]] = one
    return [now[name] for name in verification.NAMES if name in now]


def _is_the_same(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    if "seen" in was and "seen" in now:
        return bool(was["seen"] == now["seen"])
    return bool(was["reason"] == now["reason"])


def _note_changes(order: Order, before: Checks, after: Checks, *, at: datetime) -> None:
    """Keep new findings, and that what was found before is corrected."""
    was, now = ({one["name"]: one["result"] for one in checks} for checks in (before, after))
    gone = [name for name, result in was.items() if result in ("fail", "warn") and now.get(name, "pass") == "pass"]
    end_catches(order, gone, Outcome.CORRECTED)
    worse = [one for one in after if one["result"] in ("fail", "warn") and was.get(one["name"]) != one["result"]]
    end_catches(order, [one["name"] for one in worse], Outcome.CORRECTED)
    note_catches(order, worse, at=at)


def _said(before: Checks, after: Checks) -> str:
    """Say what came of it in one sentence: the first that stops the order, or that nothing does."""
    failing = verification.failed(after)
    if failing:
        return str(failing[0]["reason"])
    return ALL_IN_ORDER if verification.failed(before) else NOTHING_NEW
