"""Under which rates charges stand: delivery under those of what is delivered, others under those of all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.money import apportion

from .provider import TaxProvider
from .taxes import Part
from .treatment import GOODS, TaxKey, Treatment
from .values import ZERO, ChargeInput, GoodsLine, QuoteRequest


@dataclass
class Goods:
    """One line on its way through the calculation."""

    line: GoodsLine
    before: Decimal
    discount: Decimal
    part: Part = field(init=False)

    @property
    def amount(self) -> Decimal:
        """What it comes to."""
        return self.before - self.discount


@dataclass
class Charge:
    """One charge on its way through the calculation: it may fall under several rates."""

    given: ChargeInput
    amount: Decimal
    parts: list[Part] = field(default_factory=list)


def split_charges(
    charges: Sequence[Charge],
    goods: Sequence[Goods],
    treatment: Treatment,
    request: QuoteRequest,
    provider: TaxProvider,
) -> None:
    """Put charges under rates, what is taken off last. One with a class of its own is treated as `treatment`."""
    for charge in sorted(charges, key=lambda one: one.given.kind == "discount"):
        if charge.given.tax_class or not goods:
            key = provider.key_for(treatment, request.tax, charge.given.tax_class or "standard")
            charge.parts = [Part(charge.amount, key)]
        else:
            bases = _bases(goods) if request.delivery_for_all else _bases_of(charge, goods, charges)
            shares = apportion(charge.amount, list(bases.values()), request.currency)
            charge.parts = [Part(share, key) for key, share in zip(bases, shares, strict=True) if share]


def _bases_of(charge: Charge, goods: Sequence[Goods], charges: Sequence[Charge]) -> dict[TaxKey, Decimal]:
    """Return the net bases, by rate, that a charge is shared by.

    Delivery is part of the price of what is delivered (Directive 2006/112/EC, art. 78 point b): a service or a
    download that is sold beside goods carries none of it. Any other charge is for all that is sold. Sharing a gross
    charge by gross goods gives the same proportion of net bases, as each share and the goods it follows have one rate.
    """
    delivered = [one for one in goods if one.line.supply == GOODS]
    is_mixed = 0 < len(delivered) < len(goods)
    if is_mixed and charge.given.kind == "shipping":
        return _bases(delivered)
    bases = _bases(goods)
    return _bases_left(charge, bases, charges) if is_mixed and charge.given.kind == "discount" else bases


def _bases(goods: Iterable[Goods]) -> dict[TaxKey, Decimal]:
    """Return what goods come to, by rate."""
    bases: dict[TaxKey, Decimal] = {}
    for one in goods:
        bases[one.part.key] = bases.get(one.part.key, ZERO) + one.amount
    return bases


def _bases_left(discount: Charge, bases: Mapping[TaxKey, Decimal], charges: Sequence[Charge]) -> dict[TaxKey, Decimal]:
    """Return what a discount comes off: what is sold, and beyond that whatever is left of it with its delivery.

    Delivery that does not stand under all rates would else leave one of them with less than nothing.
    """
    split = [part for one in charges if one is not discount for part in one.parts]
    before = sum((part.amount for one in charges if one.given.kind == "discount" for part in one.parts), start=ZERO)
    if -(before + discount.amount) <= sum(bases.values()):
        return dict(bases)
    left = dict(bases)
    for part in split:
        left[part.key] = left.get(part.key, ZERO) + part.amount
    return {key: max(amount, ZERO) for key, amount in left.items()}
