"""Whether the money is right: prices, discounts, credit, and the sum that the customer was told."""

from decimal import Decimal

from core.money import Money, round_amount
from core.sentences import gettext_noop, sentence

from .facts import Facts, Finding
from .names import Limits

ODD_PRICE = sentence(gettext_noop("Unusual price: %(parts)s"))
INSTEAD = sentence(gettext_noop("%(sku)s at %(given)s instead of %(listed)s"))
BIG_DISCOUNT = sentence(gettext_noop("Discount of %(given)s on goods for %(goods)s"))
STRANGER = sentence(gettext_noop("A guest has no account to buy on"))
OTHER_CURRENCY = sentence(gettext_noop("The credit limit is in %(limit_currency)s, the order in %(currency)s"))
OVER_LIMIT = sentence(gettext_noop("%(owed)s on account would exceed the limit of %(limit)s"))
OTHER_TOTAL = sentence(gettext_noop("The sender expects %(expected)s, we make it %(ours)s"))


def price(facts: Facts, limits: Limits) -> Finding | None:
    """Look for prices agreed elsewhere that are far from ours."""
    odd, lowest, highest = [], limits["lowest"] / 100, limits["highest"] / 100
    shares = []
    for line in facts.lines:
        usual = line.list_price
        if usual is None or not usual:
            continue
        share = line.unit_price / usual
        if not lowest <= share <= highest:
            given, listed = Money(line.unit_price, facts.currency), Money(usual, facts.currency)
            odd.append(INSTEAD(sku=line.sku, given=given, listed=listed))
            shares.append(percent(share * 100))
    if not odd:
        return None
    limit = f"{percent(limits['lowest'])} – {percent(limits['highest'])}"
    return Finding(ODD_PRICE(parts=", ".join(odd)), value=", ".join(shares), limit=limit)


def discount(facts: Facts, limits: Limits) -> Finding | None:
    """Look for a discount that takes more of the goods than it may."""
    if not facts.subtotal or not facts.discount_total:
        return None
    value, limit = percent(facts.discount_total * 100 / facts.subtotal), percent(limits["share"])
    if facts.discount_total <= facts.subtotal * limits["share"] / 100:
        return Finding(value=value, limit=limit)
    given, goods = Money(facts.discount_total, facts.currency), Money(facts.subtotal, facts.currency)
    return Finding(BIG_DISCOUNT(given=given, goods=goods), value=value, limit=limit)


def credit(facts: Facts, limits: Limits) -> Finding | None:
    """See whether what the customer would owe stays within the limit."""
    if not facts.on_credit:
        return None
    if not facts.known_customer:
        return Finding(STRANGER())
    if facts.credit_limit is None:
        return None
    if facts.credit_currency != facts.currency:
        return Finding(OTHER_CURRENCY(limit_currency=facts.credit_currency, currency=facts.currency))
    own = facts.total if facts.owed is None else facts.owed
    wanted = facts.exposure + own
    allowed = round_amount(facts.credit_limit * limits["share"] / 100, facts.currency) + facts.credit_extra
    limit, owed = Money(allowed, facts.currency), Money(wanted, facts.currency)
    if wanted <= allowed:
        return Finding(value=str(owed), limit=str(limit))
    data = {"exposure": str(facts.exposure), "total": str(own), "limit": str(allowed)}
    return Finding(OVER_LIMIT(owed=owed, limit=limit), data, value=str(owed), limit=str(limit))


def total(facts: Facts, limits: Limits) -> Finding | None:
    """Compare with what the sender told the customer."""
    if facts.expected_total is None:
        return None
    off = abs(round_amount(facts.expected_total, facts.currency) - facts.total)
    expected, ours = Money(facts.expected_total, facts.currency), Money(facts.total, facts.currency)
    if off <= limits["tolerance"]:
        return Finding(value=str(ours), limit=str(expected), data={"expected": str(facts.expected_total)})
    data = {"expected": str(facts.expected_total), "total": str(facts.total)}
    return Finding(OTHER_TOTAL(expected=expected, ours=ours), data, value=str(ours), limit=str(expected))


def percent(value: Decimal) -> str:
    """Write a share as it is stored: whole percents, or one digit more."""
    return f"{round(value, 1).normalize():f} %"
