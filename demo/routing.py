"""What Ada has prepared against the slow weeks in Hamburg: routing rules that wait to be replayed."""

from typing import Any

from demo.world import ACTOR
from inventory.services import RuleSetInput
from orders import services as orders

# Munich is a little dearer: its carrier asks more.
PARCELS = {"HAM": "4.20", "MUC": "4.60", "BER": "5.40"}


COSTS: dict[str, Any] = {
    "late": "0",
    "split": "2.00",
    "parcels": [{"warehouse": code, "zone": "", "base": base, "per_kg": "0.30"} for code, base in PARCELS.items()],
    "handling": [{"warehouse": code, "parcel": "0.80", "line": "0.20", "unit": "0.05"} for code in PARCELS],
}


def write_a_draft() -> None:
    """Write the rules as a draft: they hold for nobody yet."""
    rule: dict[str, Any] = {
        "name": "AT, CH and DE 7–9 from Munich",
        "do": "prefer",
        "warehouses": ["MUC"],
        "when": {"destinations": ["AT", "CH", "DE 7-9"]},
    }
    note = (
        "Hamburg has packed late for three weeks. Munich is nearer to the south: what would it have cost, and saved?"
    )
    given = RuleSetInput(
        name="The south from Munich", currency="EUR", content={"rules": [rule], "costs": COSTS}, note=note
    )
    orders.write_rules(given, actor=ACTOR)


def put_costs_on_it() -> None:
    """Let what a parcel costs decide from today on, with no rule beside it: Hamburg, as far as it has the goods."""
    note = "What each warehouse costs us, so that everybody sees what another one would cost"
    given = RuleSetInput(name="The cheapest way", currency="EUR", content={"rules": [], "costs": COSTS}, note=note)
    orders.activate_rules(orders.write_rules(given, actor=ACTOR).pk, actor=ACTOR)
