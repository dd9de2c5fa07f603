"""What the page of a new order says, read into what the services take: faults beside their fields, nothing raised."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from core import seat
from core.countries import is_country
from core.sight import limited_to
from customers import selectors as people
from customers.addresses import PostalAddress
from customers.errors import UnknownCustomer
from customers.models import Address, Customer
from customers.terms import TERMS
from orders import guards
from orders.inputs import DiscountInput, LineInput, OrderInput
from orders.services import Deposit
from pricing import services as pricing
from pricing.models import Channel

# The ways by which staff take orders, the usual one first.
DESK_CHANNELS = ("staff", "phone", "walk_in")
STANDARD = "standard"
MOST_LINES = 500
MOST_UNITS = 1_000_000
WAITS = ("split", "together")
POSTAL = tuple(PostalAddress.__dataclass_fields__)
LONGEST = {
    "purchase_order_number": 100,
    "customer_note": 2_000,
    "gift_note": 1_000,
    "discount_reason": 200,
    "coupon_codes": 40,
}

# What is kept of a page.
TYPED = (
    *("page", "channel", "customer", "lines", "shipping_method", "payment_terms", "requested_delivery_on"),
    *("ship_complete", "ship_to", "bill_to", "discount", *LONGEST),
)

Fault = dict[str, str]


@dataclass
class Read:
    """What could be read. `rows` says which line of the page each line of the order is."""

    token: UUID | None
    version: int | None
    typed: dict[str, Any]
    order: OrderInput
    customer: Customer | None
    channel: Channel
    rows: list[int]
    faults: list[Fault] = field(default_factory=list)

    def faults_at_pages(self, faults: list[Fault]) -> list[Fault]:
        """Return faults of the order with the lines counted as the page counts them."""
        found = []
        for one in faults:
            parts = one["pointer"].split("/")
            if len(parts) > 2 and parts[1] == "lines" and parts[2].isdigit() and int(parts[2]) < len(self.rows):
                parts[2] = str(self.rows[int(parts[2])])
            found.append({**one, "pointer": "/".join(parts)})
        return found


def fault(pointer: str, code: str, detail: str) -> Fault:
    """Return what is wrong with one field."""
    return {"pointer": pointer, "code": code, "detail": detail}


def desk_channels() -> list[Channel]:
    """Return the channels by which staff take orders, of those that the reader is limited to."""
    known = {channel.code: channel for channel in pricing.channels()}
    mine = limited_to("channel")
    return [known[code] for code in DESK_CHANNELS if code in known and (mine is None or code in mine)]


def allowed_terms(customer: Customer | None) -> list[tuple[str, Any]]:
    """Return how this customer may pay: in advance, or as it is agreed with them."""
    own = customer.payment_terms if customer else guards.PREPAID
    return [(code, label) for code, label in TERMS if code in (guards.PREPAID, own)]


def read(said: Mapping[str, Any], *, may_price: bool) -> Read:
    """Read a page. What is wrong with it is told in `faults`, and left out of the order."""
    faults: list[Fault] = []
    # Not kept either: it would count as soon as somebody opens the draft who may set prices.
    said = said if may_price else _without_prices(said)
    channel = _channel(said, faults)
    customer = _customer(said, faults)
    rows, lines = _lines(said, may_price, faults)
    ship_to, bill_to = _addresses(said, customer, faults)
    order = OrderInput(
        channel=channel.code,
        customer_number=customer.number if customer else "",
        lines=tuple(lines),
        shipping_address=ship_to,
        billing_address=bill_to,
        shipping_method=_method(said, faults),
        payment_terms=_terms(said, customer, faults),
        requested_delivery_on=_day(said, "requested_delivery_on", faults),
        ship_complete=said.get("ship_complete") is True or any(_wait(one) == "together" for one in _rows(said)),
        discounts=tuple(_discount(said, may_price, faults)),
        coupon_codes=tuple(filter(None, [_text(said, "coupon_codes", faults)])),
        purchase_order_number=_text(said, "purchase_order_number", faults),
        customer_note=_text(said, "customer_note", faults),
        gift_note=_text(said, "gift_note", faults),
    )
    return Read(
        token=_token(said),
        version=said["version"] if isinstance(said.get("version"), int) else None,
        typed={name: said[name] for name in TYPED if name in said},
        order=order,
        customer=customer,
        channel=channel,
        rows=rows,
        faults=faults,
    )


def read_deposit(said: Mapping[str, Any], faults: list[Fault]) -> Deposit | None:
    """Read what is paid in advance: 30 %, or 100.00. Nothing where nothing is typed."""
    text = _word(said, "deposit")
    is_share = text.endswith("%")
    found = _amount({"deposit": text.rstrip("%")}, "deposit", "/deposit", faults)
    if found is None:
        return None
    return Deposit(percent=found) if is_share else Deposit(amount=found)


def read_day(said: Mapping[str, Any], name: str, faults: list[Fault]) -> date | None:
    """Read a day that is to come."""
    return _day(said, name, faults)


def _token(said: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID(str(said.get("token")))
    except ValueError:
        return None


def _word(said: Mapping[str, Any], name: str) -> str:
    """Return a text of the page; anything else is nothing. PostgreSQL keeps no NUL."""
    value = said.get(name)
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


def _text(said: Mapping[str, Any], name: str, faults: list[Fault]) -> str:
    text = _word(said, name)
    if len(text) > LONGEST[name]:
        faults.append(fault(f"/{name}", "too_long", _("At most %(n)s characters.") % {"n": LONGEST[name]}))
        return text[: LONGEST[name]]
    return text


def _without_prices(said: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in said.items() if name not in ("discount", "discount_reason")}
    if isinstance(said.get("lines"), list):
        found["lines"] = [
            {name: value for name, value in row.items() if name not in ("price", "discount")}
            if isinstance(row, Mapping)
            else row
            for row in said["lines"]
        ]
    return found


def _channel(said: Mapping[str, Any], faults: list[Fault]) -> Channel:
    known = {channel.code: channel for channel in desk_channels()}
    wanted = _word(said, "channel")
    if (wanted and wanted not in known) or (not known and limited_to("channel") is not None):
        faults.append(fault("/channel", "invalid_choice", _("Orders of this channel are not taken here.")))
    return known.get(wanted) or next(iter(known.values()), None) or pricing.channel_by_code("staff")


def _customer(said: Mapping[str, Any], faults: list[Fault]) -> Customer | None:
    if not (number := _word(said, "customer")):
        return None
    try:
        found = people.by_number(number)
    except UnknownCustomer:
        faults.append(fault("/customer", "unknown_customer", _("There is no such customer.")))
        return None
    if not found.active:
        faults.append(fault("/customer", "inactive_customer", _("This customer is not active any more.")))
    return found


def _rows(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = said.get("lines")
    return [one if isinstance(one, dict) else {} for one in rows[:MOST_LINES]] if isinstance(rows, list) else []


def _wait(row: Mapping[str, Any]) -> str:
    return row["wait"] if row.get("wait") in WAITS else ""


def _lines(said: Mapping[str, Any], may_price: bool, faults: list[Fault]) -> tuple[list[int], list[LineInput]]:
    rows, lines = [], []
    if isinstance(said.get("lines"), list) and len(said["lines"]) > MOST_LINES:
        faults.append(fault("/lines", "too_many", _("At most %(n)s lines.") % {"n": MOST_LINES}))
    for index, row in enumerate(_rows(said)):
        sku, quantity = _word(row, "sku")[:40], _units(row, index, faults)
        price = _amount(row, "price", f"/lines/{index}/price", faults, places=6) if may_price else None
        discount = _amount(row, "discount", f"/lines/{index}/discount", faults) if may_price else None
        if not sku or quantity is None:
            continue
        rows.append(index)
        lines.append(
            LineInput(
                sku=sku,
                quantity=quantity,
                unit_price=price,
                discount=discount or Decimal(0),
                may_wait=bool(_wait(row)),
            )
        )
    return rows, lines


def _units(row: Mapping[str, Any], index: int, faults: list[Fault]) -> int | None:
    text = str(row.get("quantity", "")).strip()
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_UNITS and len(text) < 9:
        return int(text)
    words = _("A whole number from 1 to 1,000,000.")
    faults.append(fault(f"/lines/{index}/quantity", "invalid_quantity", words))
    return None


def _amount(said: Mapping[str, Any], name: str, pointer: str, faults: list[Fault], places: int = 3) -> Decimal | None:
    """Read an amount as people type it, with a point or a comma; nothing where nothing is typed."""
    text = _word(said, name).replace(" ", "").replace("\u00a0", "")
    if not text:
        return None
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value < 10**9 or value != round(value, places):
        faults.append(fault(pointer, "invalid_amount", _("An amount as in 12.50.")))
        return None
    return value


def _discount(said: Mapping[str, Any], may_price: bool, faults: list[Fault]) -> Iterator[DiscountInput]:
    amount = _amount(said, "discount", "/discount", faults) if may_price else None
    if not amount:
        return
    reason = _text(said, "discount_reason", faults)
    if not reason:
        faults.append(fault("/discount_reason", "required", _("Say why; the customer reads it.")))
    yield DiscountInput(amount=amount, reason=reason)


def _day(said: Mapping[str, Any], name: str, faults: list[Fault]) -> date | None:
    text = _word(said, name)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        faults.append(fault(f"/{name}", "invalid_day", _("This is no day.")))
        return None
    if day < seat.today():
        faults.append(fault(f"/{name}", "invalid_day", _("This day is over.")))
        return None
    return day


def _method(said: Mapping[str, Any], faults: list[Fault]) -> str:
    code = _word(said, "shipping_method") or STANDARD
    if code not in {method.code for method in pricing.shipping_methods()}:
        faults.append(fault("/shipping_method", "invalid_choice", _("Choose one of the list.")))
        return STANDARD
    return code


def _terms(said: Mapping[str, Any], customer: Customer | None, faults: list[Fault]) -> str:
    code = _word(said, "payment_terms") or (customer.payment_terms if customer else guards.PREPAID)
    if code not in dict(allowed_terms(customer)):
        faults.append(fault("/payment_terms", "invalid_choice", _("This is not agreed with the customer.")))
        return guards.PREPAID
    return code


def _addresses(
    said: Mapping[str, Any], customer: Customer | None, faults: list[Fault]
) -> tuple[PostalAddress | None, PostalAddress | None]:
    """Return where goods and invoice go: a site of the customer, or what is typed; else their usual ones."""
    sites = list(people.sites(customer)) if customer else []
    usual_ship = next((one for one in sites if one.is_ship_to), None)
    usual_bill = next((one for one in sites if one.is_bill_to), None)
    ship_to = _address(said, "ship_to", sites, usual_ship or usual_bill, faults)
    bill_to = _address(said, "bill_to", sites, usual_bill, faults)
    return ship_to, None if bill_to == ship_to else bill_to


def _address(
    said: Mapping[str, Any], name: str, sites: list[Address], usual: Address | None, faults: list[Fault]
) -> PostalAddress | None:
    given = said.get(name)
    given = given if isinstance(given, dict) else {}
    choice = _word(given, "choice")
    if choice == "typed":
        return _typed(given, name, faults)
    if choice in ("", "same"):
        return usual.postal() if usual and choice == "" else None
    site = next((one for one in sites if str(one.pk) == choice), None)
    if site is None:
        faults.append(fault(f"/{name}", "invalid_choice", _("The customer has no such site any more.")))
    return site.postal() if site else None


def _typed(given: Mapping[str, Any], name: str, faults: list[Fault]) -> PostalAddress | None:
    parts = {part: _word(given, part)[:100] for part in POSTAL}
    parts["country"] = parts["country"].upper()
    if not any(value for part, value in parts.items() if part != "country"):
        faults.append(fault(f"/{name}/line1", "required", _("Where does it go?")))
        return None
    for part in ("line1", "city"):
        if not parts[part]:
            faults.append(fault(f"/{name}/{part}", "required", _("This is needed.")))
    if not is_country(parts["country"]):
        faults.append(fault(f"/{name}/country", "required", _("Choose a country.")))
        parts["country"] = ""
    return PostalAddress(**{**parts, "postal_code": parts["postal_code"][:20], "phone": parts["phone"][:40]})
