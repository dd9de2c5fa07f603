"""What the checks look at, and what they find."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from customers.addresses import PostalAddress


@dataclass(frozen=True, kw_only=True)
class LineFacts:
    """What is known about one line. `list_price` is ours, where the price was agreed elsewhere."""

    sku: str
    quantity: int
    unit_price: Decimal
    list_price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An order that came before this one. `share` of the lines (0 to 1) is the same."""

    number: str
    at: datetime
    share: Decimal
    same_customer: bool
    same_email: bool = False
    address: PostalAddress = field(default_factory=PostalAddress)


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How much of something is usual: in how many lines it was ordered, and the most units in one of them."""

    lines: int
    most: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything the checks look at.

    `twin` names a recent order of the same customer for the same goods; `told_apart`: the sender gave this
    one a reference of its own; `in_person`: they stand before us. `exposure` is what the customer owes on credit,
    without this order, `owed` what of this one is still due where it is not all; `credit_extra` may be owed beyond the
    limit for a time. `earlier` are the orders of the last days of the customer or near the address, and
    `habits` says by SKU what is usual. `disposable` are mail domains the house adds to those we know.
    """

    currency: str
    name: str
    email: str
    phone: str
    ship_to: PostalAddress
    travels: bool
    in_person: bool = False
    lines: tuple[LineFacts, ...]
    subtotal: Decimal
    discount_total: Decimal
    total: Decimal
    expected_total: Decimal | None = None
    twin: str = ""
    told_apart: bool = False
    on_credit: bool = False
    known_customer: bool = True
    exposure: Decimal = Decimal(0)
    owed: Decimal | None = None
    credit_limit: Decimal | None = None
    credit_extra: Decimal = Decimal(0)
    credit_currency: str = ""
    bill_to: PostalAddress | None = None
    at: datetime | None = None
    earlier: tuple[Earlier, ...] = ()
    is_first: bool = False
    habits: dict[str, Habit] = field(default_factory=dict)
    habit: Habit | None = None
    disposable: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Finding:
    """What a check saw: what speaks against the order (`reason`, none if nothing does), and what it measured.

    `mild`: worth knowing, but no reason to stop. `value` was found, `limit` was allowed, both as they are stored.
    """

    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    mild: bool = False
    value: str = ""
    limit: str = ""
