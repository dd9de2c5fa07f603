"""A sale set aside while the next customer is served: a draft of the shop it lies in. Nothing is reserved for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.service import service
from core.sight import seen
from core.spoken_json import storable
from customers.models import Customer
from desk.selling import SHOP
from desk.till import Till
from orders import services as orders
from orders.inputs import LineInput, OrderInput
from orders.models import Draft, Order

MOST_SHOWN = 20
# What stands on the counter beside its lines, kept as it was typed.
TYPED = (
    *("discount", "method", "given", "reference", "customer", "customer_label"),
    *("name", "company", "email", "line1", "postal_code", "city", "country"),
)
LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Aside:
    """What one page says of the sale it sets aside: which page, and which version of the draft it took up."""

    token: UUID
    page: str
    version: int | None
    units: Mapping[str, int]
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ParkedSale:
    """A sale that waits, with what its counter showed."""

    pk: int
    number: str
    token: str
    version: int
    at: datetime
    by: str
    total: Any
    currency: str
    units: dict[str, int]
    typed: dict[str, str]

    @property
    def pieces(self) -> int:
        """Return how many pieces lie aside."""
        return sum(self.units.values())

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Return what lay there, as the page takes it."""
        return [{"sku": sku, "quantity": quantity} for sku, quantity in self.units.items()]

    @property
    def buyer(self) -> str:
        """Return who bought, as far as they said."""
        said = self.typed
        return said.get("customer_label") or said.get("company") or said.get("name") or ""


@service
def park_sale(aside: Aside, *, till: Till, actor: Actor) -> Order:
    """Set a sale aside. Raises StaleOrder where somebody set it aside anew meanwhile, NotADraft where it was sold."""
    said = {name: str(storable(aside.typed.get(name, "")))[:LONGEST] for name in TYPED}
    known = Customer.objects.filter(number=said["customer"]).values_list("pk", flat=True).first()
    order = OrderInput(
        channel=till.channel.code,
        handed_over_at=till.warehouse.code,
        lines=tuple(LineInput(sku=sku, quantity=quantity) for sku, quantity in aside.units.items()),
        # Nobody becomes a customer by leaving something on the counter: no address is told yet.
        customer_id=known,
        customer_name=said["name"],
        customer_company=said["company"],
        shipping_method=till.method.code,
        prices_as_shown=True,
        metadata={SHOP: till.warehouse.code},
    )
    typed = {
        "page": aside.page,
        "counter": {"shop": till.warehouse.code, **said},
        # In the words of "New order on one page" too: the office can go on with what was left in a shop.
        "channel": till.channel.code,
        "customer": said["customer"] if known else "",
        "shipping_method": till.method.code,
        "lines": [{"sku": sku, "quantity": str(units), "wait": ""} for sku, units in aside.units.items()],
    }
    return orders.park_draft(order, token=aside.token, typed=typed, expected_version=aside.version, actor=actor)


def parked_sales(till: Till) -> list[ParkedSale]:
    """Return the sales that wait at this counter, what was set aside last first: one statement."""
    return [_sale(draft) for draft in _here(till)[:MOST_SHOWN]]


def parked_sale(till: Till, number: str) -> ParkedSale | None:
    """Return a sale that waits at this counter."""
    draft = _here(till).filter(order__number=number.strip().upper()).first()
    return _sale(draft) if draft else None


def shop_of(draft: Draft) -> str:
    """Return the code of the shop in which a draft lies on the counter, or nothing."""
    kept = draft.typed.get("counter")
    return str(kept.get("shop", "")) if isinstance(kept, dict) else ""


def _here(till: Till) -> Any:
    rows = Draft.objects.filter(open=True, typed__counter__shop=till.warehouse.code)
    return seen(rows).select_related("order").order_by("-changed_at", "-pk")


def _sale(draft: Draft) -> ParkedSale:
    return ParkedSale(
        pk=draft.order_id,
        number=str(draft.order.number),
        token=draft.token.hex,
        version=draft.order.version,
        at=draft.changed_at,
        by=draft.changed_by,
        total=draft.order.total,
        currency=draft.order.currency,
        units={line["sku"]: int(line["quantity"]) for line in draft.typed["lines"]},
        typed={name: draft.typed["counter"].get(name, "") for name in TYPED},
    )
