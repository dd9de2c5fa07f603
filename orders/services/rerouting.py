"""Staff send work to another warehouse: what it would cost, promise and change in tax, and then the move itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.actors import Actor
from core.outbox import emit
from core.service import note_change, service
from customers.addresses import PostalAddress
from inventory import selectors as stock
from inventory import services as inventory
from inventory.errors import NotReroutable
from inventory.kits import needs_of, with_kits
from inventory.models import Warehouse
from inventory.sourcing import Demand, Place, decide
from orders import promise
from orders.derivation import restate
from orders.models import Order, OrderLine
from orders.sentences import REROUTED
from pricing import services as pricing

from .book import lines_of, save_figures, take_order
from .promising import dated, days_by_code, repromise, write_days
from .routing import equip, route_order, with_later


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """What it would mean to send units from another warehouse. Money is None where no costs are known.

    `why_not` says, as data, why it cannot be done; `has` how many of the units are free there, `lacks` how many miss,
    and `gives` how many of which it can send, by position.
    """

    warehouse: Warehouse
    cost: Decimal | None = None
    more: Decimal | None = None
    currency: str = ""
    arrives_on: date | None = None
    now_on: date | None = None
    has: int = 0
    lacks: int = 0
    gives: Mapping[int, int] = field(default_factory=dict)
    why_not: Mapping[str, Any] | None = None

    @property
    def is_possible(self) -> bool:
        """Whether the units can be sent from there now."""
        return self.why_not is None and not self.lacks

    @property
    def helps_in_part(self) -> bool:
        """Whether some of the units can be sent from there now, but not all."""
        return self.why_not is None and self.lacks > 0 and any(self.gives.values())


def alternatives(
    order: Order,
    lines: Sequence[OrderLine],
    units: Mapping[int, int],
    *,
    at_warehouse: Warehouse | None,
    at: datetime | None = None,
) -> list[Alternative]:
    """Say for every other warehouse what sending these units, by position, from there would mean. Writes nothing.

    Without `at_warehouse` the units are nowhere yet.
    """
    when = at or timezone.now()
    moved = [line for line in lines if units.get(line.position)]
    equip(moved)
    routed = route_order(order, moved, at=when)
    excluded = routed.told.get("excluded", {})
    demand = [Demand(line.position, line.product_id, units[line.position], parts=line.made_of) for line in moved]
    shelves = stock.stock_by_warehouse({product for one in demand for product, _per in needs_of(one)})
    everywhere = pricing.places_for(order.shipping_method, PostalAddress.from_dict(order.shipping_address).country)
    free, asked = with_kits(shelves, demand), {one.product_id for one in demand}
    arrivals = _arrivals(order, everywhere, units, at=when)
    here = _cost(demand, at_warehouse.pk, routed) if at_warehouse else None
    found = []
    for warehouse in pricing.warehouses():
        if at_warehouse is not None and warehouse.pk == at_warehouse.pk:
            continue
        short = decide(demand, shelves, [Place(warehouse.pk, 0, 0)]).short
        lacks = sum(short.values())
        why_not = _refusal(moved, warehouse, excluded)
        there = _cost(demand, warehouse.pk, routed)
        found.append(
            Alternative(
                warehouse=warehouse,
                cost=there,
                more=there - here if there is not None and here is not None else None,
                currency=routed.costs.currency if routed.costs else "",
                arrives_on=arrivals.get(warehouse.code),
                now_on=arrivals.get(at_warehouse.code) if at_warehouse else None,
                has=sum(free.get((product, warehouse.pk), 0) for product in asked),
                lacks=lacks,
                gives={one.key: one.quantity - short.get(one.key, 0) for one in demand},
                why_not=why_not,
            )
        )
    return sorted(found, key=_best_first)


def _best_first(one: Alternative) -> tuple[bool, bool, Decimal, date]:
    return one.why_not is not None, one.lacks > 0, one.cost or Decimal(0), one.arrives_on or date.max


@service
def reroute_units(
    order_id: int, *, units: Mapping[int, int], from_warehouse: int, to_warehouse: int, reason: str, actor: Actor
) -> Order:
    """Send units of an order, by position, from another warehouse; their day moves with them.

    Raises NotReroutable, and InsufficientStock when they are not there.
    """
    now = timezone.now()
    order = take_order(order_id)
    lines = lines_of(order)
    moved = [line for line in lines if units.get(line.position)]
    if any(line.invoiced - line.credited > line.shipped for line in moved):
        raise NotReroutable(_("%(order)s is invoiced from this warehouse already") % {"order": order})
    codes = {one.pk: one for one in pricing.warehouses()}
    if to_warehouse not in codes or from_warehouse == to_warehouse or not moved:
        raise NotReroutable(_("Choose another warehouse that is open"))
    source, target = codes.get(from_warehouse), codes[to_warehouse]
    equip(moved)
    routed = route_order(order, moved, at=now)
    if (why_not := _refusal(moved, target, routed.told.get("excluded", {}))) is not None:
        raise NotReroutable(str(REFUSED[why_not["why"]]) % {"place": target.name})
    before = {"from": source.code if source else "", "promised_on": order.promised_on}
    _write_parcels(order, units, source.code if source else "", target)
    decision = {
        "picks": [[position, to_warehouse, count] for position, count in units.items() if count],
        "short": {},
        "reasons": [{"rule": "by_hand", "warehouses": [target.code]}],
        "candidates": [],
    }
    order.sourcing = with_later(order.sourcing, decision, routed.told, at=now, by=str(actor), why=reason)
    days = {line.pk: line.promised_on for line in lines}
    told = repromise(order, lines, cause=REROUTED, at=now)
    restate(order, lines=lines)
    save_figures(order, "sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later")
    write_days([line for line in lines if line.promised_on != days[line.pk]])
    emit(*told, actor=actor, at=now)
    after = {"from": target.code, "promised_on": order.promised_on}
    note_change(order, "orders.rerouted", actor=actor, before=before, after=after, note=reason)
    # The shelves last: nothing is read while they are locked.
    inventory.reroute(
        order.reservation_id or 0,
        units=units,
        from_warehouse=from_warehouse,
        to_warehouse=to_warehouse,
        actor=actor,
        at=now,
    )
    return order


REFUSED = {
    "not_registered": gettext_lazy("The seller is not registered for VAT where %(place)s is"),
    "handling": gettext_lazy("%(place)s cannot handle these goods"),
    "tax": gettext_lazy(
        "From %(place)s other tax would be due than was agreed; cancel these lines and order them anew"
    ),
}


def _refusal(
    lines: Sequence[OrderLine], warehouse: Warehouse, excluded: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """Say why goods may not come from a warehouse. What only the rules say against it, a person may overrule."""
    known = excluded.get(warehouse.code)
    if known is not None and known["why"] in REFUSED:
        return known
    if missing := {tag for line in lines for tag in line.product.handling} - set(warehouse.handles):
        return {"why": "handling", "tags": sorted(missing)}
    return None


def _write_parcels(order: Order, units: Mapping[int, int], source: str, target: Warehouse) -> None:
    """Move units, on the object, from the parcel of one warehouse into that of another."""
    places = pricing.places_for(order.shipping_method, PostalAddress.from_dict(order.shipping_address).country)
    picks = [(position, target.code, count) for position, count in units.items() if count]
    parcels = order.sourcing.get("parcels", [])
    into = promise.goods_parcels(picks, days_by_code(places))
    order.sourcing = {**order.sourcing, "parcels": promise.moved(parcels, into, source=source)}


def _arrivals(order: Order, places: Sequence[Any], units: Mapping[int, int], *, at: datetime) -> dict[str, date]:
    """Return when the units would be there from each warehouse."""
    days = days_by_code(places)
    picks = [(position, place.code, count) for place in places for position, count in units.items() if count]
    parcels = dated(
        promise.goods_parcels(picks, days), channel=order.channel, requested_on=order.requested_delivery_on, at=at
    )
    return {parcel["warehouse"]: date.fromisoformat(parcel["arrives_on"]) for parcel in parcels}


def _cost(demand: Sequence[Demand], warehouse_id: int, routed: Any) -> Decimal | None:
    """Return what it would cost to send a demand from one warehouse, as if all of it were there."""
    if routed.costs is None:
        return None
    place = next((one for one in routed.places if one.warehouse_id == warehouse_id), None)
    if place is None:
        return None
    # Late is measured against all places that may serve, not against this one alone.
    days = routed.costs.days
    due = routed.costs.due_days if routed.costs.due_days is not None else min(days.values(), default=0)
    # Money is about what is sold, in however many parts it is picked.
    demand = [replace(one, parts=()) for one in demand]
    plenty = {(one.product_id, warehouse_id): sum(other.quantity for other in demand) for one in demand}
    alone = replace(place, cannot=frozenset(), favored=False)
    decision = decide(demand, plenty, [alone], replace(routed.costs, due_days=due))
    return Decimal(decision.cost["total"]) if decision.cost else None
