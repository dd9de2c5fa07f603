"""What a door hands to `place_order`: plain, frozen, complete."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from customers.addresses import PostalAddress
from pricing.calculation import ChargeInput

__all__ = ["ChargeInput", "DiscountInput", "LineInput", "OrderInput", "Party", "PaymentInput"]


@dataclass(frozen=True, kw_only=True)
class LineInput:
    """One product wanted. A price or tax given is agreed already; otherwise ours is worked out.

    `may_wait`: somebody accepted that not all of it is there now.
    """

    sku: str
    quantity: int
    unit_price: Decimal | None = None
    tax_amount: Decimal | None = None
    discount: Decimal = Decimal(0)
    may_wait: bool = False


@dataclass(frozen=True, kw_only=True)
class DiscountInput:
    """A discount the sender already granted; `amount` is positive."""

    code: str = ""
    amount: Decimal
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PaymentInput:
    """Money the sender already holds (`authorized`) or took (`captured`)."""

    method: str
    amount: Decimal
    reference: str
    status: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Party:
    """Who is billed, and how papers speak to them. What is None stays as it is."""

    customer_name: str | None = None
    billing_address: PostalAddress | None = None
    vat_id: str | None = None
    language: str | None = None
    purchase_order_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class OrderInput:
    """Everything a channel says about an order.

    `historic`: it is told afterwards; failed checks are waived by the system. `allow_shortage`: staff
    accept it although there is not enough stock. `expected_total`: what the sender told the customer.
    `acts_for_customer=False`: the e-mail address only links a customer it matches, and grants nothing of theirs.
    `customers_of`: the sender knows only the customers of these channels; others are nobody, or linked at most.
    `handed_over_at`: the warehouse in which the goods change hands as they are sold. They come off its shelf, none of
    them waits, they are taxed there, and the buyer may stay unnamed.
    `replacement`: it brings what was lost once more; only what says where it goes is checked.
    `prices_as_shown`: the prices of whoever stands in front, not those of the customer who is named afterwards.
    `settle=False` leaves it placed. `notify` decides whether anybody is told, where the channel does not.
    """

    channel: str
    lines: tuple[LineInput, ...]
    external_reference: str = ""
    currency: str | None = None
    customer_id: int | None = None
    customer_number: str = ""
    acts_for_customer: bool = True
    customers_of: frozenset[str] | None = None
    customer_name: str = ""
    customer_company: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    billing_address: PostalAddress | None = None
    shipping_address: PostalAddress | None = None
    charges: tuple[ChargeInput, ...] = ()
    discounts: tuple[DiscountInput, ...] = ()
    coupon_codes: tuple[str, ...] = ()
    payments: tuple[PaymentInput, ...] = ()
    shipping_method: str | None = None
    shipping_price: Decimal | None = None
    prices_include_tax: bool | None = None
    payment_terms: str = "prepaid"
    requested_delivery_on: date | None = None
    ship_complete: bool = False
    purchase_order_number: str = ""
    customer_note: str = ""
    gift_note: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    placed_at: datetime | None = None
    expected_total: Decimal | None = None
    allow_shortage: bool = False
    historic: bool = False
    replacement: bool = False
    prices_as_shown: bool = False
    handed_over_at: str = ""
    settle: bool = True
    notify: bool | None = None
