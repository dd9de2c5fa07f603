"""What somebody wants an order to be: plain, frozen, and stored as it was said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Self

from customers.addresses import PostalAddress

# What is said of an order beside its goods and the way they take, and may be changed by an edit.
SIMPLE = ("requested_delivery_on", "ship_complete", "purchase_order_number", "customer_note", "gift_note")


@dataclass(frozen=True, kw_only=True)
class LineWish:
    """Another quantity or price for a line. The quantity is all of it, with what has left; 0 takes it off the order.

    `may_wait`: somebody accepted that not all of what is added is there now.
    """

    position: int
    quantity: int | None = None
    unit_price: Decimal | None = None
    may_wait: bool = False


@dataclass(frozen=True, kw_only=True)
class NewLine:
    """A product that was not wanted before."""

    sku: str
    quantity: int
    unit_price: Decimal | None = None
    may_wait: bool = False


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Everything that shall be otherwise; what is not named stays. `simple` holds fields of `SIMPLE`.

    `taxed_on` is the day whose rates what has still to be supplied shall bear.
    """

    lines: tuple[LineWish, ...] = ()
    add: tuple[NewLine, ...] = ()
    shipping_address: PostalAddress | None = None
    billing_address: PostalAddress | None = None
    shipping_method: str | None = None
    taxed_on: date | None = None
    simple: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the stored form: only what is named."""
        found: dict[str, Any] = {}
        if self.lines:
            found["lines"] = [_stored(line) for line in self.lines]
        if self.add:
            found["add"] = [_stored(line) for line in self.add]
        for name in ("shipping_address", "billing_address"):
            if (address := getattr(self, name)) is not None:
                found[name] = address.as_dict()
        if self.shipping_method is not None:
            found["shipping_method"] = self.shipping_method
        if self.taxed_on is not None:
            found["taxed_on"] = self.taxed_on.isoformat()
        for name, value in self.simple.items():
            found[name] = value.isoformat() if isinstance(value, date) else value
        return found

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read a wish from its stored form."""
        simple = {name: stored[name] for name in SIMPLE if name in stored}
        if isinstance(wanted := simple.get("requested_delivery_on"), str):
            simple["requested_delivery_on"] = date.fromisoformat(wanted) if wanted else None
        return cls(
            lines=tuple(LineWish(**_read(line)) for line in stored.get("lines", ())),
            add=tuple(NewLine(**_read(line)) for line in stored.get("add", ())),
            shipping_address=_address(stored, "shipping_address"),
            billing_address=_address(stored, "billing_address"),
            shipping_method=stored.get("shipping_method"),
            taxed_on=date.fromisoformat(stored["taxed_on"]) if "taxed_on" in stored else None,
            simple=simple,
        )


def _stored(line: LineWish | NewLine) -> dict[str, Any]:
    found = {name: value for name, value in vars(line).items() if value is not None and value is not False}
    if line.unit_price is not None:
        found["unit_price"] = f"{line.unit_price:f}"
    return found


def _read(line: Mapping[str, Any]) -> dict[str, Any]:
    price = line.get("unit_price")
    return {**line, "unit_price": None if price is None else Decimal(price)}


def _address(stored: Mapping[str, Any], name: str) -> PostalAddress | None:
    return PostalAddress.from_dict(stored[name]) if name in stored else None
