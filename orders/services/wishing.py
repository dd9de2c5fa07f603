"""What is wished for is taken, on the objects, or refused beside its field with the way out."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from core import seat
from core.actors import SYSTEM
from core.errors import DomainError
from core.reader import spoken_date
from customers.addresses import PostalAddress
from inventory import selectors as stock
from inventory.models import Product
from orders.changing import PriceKept
from orders.derivation import credited_as_cancelled, to_be_credited
from orders.inputs import LineInput
from orders.models import OrderLine
from orders.ports import paper_book
from orders.verification import address_key
from orders.wishes import NewLine
from pricing import services as pricing

from .composing import MOST_UNITS, frozen_line
from .cutoff import is_customer
from .promising import country_of
from .reworking import LABELLED, PICKED, WALKING, Rework, fewest_of, stands_as_it_is

TAXES = ("orders.tax_order", "orders:price")


def take_wish(work: Rework) -> None:
    """Take all of it onto the objects, but for what it costs and where it comes from."""
    _say(work)
    _tax_anew(work)
    _count(work)
    _fall_below_steps(work)
    _add(work)


def _say(work: Rework) -> None:
    order, wish = work.order, work.wish
    labelled = [piece.number for piece in work.pieces if piece.status == LABELLED]
    for name, address in (("shipping_address", wish.shipping_address), ("billing_address", wish.billing_address)):
        if address is None:
            continue
        stored = address.as_dict() if any(address.as_dict().values()) else {}
        if stored == getattr(order, name):
            continue
        if name == "shipping_address" and labelled:
            work.refuse(f"/{name}", "labelled", _put_back_first(labelled))
            continue
        for part, text in (("line1", _("Say the street")), ("city", _("Say the town"))):
            if stored and not stored[part].strip():
                work.refuse(f"/{name}/{part}", "required", text)
        setattr(order, name, stored)
        order.address_key = address_key(PostalAddress.from_dict(order.shipping_address or order.billing_address))
    if wish.shipping_method is not None and wish.shipping_method != work.before["shipping_method"]:
        if labelled:
            work.refuse("/shipping_method", "labelled", _put_back_first(labelled))
        try:
            order.shipping_method = pricing.shipping_method(wish.shipping_method)
        except DomainError as error:
            work.refuse("/shipping_method", error.code, error.message)
    for name, value in wish.simple.items():
        setattr(order, name, value)
    if not order.shipping_address and not (order.shipping_method and order.shipping_method.pickup):
        work.refuse("/shipping_address", "required", _("No address to send it to"))
    if work.stands and work.is_another_way:
        work.refuse("/shipping_method", "invoiced", stands_as_it_is())


def _tax_anew(work: Rework) -> None:
    """Take the day whose rates it shall bear: one that has come, and none before that of its rates."""
    day = work.wish.taxed_on
    if day is None or day == work.taxed_before:
        return
    if is_customer(work.actor) or not _may_tax(work):
        work.refuse("/taxed_on", "tax_not_allowed", _("You may not decide on its tax"))
    elif not work.taxed_before < day <= seat.day_of(work.at):
        text = _("A day after %(day)s, today at the latest") % {"day": spoken_date(work.taxed_before)}
        work.refuse("/taxed_on", "invalid_day", text)
    else:
        work.order.taxed_on = day


def _may_tax(work: Rework) -> bool:
    return work.actor == SYSTEM or any(permission in work.actor.can for permission in TAXES)


# How many of what


def _count(work: Rework) -> None:
    by_position = {line.position: line for line in work.lines}
    fewest = fewest_of(work)
    for index, one in enumerate(work.wish.lines):
        line, pointer = by_position.pop(one.position, None), f"/lines/{index}"
        if line is None:
            work.refuse(f"{pointer}/position", "unknown_line", _("The order has no such line, or it is named twice"))
            continue
        at = {"position": str(one.position)}
        if one.may_wait:
            work.may_wait.add(line.position)
        if one.unit_price is not None and one.unit_price != line.unit_price:
            if work.stands:
                work.refuse(f"{pointer}/unit_price", "invoiced", stands_as_it_is(), **at)
            elif not one.unit_price.is_finite() or one.unit_price < 0:
                work.refuse(f"{pointer}/unit_price", "invalid_price", _("A price is zero or more"), **at)
            else:
                line.unit_price = one.unit_price
        if one.quantity is None or one.quantity == line.wanted:
            continue
        if not 0 <= one.quantity <= MOST_UNITS:
            text = _("A quantity is a whole number from 0 to %(n)s") % {"n": f"{MOST_UNITS:,}"}
            work.refuse(f"{pointer}/quantity", "invalid_quantity", text, **at)
        elif one.quantity < fewest[line.position]:
            work.refuse(f"{pointer}/quantity", "at_work", _why_fewest(work, line, fewest[line.position]), **at)
        elif work.stands and one.quantity > line.quantity - credited_as_cancelled(line):
            work.refuse(f"{pointer}/quantity", "invoiced", stands_as_it_is(), **at)
        else:
            if work.stands and (billed := to_be_credited(line, one.quantity)):
                work.credits[line.position] = billed
            _set_quantity(work, line, one.quantity)
    _credit(work)


def _credit(work: Rework) -> None:
    """Count what its invoices give back of what is not wanted any more."""
    lines = {line.position: line for line in work.lines}
    units = {lines[position].pk: billed for position, billed in work.credits.items()}
    if not units or work.refusals:
        return
    try:
        work.to_credit = paper_book.worth(work.order, units)
    except DomainError as error:
        work.refuse_all(error, at="/lines")
        return
    for position, billed in work.credits.items():
        lines[position].credited += billed


def _set_quantity(work: Rework, line: OrderLine, units: int) -> None:
    cancelled = line.cancelled
    if work.stands or not units:
        line.cancelled = line.quantity - units
    else:
        line.quantity, line.cancelled = units, 0
    if line.cancelled != cancelled:
        work.cancelled[line.position] = line.cancelled - cancelled


def _why_fewest(work: Rework, line: OrderLine, fewest: int) -> str:
    """Say what keeps units on a line, and the way out."""
    holding = [piece for piece in work.pieces if piece.units.get(line.position)]
    if numbers := [piece.number for piece in holding if piece.status in PICKED]:
        return _("At least %(n)s: they are picked. %(way_out)s") % {
            "n": fewest,
            "way_out": _put_back_first(numbers),
        }
    if numbers := [piece.number for piece in holding if piece.status == WALKING]:
        text = _("At least %(n)s: somebody is picking them. Pull back %(work)s first")
        return text % {"n": fewest, "work": ", ".join(numbers)}
    return _("At least %(n)s: they have left") % {"n": fewest}


def _fall_below_steps(work: Rework) -> None:
    """Let a customer who takes fewer units than a price asks for pay the price of so many, on the day of the order.

    Staff see both prices (`prices_kept`) and decide: fewer units may be our fault.
    """
    if work.stands or work.refusals or not is_customer(work.actor):
        return
    steps = pricing.steps_of(work.order.explanation)
    fallen = [line for line in _at_agreed_prices(work) if 0 < line.wanted < steps.get(line.position, 0)]
    if not fallen:
        return
    try:
        quote = _listed(work, fallen, on=seat.day_of(work.order.placed_at or work.at))
    except DomainError as error:
        work.refuse_all(error, at="/lines")
        return
    work.told += [one for one in quote.explanation if one["about"].startswith("line:")]
    for line, priced in zip(fallen, quote.lines, strict=True):
        line.unit_price = priced.unit_price


def _at_agreed_prices(work: Rework) -> list[OrderLine]:
    """Return the lines whose price nobody has set otherwise with this wish."""
    was = {line["position"]: Decimal(line["unit_price"]) for line in work.before["lines"]}
    return [line for line in work.lines if line.pk is not None and line.unit_price == was.get(line.position)]


def _listed(work: Rework, lines: Sequence[OrderLine], *, on: date) -> pricing.Quote:
    """Price lines that are there already by the lists of a day."""
    order, customer = work.order, work.order.customer
    return pricing.quote_order(
        channel=order.channel,
        lines=[pricing.QuoteLine(key=one.position, product=one.product, quantity=one.wanted) for one in lines],
        country=country_of(order),
        on=on,
        group_id=customer.group_id if customer is not None and not order.found_by_email else None,
        prices_include_tax=order.prices_include_tax,
        currency=order.currency,
    )


def _add(work: Rework) -> None:
    if not work.wish.add:
        return
    if work.stands:
        work.refuse("/add", "invoiced", stands_as_it_is())
        return
    products = stock.products_by_sku(one.sku for one in work.wish.add)
    known: list[tuple[int, NewLine]] = []
    for index, one in enumerate(work.wish.add):
        product = products.get(one.sku.strip().upper())
        if product is None:
            text = _("There is no product %(sku)s.") % {"sku": one.sku}
            work.refuse(f"/add/{index}/sku", "unknown_product", text)
        elif not product.active:
            text = _("%(sku)s is not sold any more") % {"sku": one.sku}
            work.refuse(f"/add/{index}/sku", "product_not_sold", text)
        elif not 1 <= one.quantity <= MOST_UNITS:
            text = _("A quantity is a whole number from 1 to %(n)s") % {"n": f"{MOST_UNITS:,}"}
            work.refuse(f"/add/{index}/quantity", "invalid_quantity", text)
        else:
            known.append((index, one))
    if len(known) == len(work.wish.add):
        _append(work, known, products)


def _append(work: Rework, known: Sequence[tuple[int, NewLine]], products: dict[str, Product]) -> None:
    parts = stock.parts_of(product.pk for product in products.values() if product.is_kit)
    position = max((line.position for line in work.lines), default=0)
    added = []
    for _index, one in known:
        position += 1
        given = LineInput(sku=one.sku, quantity=one.quantity)
        line = frozen_line(position, given, products, parts, work.order.language)
        line.order, line.unit_price = work.order, Decimal(0)
        if one.may_wait:
            work.may_wait.add(position)
        added.append((one, line))
    try:
        _price_new(work, added)
    except DomainError as error:
        work.refuse_all(error, at="/add")
        return
    work.lines += [line for _one, line in added]


def _price_new(work: Rework, added: Sequence[tuple[NewLine, OrderLine]]) -> None:
    """Price what was not agreed before as it is sold today."""
    customer = work.order.customer
    quote = pricing.quote_order(
        channel=work.order.channel,
        lines=[
            pricing.QuoteLine(
                key=line.position,
                product=line.product,
                quantity=line.quantity,
                unit_price=one.unit_price,
                by=str(work.actor) if one.unit_price is not None else "",
            )
            for one, line in added
        ],
        country=country_of(work.order),
        on=seat.day_of(work.at),
        group_id=customer.group_id if customer is not None and not work.order.found_by_email else None,
        prices_include_tax=work.order.prices_include_tax,
        currency=work.order.currency,
    )
    work.told += [one for one in quote.explanation if one["about"].startswith("line:")]
    for (_one, line), priced in zip(added, quote.lines, strict=True):
        line.unit_price = priced.unit_price


def prices_kept(work: Rework) -> tuple[PriceKept, ...]:
    """Return at which price lines grow or fall below its step: the agreed one, whatever a list says today."""
    was = {line["position"]: line["quantity"] for line in work.before["lines"]}
    steps = pricing.steps_of(work.order.explanation)
    kept = [
        line
        for line in _at_agreed_prices(work)
        if line.wanted > was[line.position] or 0 < line.wanted < min(was[line.position], steps.get(line.position, 0))
    ]
    if not kept or work.refusals:
        return ()
    try:
        quote = _listed(work, kept, on=seat.day_of(work.at))
        today = {one.key: one.unit_price for one in quote.lines}
    except DomainError:
        # Not sold at any price today: what was agreed holds.
        today = {}
    return tuple(
        PriceKept(name=one.name, units=one.wanted, agreed=one.unit_price, today=today.get(one.position))
        for one in kept
    )


def _put_back_first(numbers: Sequence[str]) -> str:
    return _("Put back %(work)s first; then it can be changed") % {"work": ", ".join(numbers)}
