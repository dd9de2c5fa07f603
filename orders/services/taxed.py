"""An order on its way to other rates of tax: what each line and charge is worth, its tax, and what that adds up to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.money import plain, quantum, round_amount
from orders.derivation import parts_of
from orders.models import OrderCharge, OrderLine
from orders.ports import AllBilled
from pricing.calculation import rate_text, spread, tax_on

from .reworking import Rework
from .taxing import Rate, taxed_day

NOTHING = Decimal(0)
COLUMN_OF = {
    OrderCharge.Kind.SHIPPING: "shipping_total",
    OrderCharge.Kind.FEE: "charges_total",
    OrderCharge.Kind.MANUAL: "charges_total",
}


@dataclass(eq=False)
class Share:
    """An amount under a rate, net or gross as the prices are; what `stands` keeps its tax."""

    rate: Rate
    base: Decimal
    tax: Decimal = NOTHING
    stands: bool = False


@dataclass
class Taxed:
    """An order on its way to other rates: every line, and every part of a charge, with its share."""

    work: Rework
    billed: AllBilled
    moved: Mapping[OrderLine, Rate]
    rates: Mapping[Rate, Rate]
    lines: dict[int, Share] = field(default_factory=dict)
    charges: dict[int, list[Share]] = field(default_factory=dict)

    @property
    def gross(self) -> bool:
        """Whether its prices include tax."""
        return self.work.order.prices_include_tax

    @property
    def currency(self) -> str:
        """Return its currency."""
        return self.work.order.currency

    def base(self, said: Any) -> Decimal:
        """Return what a line, a charge or an invoice says, net or gross as the prices are."""
        amount: Decimal = said.total if self.gross else getattr(said, "net_total", getattr(said, "net", NOTHING))
        return amount


def work_out_tax(taxed: Taxed) -> None:
    """Work out the tax of each rate once, and share out what of it does not stand."""
    every = [*taxed.lines.values(), *(share for shares in taxed.charges.values() for share in shares)]
    for rate in dict.fromkeys(share.rate for share in every if not share.stands):
        mine = [share for share in every if share.rate == rate]
        free = [share for share in mine if not share.stands]
        stand = [share for share in mine if share.stands]
        percent = rate[1]
        tax = _tax_of(free, percent, taxed)
        stated = sum((share.tax for share in stand), start=NOTHING)
        off = stated - _tax_of(stand, percent, taxed)
        # What stands may bear a tax that was agreed elsewhere; else all of it together is the tax of the rate.
        if stand and abs(off) <= quantum(taxed.currency) * len(stand):
            tax = _tax_of(mine, percent, taxed) - stated
        exact = [share.base * percent / (1 + percent) if taxed.gross else share.base * percent for share in free]
        for share, part in zip(free, spread(tax, exact, taxed.currency), strict=True):
            share.tax = part
        largest = max(free, key=lambda share: abs(share.base))
        largest.tax += tax - sum((share.tax for share in free), start=NOTHING)


def _tax_of(shares: Iterable[Share], percent: Decimal, taxed: Taxed) -> Decimal:
    base = sum((share.base for share in shares), start=NOTHING)
    return tax_on(base, percent, gross=taxed.gross, currency=taxed.currency)


def add_up(taxed: Taxed) -> None:
    """Write every figure onto the lines, the charges and the order."""
    work, order, currency = taxed.work, taxed.work.order, taxed.currency
    for line in work.lines:
        share = taxed.lines[line.position]
        if share.stands:
            continue
        line.tax_category, line.tax_rate = share.rate
        line.net_total, line.tax_total = _net(share, taxed), share.tax
        line.total = line.net_total + line.tax_total
    for charge in work.charges:
        if charge.cancelled:
            continue
        shares = taxed.charges[charge.position]
        by_rate = _by_rate((share.rate, _net(share, taxed), share.tax) for share in shares)
        charge.taxes = [_stored(rate, *amounts, currency) for rate, amounts in by_rate.items()]
        charge.net_total = sum((_net(share, taxed) for share in shares), start=NOTHING)
        charge.tax_total = sum((share.tax for share in shares), start=NOTHING)
        charge.total = charge.net_total + charge.tax_total
    every: list[OrderLine | OrderCharge] = [*work.lines, *work.charges]
    goods = sum((line.net_total for line in work.lines), start=NOTHING)
    off = sum((one.net_total for one in work.charges if one.kind == OrderCharge.Kind.DISCOUNT), start=NOTHING)
    order.subtotal = sum((_before_discount(line, taxed) for line in work.lines), start=NOTHING)
    order.discount_total = order.subtotal - goods - off
    order.shipping_total = order.charges_total = NOTHING
    for charge in work.charges:
        if name := COLUMN_OF.get(OrderCharge.Kind(charge.kind)):
            setattr(order, name, getattr(order, name) + charge.net_total)
    order.tax_total = sum((one.tax_total for one in every), start=NOTHING)
    order.total = sum((one.total for one in every), start=NOTHING)
    by_rate = _by_rate(_amounts(work))
    order.tax_breakdown = [_stored(rate, *amounts, currency) for rate, amounts in by_rate.items()]


def _by_rate(amounts: Iterable[tuple[Rate, Decimal, Decimal]]) -> dict[Rate, tuple[Decimal, Decimal]]:
    """Add up net and tax by rate."""
    sums: dict[Rate, tuple[Decimal, Decimal]] = {}
    for rate, net, tax in amounts:
        known = sums.get(rate, (NOTHING, NOTHING))
        sums[rate] = (known[0] + net, known[1] + tax)
    return sums


def _amounts(work: Rework) -> Iterable[tuple[Rate, Decimal, Decimal]]:
    for line in work.lines:
        yield (line.tax_category, line.tax_rate), line.net_total, line.tax_total
    for part in (part for charge in work.charges for part in parts_of(charge)):
        yield (part["category"], Decimal(part["rate"])), Decimal(part["net"]), Decimal(part["tax"])


def _net(share: Share, taxed: Taxed) -> Decimal:
    return share.base - share.tax if taxed.gross else share.base


def _before_discount(line: OrderLine, taxed: Taxed) -> Decimal:
    """Return the net worth of a line before its discount."""
    if not line.discount_total:
        return line.net_total
    before = round_amount(line.unit_price * line.quantity, taxed.currency)
    net = round_amount(before / (1 + line.tax_rate), taxed.currency) if taxed.gross else before
    return max(line.net_total, net)


def _stored(rate: Rate, net: Decimal, tax: Decimal, currency: str) -> dict[str, str]:
    return {
        "category": rate[0],
        "rate": rate_text(rate[1]),
        "net": plain(net, currency),
        "tax": plain(tax, currency),
    }


def tell(taxed: Taxed) -> None:
    """Keep how the figures came about: the rates there are now, each with whose tax it is as the one it came from."""
    order = taxed.work.order
    told = {one["about"]: one for one in order.explanation if str(one["about"]).startswith("tax:")}
    came_from = {new: old for old, new in taxed.rates.items()}
    entries = []
    for part in order.tax_breakdown:
        rate = (part["category"], Decimal(part["rate"]))
        about = f"tax:{part['category']}:{part['rate']}"
        old = came_from.get(rate, rate)
        like = told.get(about) or told.get(f"tax:{old[0]}:{rate_text(old[1])}") or {}
        text = f"{(rate[1] * 100).normalize():f} % on {part['net']} (category {part['category']})"
        more = {name: like[name] for name in ("country", "distance") if name in like}
        entries.append({"about": about, "code": "tax", "text": text, "amount": part["tax"], **more})
    kept = [one for one in order.explanation if one["about"] not in told and one["about"] != "total"]
    parted = [
        {
            "about": f"line:{new.position}",
            "code": "parted",
            "text": f"What was open of line {position}, taxed by the rates of {taxed_day(order)}",
            "amount": plain(taxed.lines[new.position].base, taxed.currency),
        }
        for position, new in taxed.work.parted.items()
    ]
    total = {"about": "total", "code": "total", "text": "Lines and charges with their tax"}
    order.explanation = [*kept, *parted, *entries, {**total, "amount": plain(order.total, taxed.currency)}]
