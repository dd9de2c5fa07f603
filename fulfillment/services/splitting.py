"""Planned work is split, or put together again; picked goods go back to their bins while their order lives on."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import note_change, service
from core.transitions import advance
from fulfillment.errors import NothingToMerge, NothingToPutBack, NotPlanned, WrongQuantity
from fulfillment.events import FulfillmentPlanned
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from fulfillment.sentences import PUT_TOGETHER, TOGETHER_WITH

from .cancelling import OVER, PICKED, void_labels
from .leaving_waves import leave_wave
from .planning import without_held
from .work import Status, check_quantities, lines_of, lock_work, refuse_held, write_quantities


@service
def split_fulfillment(
    fulfillment_order_id: int, *, units: Mapping[int, int], reason: str = "", actor: Actor, at: datetime | None = None
) -> FulfillmentOrder:
    """Move units, by order line, out of planned work into work of its own in the same place. Returns that.

    Raises NotPlanned once somebody may fetch for it, OrderBlocked for work on hold, and WrongQuantity where nothing
    would move, or nothing stay.
    """
    when = at or timezone.now()
    work = lock_work(fulfillment_order_id)
    _require_planned(work)
    refuse_held(work)
    lines = lines_of(work)
    check_quantities(lines, units)
    moved = {line: count for line in lines if (count := units.get(line.order_line_id, 0))}
    if not moved:
        raise WrongQuantity(_("Say how many units go into work of their own"))
    if sum(moved.values()) == sum(line.quantity for line in lines):
        raise WrongQuantity(_("Something has to stay; leave one unit at least"))
    rest = FulfillmentOrder(
        order=work.order,
        warehouse=work.warehouse,
        kind=work.kind,
        rank=work.rank,
        ship_by_on=work.ship_by_on,
        created_at=when,
    )
    rest.save(force_insert=True)
    FulfillmentLine.objects.bulk_create(
        FulfillmentLine(fulfillment_order=rest, order_line=line.order_line, quantity=count, bin=line.bin)
        for line, count in moved.items()
    )
    for line, count in moved.items():
        line.quantity -= count
    write_quantities(moved)
    named = ", ".join(f"{count} × {line.order_line.sku}" for line, count in moved.items())
    note_change(work, "fulfillment.split", actor=actor, after={"units": named, "into": rest.number}, note=reason)
    fact = FulfillmentPlanned(order_id=work.order_id, fulfillment_order_id=rest.pk, quiet=work.order.quiet)
    emit(fact, actor=actor, at=when)
    return rest


@service
def merge_fulfillment(fulfillment_order_id: int, *, actor: Actor, at: datetime | None = None) -> FulfillmentOrder:
    """Put all planned work of an order in one place together, but what is on hold: that stays by itself.

    Raises OrderBlocked for work on hold, and NothingToMerge where there is no other.
    """
    order_id = FulfillmentOrder.objects.values_list("order_id", flat=True).get(pk=fulfillment_order_id)
    # All of it at once, in the order of the keys: two who put it together do not wait for each other.
    planned = {one.pk: one for one in FulfillmentOrder.objects.locked().filter(order=order_id, status=Status.PLANNED)}
    work = planned.pop(fulfillment_order_id, None)
    if work is None:
        raise NotPlanned(_("Only planned work is split or put together; pull it back first"))
    refuse_held(work)
    near = [one for one in planned.values() if (one.warehouse_id, one.kind) == (work.warehouse_id, work.kind)]
    others = without_held(work.order, near)
    if not others:
        raise NothingToMerge(_("No other planned work of this order waits in the same place"))
    mine = {line.order_line_id: line for line in FulfillmentLine.objects.filter(fulfillment_order=work)}
    theirs = list(FulfillmentLine.objects.filter(fulfillment_order__in=others).order_by("pk"))
    for line in theirs:
        if (same := mine.setdefault(line.order_line_id, line)) is not line:
            same.quantity += line.quantity
            line.quantity = 0
    write_quantities([*mine.values(), *(line for line in theirs if not line.quantity)])
    FulfillmentLine.objects.filter(pk__in=[line.pk for line in mine.values()]).update(fulfillment_order=work)
    for other in others:
        leave_wave(other, why=PUT_TOGETHER(), actor=actor, at=at)
        advance(other, "cancel", actor=actor, note=TOGETHER_WITH(work=work), at=at)
    note_change(work, "fulfillment.merged", actor=actor, after={"with": ", ".join(str(one) for one in others)})
    return work


@service
def put_back(
    fulfillment_order_id: int, *, reason: str = "", actor: Actor, at: datetime | None = None
) -> FulfillmentOrder:
    """Take picked or packed goods back to their bins though their order lives on: labels are void.

    They stay tied to the order, and are planned anew once they lie there (`complete_put_back`). Raises
    NothingToPutBack for work of which nothing is picked.
    """
    work = lock_work(fulfillment_order_id)
    if work.status not in PICKED or work.order.status in OVER:
        raise NothingToPutBack(_("Nothing of this work is picked"), fulfillment_order=work.number)
    work.needs_put_back = True
    advance(work, "cancel", actor=actor, note=reason, at=at)
    void_labels([work], actor=actor, at=at)
    return work


def _require_planned(work: FulfillmentOrder) -> None:
    if work.status != Status.PLANNED:
        raise NotPlanned(_("Only planned work is split or put together; pull it back first"))
