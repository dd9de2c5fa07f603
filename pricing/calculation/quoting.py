"""From lines, charges, discounts and taxes to one quote that adds up to the cent."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from core.money import apportion, plain, quantum, round_amount

from .charges import Charge, Goods, split_charges
from .provider import HOUSE, TaxProvider
from .taxes import Group, Part, tax_parts
from .treatment import DISTANCE_SALES, GOODS, OUTSIDE, TO_BUSINESS, TaxKey, Treatment, key_of_given
from .values import (
    CHARGE_KINDS,
    MAX_AMOUNT,
    ZERO,
    AmountTooLarge,
    DiscountTooLarge,
    GoodsLine,
    InvalidPrice,
    InvalidTax,
    Quote,
    QuotedCharge,
    QuotedLine,
    QuoteRequest,
    TaxSituation,
)

TOO_MUCH_OFF = "The discount is more than the order costs"


def quote(request: QuoteRequest, *, provider: TaxProvider = HOUSE) -> Quote:
    """Work out what an order costs, and say how every figure came about.

    Gross prices are kept as they are, whatever the tax: gross is the truth and the net follows. Raises
    Invalid for prices, discounts or taxes that cannot be.
    """
    told = _Told(request.currency)
    goods = [_price(line, index, request.currency, told) for index, line in enumerate(request.lines)]
    free_shipping = _promote(goods, request, told)
    supplies = _supplies(goods)
    tax = replace(request.tax, with_goods=GOODS in supplies)
    treatments = {supply: provider.treat(tax, supply) for supply in supplies}
    for place, treatment in enumerate(dict.fromkeys(treatments.values())):
        told.say("tax", treatment.code, treatment.reason, **_for_whom(treatment, request.tax, first=not place))
    for index, one in enumerate(goods):
        one.part = _tax_part(one, index, treatments[one.line.supply], request, provider)
    _own_what_is_entered(goods)
    _tell_rates_of_home(goods, treatments, told)
    _name_countries(goods, treatments, request.tax.country)
    # A charge of its own class is part of what is sold most of all: goods, where there are any.
    main = treatments.get(GOODS) or next(iter(treatments.values()))
    charges = list(_charges(goods, request, free_shipping, told))
    split_charges(charges, goods, main, request, provider)
    parts = [one.part for one in goods] + [part for charge in charges for part in charge.parts]
    groups = tax_parts(parts, gross=request.prices_include_tax, currency=request.currency)
    distant = {one.part.key for one in goods if treatments[one.line.supply].code in DISTANCE_SALES}
    if main.code in DISTANCE_SALES:
        distant |= {part.key for charge in charges if charge.given.tax_class for part in charge.parts}
    return _assemble(request, goods, charges, groups, distant, told)


class _Told:
    """Collects the reasons, as data and in words."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.entries: list[dict[str, Any]] = []

    def amount(self, amount: Decimal) -> str:
        """Write an amount."""
        return plain(amount, self.currency)

    def price(self, price: Decimal) -> str:
        """Write a unit price, which may have more decimals than its currency."""
        rounded = round_amount(price, self.currency)
        return f"{rounded if rounded == price else price.normalize():f}"

    def say(self, about: str, code: str, text: str, amount: Decimal | None = None, **data: Any) -> None:
        """Add a reason, with what it comes from (`list`, `rule`) in its stored form."""
        entry: dict[str, Any] = {"about": about, "code": code, "text": text}
        if amount is not None:
            entry["amount"] = self.amount(amount)
        self.entries.append({**entry, **data})


def _fault(error: type[Any], index: int, field_name: str, text: str, group: str = "lines") -> Exception:
    pointer = {"pointer": f"/{group}/{index}/{field_name}", "code": error.code, "detail": text}
    found: Exception = error(text, errors=[pointer])
    return found


def _price(line: GoodsLine, index: int, currency: str, told: _Told) -> Goods:
    """Work out what a line costs before tax treatment, less its own discount."""
    if line.quantity < 1:
        raise _fault(InvalidPrice, index, "quantity", "A line is for at least one unit")
    if not line.unit_price.is_finite() or line.unit_price < 0:
        raise _fault(InvalidPrice, index, "unit_price", "A price is zero or more")
    before = round_amount(_bounded(line.unit_price * line.quantity), currency)
    if not line.discount.is_finite() or line.discount < 0:
        raise _fault(InvalidPrice, index, "discount", "A discount is zero or more")
    discount = round_amount(_bounded(line.discount), currency)
    if discount > before:
        raise _fault(DiscountTooLarge, index, "discount", "The discount is more than the line costs")
    source = line.source
    said = f"price list {source.name}" if source else "price given with the order"
    tier = f", from {source.min_quantity} units" if source and source.min_quantity > 1 else ""
    text = f"{line.quantity} × {told.price(line.unit_price)} = {told.amount(before)} ({said}{tier})"
    about = f"line:{line.key}"
    if source:
        told.say(about, "price_list", text, before, list=source.as_dict())
    else:
        told.say(about, "price_given", text, before, **_signed(line.by, line.why))
    if discount:
        told.say(
            about, "line_discount", f"Discount on the line: {told.amount(discount)}", -discount, **_signed(line.by)
        )
    return Goods(line, before, discount)


def _signed(by: str, why: str = "") -> dict[str, str]:
    """Return who decided on a figure, and why, as far as it was a decision."""
    return {name: said for name, said in (("by", by), ("why", why)) if said}


def _bounded(amount: Decimal) -> Decimal:
    if not amount.is_finite() or abs(amount) > MAX_AMOUNT:
        raise AmountTooLarge("The amount is too large for an order")
    return amount


def _promote(goods: Sequence[Goods], request: QuoteRequest, told: _Told) -> str:
    """Take the promotions off the goods they are for: by priority, then shares before amounts.

    Returns the name of one that frees the shipping.
    """
    free_shipping = ""
    at_first = {one.line.key: one.amount for one in goods}
    for rule in sorted(request.promotions, key=lambda rule: (-rule.priority, rule.kind != "percent", rule.code)):
        about = f"discount:{rule.code}"
        covered = [one for one in goods if rule.covers(one.line)]
        if sum((at_first[one.line.key] for one in covered), start=ZERO) < rule.min_goods_value:
            text = f"{rule.name}: only for goods from {told.amount(rule.min_goods_value)}"
            told.say(about, "promotion_not_reached", text, ZERO, rule=rule.as_dict())
            continue
        if rule.kind == "free_shipping":
            free_shipping = rule.name
            text = f"{rule.name}: nothing is charged for delivery"
            told.say(about, "promotion_free_shipping", text, rule=rule.as_dict())
            continue
        worth = sum((one.amount for one in covered), start=ZERO)
        wanted = worth * rule.value / 100 if rule.kind == "percent" else rule.value
        is_at_most = 0 < rule.max_discount < wanted
        wanted = rule.max_discount if is_at_most else wanted
        taken = min(round_amount(wanted, request.currency), worth)
        if not taken:
            continue
        shares = _shares(taken, covered, request.currency)
        for one, share in zip(covered, shares, strict=True):
            one.discount += share
        parts = {str(one.line.key): told.amount(share) for one, share in zip(covered, shares, strict=True) if share}
        said = f"{rule.value.normalize():f} % of {told.amount(worth)}" if rule.kind == "percent" else "an amount"
        said += f", at most {told.amount(rule.max_discount)}" if is_at_most else ""
        told.say(about, f"promotion_{rule.kind}", f"{rule.name}: {said}", -taken, rule=rule.as_dict(), shares=parts)
    return free_shipping


def _shares(amount: Decimal, goods: Sequence[Goods], currency: str) -> list[Decimal]:
    """Share a discount out over the lines by their worth; no line goes below zero, because no share is rounded
    above the worth it stands for."""
    return apportion(amount, [one.amount for one in goods], currency)


def _supplies(goods: Sequence[Goods]) -> Sequence[str]:
    """Return what kinds of supplies there are, each once; charges alone count as goods."""
    return list(dict.fromkeys(one.line.supply for one in goods)) or [GOODS]


def _for_whom(treatment: Treatment, tax: TaxSituation, *, first: bool) -> dict[str, Any]:
    """Return what a treatment rests on; the first one says who bought, so that a change is reckoned for the same."""
    data: dict[str, Any] = {"country": treatment.country} if treatment.country else {}
    if tax.region:
        data |= {"region": tax.region}
    if tax.distance_sales and (first or treatment.code in DISTANCE_SALES):
        data |= {"distance_sales": tax.distance_sales}
    if treatment.category in TO_BUSINESS:
        data |= {"vat_id": tax.vat_id}
        if tax.vat_checked_on:
            data |= {"checked_on": tax.vat_checked_on, "reference": tax.vat_reference}
    if treatment.article:
        data |= {"article": treatment.article}
    if treatment.certificate:
        data |= {"certificate": treatment.certificate.number, "why": treatment.certificate.reason}
    return {**data, "buyer": tax.as_dict()} if first else data


def _own_what_is_entered(goods: Sequence[Goods]) -> None:
    """Let a rate of home that is entered where the order goes be owed there: one rate is one country's, and that one.

    Papers add up by rate, so a class that nobody entered would be booked to whichever country came first.
    """
    entered = {one.part.key for one in goods if not one.part.key.country}
    for one in goods:
        if one.part.key in entered:
            one.part.key = replace(one.part.key, country="")


def _name_countries(goods: Sequence[Goods], treatments: Mapping[str, Treatment], there: str) -> None:
    """Name whose tax it is that is not owed where the order goes, where other parts of it are taxed elsewhere."""
    if len({one.country for one in treatments.values() if one.country}) < 2:
        return
    for one in goods:
        key, country = one.part.key, treatments[one.line.supply].country
        if not key.country and country not in ("", there):
            one.part.key = replace(key, country=country)


def _tell_rates_of_home(goods: Sequence[Goods], treatments: Mapping[str, Treatment], told: _Told) -> None:
    """Say of which classes no rate is entered where they are taxed, so that the seller's own holds, and is owed there.

    A tax that was agreed elsewhere is no such case: nothing was looked up.
    """
    for one in goods:
        there, key, name = treatments[one.line.supply].country, one.part.key, one.line.tax_class
        if not key.country or one.part.given is not None:
            continue
        text = f"No rate of {there} is entered for {name!r}: taxed at the rate of {key.country}, and owed there"
        if not any(said["code"] == "rate_of_home" and said["tax_class"] == name for said in told.entries):
            told.say("tax", "rate_of_home", text, country=key.country, tax_class=name, missing_in=there)


def _tax_part(one: Goods, index: int, treatment: Treatment, request: QuoteRequest, provider: TaxProvider) -> Part:
    line = one.line
    key = provider.key_for(treatment, request.tax, line.tax_class)
    if line.tax_amount is None:
        return Part(one.amount, key)
    given = round_amount(_bounded(line.tax_amount), request.currency)
    net = one.amount - given if request.prices_include_tax else one.amount
    if given < 0 or (given and net <= 0):
        raise _fault(InvalidTax, index, "tax_amount", "The tax does not fit the price")
    # Elsewhere tax may be rounded per unit: half a minor unit each.
    tolerance = quantum(request.currency) * max(2, line.quantity) / 2
    key = key_of_given(given, net, key, treatment=treatment, tax=request.tax, tolerance=tolerance)
    return Part(one.amount, key, given)


def _charges(goods: Sequence[Goods], request: QuoteRequest, free_shipping: str, told: _Told) -> Iterable[Charge]:
    """Return what is asked for beside the goods. Discounts take no more than all the rest comes to."""
    rounded = []
    for index, charge in enumerate(request.charges):
        if charge.kind not in CHARGE_KINDS:
            text = f"{charge.kind!r} is no kind of charge"
            raise _fault(InvalidPrice, index, "kind", text, "charges")
        amount = round_amount(_bounded(charge.amount), request.currency)
        rounded.append((charge, amount, charge.kind == "shipping" and bool(free_shipping) and amount > 0))
    left = sum((one.amount for one in goods), start=ZERO)
    left += sum((amount for _charge, amount, is_free in rounded if amount > 0 and not is_free), start=ZERO)
    for charge, full, is_free in rounded:
        about = f"{charge.kind}:{charge.code}"
        if is_free:
            told.say(about, "free_shipping", f"{free_shipping}: no charge instead of {told.amount(full)}", ZERO)
            continue
        is_bounded = charge.kind == "discount" and full < 0 and request.excess != "keep"
        amount = max(full, -left) if is_bounded else full
        if amount != full and request.excess == "refuse":
            pointer = {"pointer": "/discounts", "code": DiscountTooLarge.code, "detail": TOO_MUCH_OFF}
            raise DiscountTooLarge(TOO_MUCH_OFF, errors=[pointer])
        left += min(amount, ZERO)
        rate = {"rate": dict(charge.rate)} if charge.rate else {}
        told.say(about, charge.kind, charge.reason or charge.name or charge.kind, amount, **_signed(charge.by), **rate)
        if amount:
            yield Charge(charge, amount)


def _assemble(
    request: QuoteRequest,
    goods: Sequence[Goods],
    charges: Sequence[Charge],
    groups: Sequence[Group],
    distant: Collection[TaxKey],
    told: _Told,
) -> Quote:
    lines = [_quoted_line(one) for one in goods]
    quoted_charges = [_quoted_charge(charge, told) for charge in charges]
    nets = [_net_before(one, request) for one in goods]
    by_kind = dict.fromkeys(CHARGE_KINDS, ZERO)
    for charge in quoted_charges:
        by_kind[charge.kind] += charge.net_total
    for group in groups:
        text = f"{(group.key.rate * 100).normalize():f} % on {told.amount(group.net)} (category {group.key.category})"
        # Whose tax it is where the treatment says another, and whether consumers in other member states bear it.
        more: dict[str, Any] = {"country": group.key.country} if group.key.country else {}
        more |= {"distance": True} if group.key in distant and group.key != OUTSIDE else {}
        told.say(f"tax:{group.key.category}:{group.key.text}", "tax", text, group.tax, **more)
    subtotal = sum(nets, start=ZERO)
    total = sum((line.total for line in lines), start=ZERO) + sum((one.total for one in quoted_charges), start=ZERO)
    _bounded(total)
    _bounded(subtotal)
    told.say("total", "total", "Lines and charges with their tax", total)
    return Quote(
        currency=request.currency,
        prices_include_tax=request.prices_include_tax,
        lines=lines,
        charges=quoted_charges,
        tax_breakdown=[_stored(group.key, group.net, group.tax, told) for group in groups],
        subtotal=subtotal,
        discount_total=subtotal - sum((line.net_total for line in lines), start=ZERO) - by_kind["discount"],
        shipping_total=by_kind["shipping"],
        charges_total=by_kind["fee"] + by_kind["manual"],
        tax_total=sum((group.tax for group in groups), start=ZERO),
        total=total,
        explanation=told.entries,
    )


def _quoted_line(one: Goods) -> QuotedLine:
    return QuotedLine(
        key=one.line.key,
        unit_price=one.line.unit_price,
        discount_total=one.discount,
        net_total=one.part.net,
        tax_category=one.part.key.category,
        tax_rate=one.part.key.rate,
        tax_total=one.part.tax,
        total=one.part.net + one.part.tax,
    )


def _quoted_charge(charge: Charge, told: _Told) -> QuotedCharge:
    net = sum((part.net for part in charge.parts), start=ZERO)
    tax = sum((part.tax for part in charge.parts), start=ZERO)
    return QuotedCharge(
        kind=charge.given.kind,
        code=charge.given.code,
        name=charge.given.name or charge.given.kind,
        amount=charge.amount,
        taxes=[_stored(part.key, part.net, part.tax, told) for part in charge.parts],
        net_total=net,
        tax_total=tax,
        total=net + tax,
    )


def _net_before(one: Goods, request: QuoteRequest) -> Decimal:
    """Return the net worth of a line before its discount."""
    if not one.discount:
        return one.part.net
    if not request.prices_include_tax:
        return one.before
    return max(one.part.net, round_amount(one.before / (1 + one.part.key.rate), request.currency))


def _stored(key: TaxKey, net: Decimal, tax: Decimal, told: _Told) -> dict[str, str]:
    return {"category": key.category, "rate": key.text, "net": told.amount(net), "tax": told.amount(tax)}
