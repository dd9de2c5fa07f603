"""Rules that say which warehouses may serve, and what serving costs. Pure: content and facts in, reasons out.

    {"rules": [{"name": "AT and DE 7-9 from Munich", "do": "prefer", "warehouses": ["MUC"],
                "when": {"destinations": ["AT", "DE 7-9"], "zones": [], "channels": [], "categories": [], "tags": [],
                         "value_from": "100.00", "weight_from": 2000, "capacity_from": 90, "after_cut_off": true}}],
     "costs": {"late": "1.50", "split": "2.00",
               "parcels": [{"warehouse": "HAM", "zone": "", "base": "4.20", "per_kg": "0.30"}],
               "handling": [{"warehouse": "HAM", "parcel": "0.80", "line": "0.20", "unit": "0.05"}]}}

Rules are read from the top. A rule fits where all it asks is true; of a list one is enough. Every `exclude` that
fits counts; of `choose` and `prefer` the first that fits. Without costs, parcels and days decide as ever.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from inventory.costing import Costs, Tariff

CHOOSE, PREFER, EXCLUDE = "choose", "prefer", "exclude"
ACTIONS = (CHOOSE, PREFER, EXCLUDE)
MOST_RULES, MOST_ROWS = 50, 400
LARGEST = Decimal(1_000_000)
# "DE", "DE 7-9", "DE 10115", "GB SW1-SW9": a country, and from it the postcodes that begin so.
DESTINATION = re.compile(r"^([A-Z]{2})(?:\s+([0-9A-Z]{1,8})(?:\s*[-–]\s*([0-9A-Z]{1,8}))?)?$")


@dataclass(frozen=True)
class Facts:
    """What the rules may ask about an order."""

    country: str = ""
    postal_code: str = ""
    zone: str = ""
    channel: str = ""
    categories: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    value: Decimal | None = None
    grams: int = 0
    seller_country: str = ""
    registered_in: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PlaceFacts:
    """What the rules may ask about a warehouse. `used` is how much of its day is planned, in percent."""

    code: str
    country: str
    used: int | None = None
    after_cut_off: bool = False


@dataclass(frozen=True)
class Conditions:
    """What a rule asks; what is empty is not asked."""

    zones: frozenset[str] = frozenset()
    destinations: tuple[str, ...] = ()
    channels: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    value_from: Decimal | None = None
    value_to: Decimal | None = None
    weight_from: int | None = None
    weight_to: int | None = None
    capacity_from: int | None = None
    after_cut_off: bool = False

    def fit(self, facts: Facts) -> bool:
        """Whether the order is as the rule asks."""
        return (
            _one_of(self.zones, {facts.zone})
            and (not self.destinations or any(leads_to(one, facts) for one in self.destinations))
            and _one_of(self.channels, {facts.channel})
            and _one_of(self.categories, facts.categories)
            and _one_of(self.tags, facts.tags)
            and _between(self.value_from, facts.value, self.value_to)
            and _between(self.weight_from, facts.grams, self.weight_to)
        )

    def fit_place(self, place: PlaceFacts) -> bool:
        """Whether the warehouse is as the rule asks."""
        busy = self.capacity_from is None or (place.used is not None and place.used >= self.capacity_from)
        return busy and (place.after_cut_off or not self.after_cut_off)


@dataclass(frozen=True)
class Rule:
    """What to do with some warehouses where an order fits."""

    name: str
    when: Conditions
    do: str
    warehouses: frozenset[str]


@dataclass(frozen=True)
class CostTable:
    """What parcels, hands, late days and further parcels cost, in thousandths."""

    parcels: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    handling: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    late: int = 0
    split: int = 0

    def tariff(self, warehouse: str, zone: str) -> Tariff:
        """Return what a parcel costs; a way that nobody entered counts as dear as the dearest of its zone."""
        found = self.parcels.get((warehouse, zone)) or self.parcels.get((warehouse, ""))
        if found is None:
            others = [cost for (_, of), cost in self.parcels.items() if of in (zone, "")]
            found = max(others or self.parcels.values(), default=(0, 0))
        return Tariff(*found, *self.handling.get(warehouse, (0, 0, 0)))


@dataclass(frozen=True)
class RuleSet:
    """Rules and costs, ready to be asked."""

    rules: tuple[Rule, ...] = ()
    costs: CostTable | None = None
    currency: str = ""
    version: int = 0
    name: str = ""

    @property
    def asks_for_capacity(self) -> bool:
        """Whether it matters how much of a day is planned."""
        return any(rule.when.capacity_from is not None for rule in self.rules)


@dataclass(frozen=True)
class Allowed:
    """What the rules said: who is excluded and why, who is favored by which rule, and which rules spoke."""

    excluded: dict[str, dict[str, str]]
    favored: frozenset[str]
    spoke: tuple[str, ...]
    favored_by: str = ""


def route(rules: RuleSet, facts: Facts, places: Sequence[PlaceFacts]) -> Allowed:
    """Ask the rules which warehouses may serve an order."""
    excluded: dict[str, dict[str, str]] = {}
    for place in places:
        if facts.seller_country and place.country != facts.seller_country and place.country not in facts.registered_in:
            excluded[place.code] = {"why": "not_registered", "country": place.country}
    favored: frozenset[str] = frozenset()
    has_chosen, spoke, favored_by = False, [], ""
    for rule in rules.rules:
        named = {place.code for place in places if place.code in rule.warehouses and rule.when.fit_place(place)}
        if not named or not rule.when.fit(facts):
            continue
        if rule.do == EXCLUDE:
            shut = named - excluded.keys()
        elif rule.do == CHOOSE and not has_chosen:
            has_chosen, shut = True, {place.code for place in places} - named - excluded.keys()
        elif rule.do == PREFER and not favored:
            favored, favored_by, shut = frozenset(named), rule.name, set()
        else:
            continue
        spoke.append(rule.name)
        excluded |= {code: {"why": rule.do, "rule": rule.name} for code in sorted(shut)}
    return Allowed(excluded, favored - excluded.keys(), tuple(spoke), favored_by)


def costs_for(
    rules: RuleSet,
    facts: Facts,
    *,
    codes: Mapping[int, str],
    days: Mapping[int, int],
    weights: Mapping[int, int],
    due_days: int | None = None,
) -> Costs | None:
    """Return what a decision is reckoned with, or None where the rules know no costs. `codes` is by warehouse id."""
    if (table := rules.costs) is None:
        return None
    return Costs(
        rules.currency,
        {warehouse: table.tariff(code, facts.zone) for warehouse, code in codes.items()},
        weights=weights,
        days=days,
        due_days=due_days,
        late=table.late,
        split=table.split,
    )


def leads_to(destination: str, facts: Facts) -> bool:
    """Whether goods for these facts go to a destination such as "DE 7-9"."""
    country, first, last = split_destination(destination)
    if facts.country != country:
        return False
    code = re.sub(r"[^0-9A-Z]", "", facts.postal_code.upper())
    return not first or bool(code) and first <= code[: len(first)] and code[: len(last)] <= last


def split_destination(text: str) -> tuple[str, str, str]:
    """Return country, first and last postcode. Raises ValueError for what is none."""
    found = DESTINATION.match(text.strip().upper())
    if found is None:
        raise ValueError(text)
    country, first, last = found.group(1), found.group(2) or "", found.group(3) or found.group(2) or ""
    if len(first) == len(last) and first > last:
        raise ValueError(text)
    return country, first, last


def parse(content: Mapping[str, Any], *, currency: str = "", version: int = 0, name: str = "") -> RuleSet:
    """Read the stored form. Raises `Faulty` with every fault and where it is."""
    reader = _Reader()
    rules = tuple(
        reader.rule(f"/rules/{index}", rule)
        for index, rule in enumerate(reader.rows("/rules", content.get("rules"), MOST_RULES))
    )
    costs = reader.costs(content["costs"]) if content.get("costs") else None
    if reader.faults:
        raise Faulty(reader.faults)
    return RuleSet(rules, costs, currency, version, name)


class Faulty(ValueError):
    """A set of rules that cannot be read; `faults` are (pointer, code, value)."""

    def __init__(self, faults: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(str(faults))
        self.faults = list(faults)


class _Reader:
    """Reads rules and remembers what is wrong, so that all of it is said at once."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str, str]] = []

    def fault(self, pointer: str, code: str, value: Any = "") -> None:
        self.faults.append((pointer, code, str(value)))

    def rows(self, pointer: str, value: Any, most: int) -> list[Mapping[str, Any]]:
        """Read a list of mappings."""
        found = value if isinstance(value, list) else []
        if (value is not None and not isinstance(value, list)) or not all(isinstance(one, dict) for one in found):
            self.fault(pointer, "invalid", value)
            return []
        if len(found) > most:
            self.fault(pointer, "too_many", len(found))
        return found[:most]

    def codes(self, pointer: str, value: Any) -> list[str]:
        """Read a list of codes."""
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self.fault(pointer, "invalid", value)
            return []
        return value

    def whole(self, pointer: str, value: Any, most: int) -> int | None:
        """Read a whole number from 0."""
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.fault(pointer, "invalid_number", value)
            return None
        return value

    def amount(self, pointer: str, value: Any) -> Decimal | None:
        """Read an amount from 0 with at most three decimals."""
        if value is None or value == "":
            return None
        try:
            found = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            found = None
        if found is None or not found.is_finite() or not 0 <= found <= LARGEST or found != round(found, 3):
            self.fault(pointer, "invalid_amount", value)
            return None
        return found

    def thousandths(self, pointer: str, value: Any) -> int:
        """Read an amount as the search reckons it."""
        return int((self.amount(pointer, value) or Decimal(0)).scaleb(3))

    def rule(self, at: str, rule: Mapping[str, Any]) -> Rule:
        """Read one rule."""
        name, do = rule.get("name"), rule.get("do")
        if not isinstance(name, str) or not name.strip() or len(name) > 100:
            self.fault(f"{at}/name", "required")
        if do not in ACTIONS:
            self.fault(f"{at}/do", "invalid_choice", do)
        warehouses = self.codes(f"{at}/warehouses", rule.get("warehouses"))
        if not warehouses:
            self.fault(f"{at}/warehouses", "required")
        when = rule.get("when") or {}
        if not isinstance(when, dict):
            self.fault(f"{at}/when", "invalid", when)
            when = {}
        return Rule(str(name), self.conditions(f"{at}/when", when), str(do), frozenset(warehouses))

    def conditions(self, at: str, when: Mapping[str, Any]) -> Conditions:
        """Read what a rule asks."""
        if unknown := sorted(set(when) - CONDITIONS):
            self.fault(at, "unknown_condition", ", ".join(unknown))
        destinations = self.codes(f"{at}/destinations", when.get("destinations"))
        for one in destinations:
            try:
                split_destination(one)
            except ValueError:
                self.fault(f"{at}/destinations", "invalid_destination", one)
        found = Conditions(
            zones=frozenset(self.codes(f"{at}/zones", when.get("zones"))),
            destinations=tuple(destinations),
            channels=frozenset(self.codes(f"{at}/channels", when.get("channels"))),
            categories=frozenset(self.codes(f"{at}/categories", when.get("categories"))),
            tags=frozenset(self.codes(f"{at}/tags", when.get("tags"))),
            value_from=self.amount(f"{at}/value_from", when.get("value_from")),
            value_to=self.amount(f"{at}/value_to", when.get("value_to")),
            weight_from=self.whole(f"{at}/weight_from", when.get("weight_from"), 10**9),
            weight_to=self.whole(f"{at}/weight_to", when.get("weight_to"), 10**9),
            capacity_from=self.whole(f"{at}/capacity_from", when.get("capacity_from"), 1000),
            after_cut_off=when.get("after_cut_off") is True,
        )
        for low, high in (("value_from", "value_to"), ("weight_from", "weight_to")):
            least, most = getattr(found, low), getattr(found, high)
            if least is not None and most is not None and most < least:
                self.fault(f"{at}/{high}", "below_the_first", most)
        return found

    def costs(self, costs: Any) -> CostTable:
        """Read the table of costs."""
        if not isinstance(costs, dict):
            self.fault("/costs", "invalid", costs)
            return CostTable()
        parcels: dict[tuple[str, str], tuple[int, int]] = {}
        for index, row in enumerate(self.rows("/costs/parcels", costs.get("parcels"), MOST_ROWS)):
            at, way = f"/costs/parcels/{index}", (str(row.get("warehouse") or ""), str(row.get("zone") or ""))
            if not way[0]:
                self.fault(f"{at}/warehouse", "required")
            if way in parcels:
                self.fault(f"{at}/zone", "twice", way[1] or way[0])
            base, per_kg = row.get("base"), row.get("per_kg")
            parcels[way] = (self.thousandths(f"{at}/base", base), self.thousandths(f"{at}/per_kg", per_kg))
        handling: dict[str, tuple[int, int, int]] = {}
        for index, row in enumerate(self.rows("/costs/handling", costs.get("handling"), MOST_ROWS)):
            at, code = f"/costs/handling/{index}", str(row.get("warehouse") or "")
            if not code or code in handling:
                self.fault(f"{at}/warehouse", "twice" if code else "required", code)
            amounts = [self.thousandths(f"{at}/{name}", row.get(name)) for name in ("parcel", "line", "unit")]
            handling[code] = (amounts[0], amounts[1], amounts[2])
        late, split = (self.thousandths(f"/costs/{name}", costs.get(name)) for name in ("late", "split"))
        return CostTable(parcels, handling, late, split)


CONDITIONS = frozenset(Conditions.__dataclass_fields__)


def named_codes(content: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the codes that valid rules and costs name: of warehouses, zones and channels."""
    rules, costs = content.get("rules") or [], content.get("costs") or {}
    rows = [*(costs.get("parcels") or []), *(costs.get("handling") or [])]
    return {
        "warehouses": {code for rule in rules for code in rule["warehouses"]} | {row["warehouse"] for row in rows},
        "zones": {code for rule in rules for code in (rule.get("when") or {}).get("zones") or []}
        | {row["zone"] for row in rows if row.get("zone")},
        "channels": {code for rule in rules for code in (rule.get("when") or {}).get("channels") or []},
    }


def _one_of(wanted: frozenset[str], found: Iterable[str]) -> bool:
    return not wanted or not wanted.isdisjoint(found)


def _between(least: Any, value: Any, most: Any) -> bool:
    if least is None and most is None:
        return True
    return value is not None and (least is None or value >= least) and (most is None or value <= most)
