"""Tax per rate: rounded once for each category and rate (EN 16931 BR-CO-17), then shared out to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from core.money import quantum, round_amount

from .treatment import TaxKey
from .values import ZERO


@dataclass
class Part:
    """An amount under one rate: of a line, or of a charge. `amount` is net or gross as the prices are."""

    amount: Decimal
    key: TaxKey
    given: Decimal | None = None
    net: Decimal = ZERO
    tax: Decimal = ZERO


@dataclass
class Group:
    """All parts under one rate."""

    key: TaxKey
    parts: list[Part] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        """What the tax is on."""
        return sum((part.net for part in self.parts), start=ZERO)

    @property
    def tax(self) -> Decimal:
        """The tax."""
        return sum((part.tax for part in self.parts), start=ZERO)


def tax_parts(parts: Sequence[Part], *, gross: bool, currency: str) -> list[Group]:
    """Work out net and tax of every part. Returns the groups in the order in which their rates first appear."""
    groups: dict[TaxKey, Group] = {}
    for part in parts:
        groups.setdefault(part.key, Group(part.key)).parts.append(part)
    for group in groups.values():
        _tax_group(group, gross=gross, currency=currency)
    return list(groups.values())


def _tax_group(group: Group, *, gross: bool, currency: str) -> None:
    for part in group.parts:
        if part.given is not None:
            part.tax = part.given
    own = [part for part in group.parts if part.given is None]
    rate = group.key.rate
    if own and rate:
        exact = [part.amount * rate / (1 + rate) if gross else part.amount * rate for part in own]
        tax = tax_on(sum((part.amount for part in own), start=ZERO), rate, gross=gross, currency=currency)
        for part, share in zip(own, spread(tax, exact, currency), strict=True):
            part.tax = share
    for part in group.parts:
        part.net = part.amount - part.tax if gross else part.amount


def tax_on(base: Decimal, rate: Decimal, *, gross: bool, currency: str) -> Decimal:
    """Return the tax on a base at one rate. Gross is the truth: the net is rounded, the tax is what remains."""
    return base - round_amount(base / (1 + rate), currency) if gross else round_amount(base * rate, currency)


def spread(whole: Decimal, exact: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Round each exact share so that all add up to the whole: largest remainder, the earlier share first.

    Unlike `core.money.apportion` it takes shares of either sign, as a rate has with a discount among
    its charges, and so never divides by a sum of zero.
    """
    unit = quantum(currency)
    parts = [(share / unit).to_integral_value(rounding=ROUND_FLOOR) * unit for share in exact]
    left = int(((whole - sum(parts, start=ZERO)) / unit).to_integral_value(rounding=ROUND_HALF_UP))
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    # At most one unit each; a division that lost its last digit may ask for one less than nothing.
    for index in by_remainder[: max(0, left)]:
        parts[index] += unit
    for index in by_remainder[len(parts) + min(0, left) :]:
        parts[index] -= unit
    return [part.quantize(unit) for part in parts]
