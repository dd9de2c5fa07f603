"""By the rates of which day an order is taxed, and which of it would be taxed otherwise on another day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import prefetch_related_objects
from django.utils import timezone

from orders.derivation import billed_and_wanted
from orders.models import Order, OrderLine
from pricing import services as pricing
from pricing.calculation import TO_BUSINESS

from .promising import country_of, region_of

Rate = tuple[str, Decimal]
A_DAY = timedelta(days=1)
EXEMPT = "E"


def taxed_day(order: Order) -> date:
    """Return the day whose rates an order bears: the one on which it was priced, or taxed anew."""
    return order.taxed_on or timezone.localdate(order.placed_at or order.created_at)


def buyer_of(order: Order, lines: Iterable[OrderLine]) -> pricing.TaxBuyer:
    """Return who bought as tax knew them then: a VAT id that was good stays good, whatever became of it."""
    if (told := pricing.tax_buyer_told(order.explanation)) is not None:
        return told
    customer = order.customer
    is_reverse_charged = any(line.tax_category in TO_BUSINESS for line in lines)
    lends = customer is not None and (not order.found_by_email or is_reverse_charged)
    return pricing.tax_buyer_agreed(order.explanation, customer if lends else None)


def buyer_at_supply(order: Order, lines: Iterable[OrderLine]) -> pricing.TaxBuyer:
    """Return who bought, with the certificates by which they may be exempt on the day of supply.

    Those that were known when it was agreed count as long as they are valid; who bought as exempt stays so by those
    that were written down since, so that one that was renewed is nobody's question.
    """
    agreed = buyer_of(order, lines)
    if not agreed.exemptions or order.customer is None:
        return agreed
    held = pricing.tax_buyer(order.customer).exemptions
    return replace(agreed, exemptions=tuple(dict.fromkeys([*agreed.exemptions, *held])))


def still_to_bill(line: OrderLine) -> int:
    """Return how many units have not left and stand on no invoice: they bear the rate of the day they leave."""
    return max(0, line.wanted - max(line.shipped, billed_and_wanted(line)))


@dataclass(frozen=True)
class OldRates:
    """Lines of an order whose rate is another one than that of a day, with the rate of that day, and since when.

    The lines are those of which something has still to leave, billed in advance or not.
    """

    lines: Mapping[OrderLine, Rate]
    since: date

    @property
    def is_exempt_no_more(self) -> bool:
        """Whether the certificate ended by which nothing was asked for."""
        return any(
            line.tax_category == EXEMPT and category != EXEMPT for line, (category, _rate) in self.lines.items()
        )

    @property
    def to_bill(self) -> list[OrderLine]:
        """Return the lines of which something stands on no invoice yet."""
        return [line for line in self.lines if still_to_bill(line)]


def may_have_moved(order: Order, *, on: date) -> bool:
    """Whether any rate or certificate began or ended, since an order was taxed, that may say how it is taxed.

    Nothing is read, but the customer of who bought as exempt.
    """
    return bool(_began(order, on))


def old_rates(order: Order, lines: Sequence[OrderLine], *, on: date) -> OldRates | None:
    """Return what of an order would be taxed at other rates on a day; nothing where all is as it should be."""
    began = _began(order, on)
    if not began or not any(line.open for line in lines):
        return None
    agreed = supply_of(order, lines)
    supply = replace(agreed, buyer=buyer_at_supply(order, lines))
    moved = _moved(agreed, supply, lines, before=taxed_day(order), on=on)
    return OldRates(moved, _since(began, {line.position for line in moved}, supply)) if moved else None


def moved_rates(order: Order, lines: Sequence[OrderLine], *, before: date, on: date) -> Mapping[OrderLine, Rate]:
    """Return which rates lines with open units bear on a day that they did not bear on another."""
    agreed = supply_of(order, lines)
    return _moved(agreed, replace(agreed, buyer=buyer_at_supply(order, lines)), lines, before=before, on=on)


def supply_of(order: Order, lines: Sequence[OrderLine]) -> pricing.Supply:
    """Return what of an order is supplied to whom, as it was agreed; products that are not at hand are read."""
    wanted = [line for line in lines if line.wanted]
    prefetch_related_objects(wanted, "product")
    return pricing.Supply(
        seller_country=order.channel.seller_country,
        country=country_of(order),
        region=region_of(order),
        buyer=buyer_of(order, lines),
        distance_sales=pricing.distance_sales_told(order.explanation),
        goods={line.position: line.product for line in wanted},
    )


def _moved(
    agreed: pricing.Supply, supply: pricing.Supply, lines: Sequence[OrderLine], *, before: date, on: date
) -> dict[OrderLine, Rate]:
    """Only what the law has changed in between: a rate that was agreed elsewhere is nobody's mistake."""
    then, now = pricing.rates_on(before, agreed), pricing.rates_on(on, supply)
    return {
        line: (key.category, key.rate)
        for line in lines
        if line.open
        and (key := now.get(line.position)) is not None
        and key != then.get(line.position)
        and (line.tax_category, line.tax_rate) != (key.category, key.rate)
    }


def _since(began: Sequence[date], positions: Iterable[int], supply: pricing.Supply) -> date:
    """Return the last day on which one of the rates became what it is."""
    after = pricing.rates_on(began[-1], supply)
    for day, earlier in zip(reversed(began), reversed(began[:-1]), strict=False):
        before = pricing.rates_on(earlier, supply)
        if any(before.get(position) != after.get(position) for position in positions):
            return day
        after = before
    return began[0]


def _began(order: Order, on: date) -> list[date]:
    """Return the days, since an order was taxed, on which what it bears may have become another rate, in order."""
    since = taxed_day(order)
    rates = pricing.rates_began(since, on, seller_country=order.channel.seller_country, country=country_of(order))
    exemptions = buyer_at_supply(order, ()).exemptions
    days = [date.fromisoformat(one.valid_from) for one in exemptions if one.valid_from]
    days += [date.fromisoformat(one.valid_until) + A_DAY for one in exemptions if one.valid_until]
    return sorted({*rates, *(day for day in days if since < day <= on)})
