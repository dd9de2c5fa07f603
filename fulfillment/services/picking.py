"""From the shelf onto the trolley, and what happens when the shelf is empty."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.outbox import emit
from core.service import service
from core.transitions import advance
from fulfillment.errors import UnknownLine, WrongQuantity
from fulfillment.events import FulfillmentPlanned, ShortPick
from fulfillment.models import FulfillmentLine, FulfillmentOrder
from fulfillment.sentences import NOT_FOUND, NOTHING_FOUND, PULLED_BACK
from inventory.kits import complete
from orders import services as orders

from .leaving_waves import settle_wave, take_out
from .work import Status, check_quantities, lines_of, lock_work, stamp, take_work

Kind = FulfillmentOrder.Kind
SHORT_PICK = "short_pick"
# Units found of the parts of kits, by order line and product.
FoundParts = Mapping[int, Mapping[int, int]]
# What that means, by SKU: what is `missing`, and what to `put_back`.
OfKits = Mapping[str, Mapping[str, int]]


def short_pick_key(rest: FulfillmentOrder) -> str:
    """Return what the exception about units that were not found is known by."""
    return f"short-pick:{rest.number}"


@service
def start_picking(fulfillment_order_id: int, *, actor: Actor, at: datetime | None = None) -> FulfillmentOrder:
    """Somebody takes the list and walks."""
    work = take_work(fulfillment_order_id, Kind.GOODS)
    advance(work, "start", actor=actor, at=at)
    return work


@service
def pick(
    fulfillment_order_id: int,
    *,
    picked: Mapping[int, int] | None = None,
    parts: FoundParts | None = None,
    actor: Actor,
    at: datetime | None = None,
) -> FulfillmentOrder:
    """Say what was found, in units per order line; lines that are not named were found whole.

    What is missing becomes a short pick: new work for the rest, and an exception for somebody to solve. Of kits,
    `parts` says what was found of each part, by product: as many kits as are complete are picked.
    """
    work = take_work(fulfillment_order_id, Kind.GOODS)
    when = at or timezone.now()
    lines = lines_of(work)
    found = {**(picked or {}), **_complete_kits(lines, parts or {})}
    check_quantities(lines, found)
    of_kits = _parts_in_words(lines, parts or {})
    missing = {
        line: units for line in lines if (units := line.quantity - found.get(line.order_line_id, line.quantity))
    }
    if len(missing) == len(lines) and sum(missing.values()) == sum(line.quantity for line in lines):
        return _find_nothing(work, missing, of_kits=of_kits, actor=actor, at=when)
    if missing:
        _split_off(work, missing, of_kits=of_kits, reason="", actor=actor, at=when)
    _pick(work, [line for line in lines if line.quantity], actor=actor, at=when)
    return work


@service
def short_pick(
    fulfillment_order_id: int,
    *,
    found: Mapping[int, int],
    parts: FoundParts | None = None,
    reason: str = "",
    actor: Actor,
    at: datetime | None = None,
) -> FulfillmentOrder:
    """Report, while picking, that only so many units of some order lines are there; the walk goes on.

    The rest moves to new planned work and an exception is opened. Of kits, `parts` says what is there of each part.
    Returns the work that goes on.
    """
    work = take_work(fulfillment_order_id, Kind.GOODS)
    when = at or timezone.now()
    lines = lines_of(work)
    found = {**found, **_complete_kits(lines, parts or {})}
    check_quantities(lines, found)
    of_kits = _parts_in_words(lines, parts or {})
    by_id = {line.order_line_id: line for line in lines}
    missing = {by_id[key]: by_id[key].quantity - units for key, units in found.items() if by_id[key].quantity > units}
    if not missing:
        raise WrongQuantity(_("Nothing is missing: all units were found"))
    if sum(missing.values()) == sum(line.quantity for line in lines):
        return _find_nothing(work, missing, of_kits=of_kits, reason=reason, actor=actor, at=when)
    _split_off(work, missing, of_kits=of_kits, reason=reason, actor=actor, at=when)
    return work


@service
def pull_back(
    fulfillment_order_id: int, *, reason: str = "", actor: Actor, at: datetime | None = None
) -> FulfillmentOrder:
    """Stop work that nobody has finished picking; it is planned again."""
    work = lock_work(fulfillment_order_id)
    settle_wave(_pull_back(work, reason=reason, actor=actor, at=at), actor=actor, at=at)
    return work


def _steps_to_picked(work: FulfillmentOrder) -> tuple[str, ...]:
    return ("start", "pick") if work.status == Status.RELEASED else ("pick",)


def _pick(work: FulfillmentOrder, lines: list[FulfillmentLine], *, actor: Actor, at: datetime) -> None:
    """Put everything that is left of the lines on the trolley."""
    for line in lines:
        line.picked = line.quantity
    stamp(work, at, "picked_at")
    advance(work, *_steps_to_picked(work), actor=actor, at=at)
    FulfillmentLine.objects.bulk_update(lines, ["picked"])
    settle_wave(work.wave_id, actor=actor, at=at)


def _pull_back(work: FulfillmentOrder, *, reason: str, actor: Actor, at: datetime | None) -> int | None:
    """Take work back into the queue. Returns the wave that it left, which may be done now."""
    wave_id = work.wave_id
    take_out([work], why=reason or PULLED_BACK(), actor=actor, at=at)
    work.released_at = None
    work.assignee = None
    advance(work, "pull_back", actor=actor, note=reason, at=at)
    return wave_id


def _find_nothing(
    work: FulfillmentOrder,
    missing: Mapping[FulfillmentLine, int],
    *,
    of_kits: OfKits,
    reason: str = "",
    actor: Actor,
    at: datetime,
) -> FulfillmentOrder:
    """Not one unit is there: the work itself is planned again, with an exception."""
    if work.status == Status.RELEASED:
        advance(work, "start", actor=actor, at=at)
    wave_id = _pull_back(work, reason=reason or NOTHING_FOUND(), actor=actor, at=at)
    _report(work, work, missing, of_kits=of_kits, reason=reason, actor=actor, at=at)
    settle_wave(wave_id, actor=actor, at=at)
    return work


def _split_off(
    work: FulfillmentOrder,
    missing: Mapping[FulfillmentLine, int],
    *,
    of_kits: OfKits,
    reason: str,
    actor: Actor,
    at: datetime,
) -> FulfillmentOrder:
    """Move units that were not found to new planned work at the same place."""
    if work.status == Status.RELEASED:
        advance(work, "start", actor=actor, at=at)
    rest = FulfillmentOrder(
        order=work.order,
        warehouse=work.warehouse,
        kind=work.kind,
        rank=work.rank,
        ship_by_on=work.ship_by_on,
        created_at=at,
    )
    FulfillmentOrder.objects.bulk_create([rest])
    new = [
        FulfillmentLine(fulfillment_order=rest, order_line=line.order_line, quantity=units, bin=line.bin)
        for line, units in missing.items()
    ]
    FulfillmentLine.objects.bulk_create(new)
    for line, units in missing.items():
        line.quantity -= units
    FulfillmentLine.objects.bulk_update([line for line in missing if line.quantity], ["quantity"])
    FulfillmentLine.objects.filter(pk__in=[line.pk for line in missing if not line.quantity]).delete()
    quiet = work.order.quiet
    emit(FulfillmentPlanned(order_id=work.order_id, fulfillment_order_id=rest.pk, quiet=quiet), actor=actor, at=at)
    _report(work, rest, missing, of_kits=of_kits, reason=reason, actor=actor, at=at)
    return rest


def _report(
    work: FulfillmentOrder,
    rest: FulfillmentOrder,
    missing: Mapping[FulfillmentLine, int],
    *,
    of_kits: OfKits,
    reason: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Say what is missing: to the history, and to whoever owns exceptions."""
    units = {line.order_line.sku: count for line, count in missing.items()}
    event = ShortPick(order_id=work.order_id, fulfillment_order_id=work.pk, missing=units, quiet=work.order.quiet)
    emit(event, actor=actor, at=at)
    names = _named(units)
    if lacking := of_kits.get("missing"):
        names = f"{names} ({_named(lacking)})"
    warehouse = work.warehouse.code if work.warehouse else ""
    orders.open_exception(
        category=SHORT_PICK,
        title=NOT_FOUND(units=names, warehouse=warehouse),
        dedupe_key=short_pick_key(rest),
        order_id=work.order_id,
        payload={
            "fulfillment_order": work.number,
            "rest": rest.number,
            "missing": units,
            "reason": reason,
            **({"parts": of_kits} if of_kits else {}),
        },
        at=at,
    )


def _complete_kits(lines: Iterable[FulfillmentLine], parts: FoundParts) -> dict[int, int]:
    """Return how many kits of each line are complete, from what was found of their parts; all of what is not named."""
    found = {}
    for line in lines:
        if (there := parts.get(line.order_line_id)) is None:
            continue
        made_of = dict(line.order_line.made_of)
        if unknown := sorted(set(there) - set(made_of)):
            raise UnknownLine(_("The kit has no such part"), parts=unknown)
        for product, per in made_of.items():
            if not 0 <= there.get(product, 0) <= line.quantity * per:
                raise WrongQuantity(
                    _("%(units)s of a part of %(sku)s, but the work is about %(planned)s")
                    % {"units": there[product], "sku": line.order_line.sku, "planned": line.quantity * per},
                    sku=line.order_line.sku,
                )
        whole = {product: there.get(product, line.quantity * per) for product, per in made_of.items()}
        found[line.order_line_id] = complete(line.order_line.made_of, whole)
    return found


def _parts_in_words(lines: Iterable[FulfillmentLine], parts: FoundParts) -> dict[str, dict[str, int]]:
    """Return, by SKU, which parts of kits are not there, and which go back because their kits are not complete."""
    told: dict[str, dict[str, int]] = {"missing": {}, "put_back": {}}
    whole = _complete_kits(lines, parts)
    for line in lines:
        for part in line.order_line.parts if line.order_line_id in whole else ():
            planned = line.quantity * part["per"]
            there = parts[line.order_line_id].get(part["product"], planned)
            units = {"missing": planned - there, "put_back": there - whole[line.order_line_id] * part["per"]}
            for name, count in units.items():
                if count:
                    told[name][part["sku"]] = told[name].get(part["sku"], 0) + count
    return {name: units for name, units in told.items() if units}


def _named(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} × {sku}" for sku, count in units.items())
