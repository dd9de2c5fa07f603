"""An earlier version of an order beside the one that followed it: every figure as it was, and what became of it."""

from datetime import date
from decimal import Decimal

from babel.numbers import format_percent
from django.utils.translation import gettext as _

from core.reader import locale, spoken_amount, spoken_date
from orders import beside
from orders.beside import Row, row_of
from orders.models import OrderCharge, OrderLine
from orders.versions import Version


def facts(was: Version, became: Version) -> list[Row]:
    """Return what was agreed besides goods and money."""
    both = (was.order, became.order)
    rows = [
        *beside.facts(*both, agreed_only=True),
        row_of(_("Wanted on"), *(_days(one.requested_delivery_on) for one in both)),
        row_of(_("Everything in one go"), *([_("yes")] if one.ship_complete else [] for one in both)),
        row_of(_("Promised"), *(_days(one.promised_on or one.estimated_delivery_on) for one in both)),
        row_of(_("Must leave by"), *(_days(one.ship_by_on) for one in both)),
        row_of(_("Status"), *([str(one.get_status_display())] for one in both)),
    ]
    return [row for row in rows if any(row.sides)]


def goods(was: Version, became: Version) -> list[Row]:
    """Return every line by its place: units, price, discount, tax, and what it came to."""
    old, new = ({line.position: line for line in one.lines} for one in (was, became))
    rows = []
    for place in sorted({*old, *new}):
        line = old.get(place) or new[place]
        sides = [_line(found.get(place), one.order.currency) for found, one in ((old, was), (new, became))]
        rows.append(row_of(f"{place} · {line.name} · {line.sku}", *sides, is_figure=True))
    return rows


def sums(was: Version, became: Version) -> list[Row]:
    """Return the charges, the amounts and the tax by rate."""
    old, new = ({charge.position: charge for charge in one.charges} for one in (was, became))
    rows = []
    for place in sorted({*old, *new}):
        charge = old.get(place) or new[place]
        sides = [_charge(found.get(place), one.order.currency) for found, one in ((old, was), (new, became))]
        rows.append(row_of(charge.name, *sides, is_figure=True))
    taxes = [_taxes(one) for one in (was, became)]
    return [
        *rows,
        *beside.sums(was.order, became.order, agreed_only=True),
        row_of(_("Tax by rate"), *taxes, is_figure=True),
    ]


def _line(line: OrderLine | None, currency: str) -> list[str]:
    if line is None:
        return []
    rate = format_percent(line.tax_rate, "#,##0.##%", locale=locale())
    said = [f"{line.quantity} × {spoken_amount(line.unit_price, currency)}"]
    said += [_("cancelled: %(n)s") % {"n": line.cancelled}] if line.cancelled else []
    said += [_("discount %(amount)s") % {"amount": spoken_amount(line.discount_total, currency)}] * (
        line.discount_total != 0
    )
    said.append(_("tax %(rate)s: %(amount)s") % {"rate": rate, "amount": spoken_amount(line.tax_total, currency)})
    return [*said, _("total %(amount)s") % {"amount": spoken_amount(line.total, currency)}]


def _charge(charge: OrderCharge | None, currency: str) -> list[str]:
    if charge is None:
        return []
    said = [spoken_amount(charge.total, currency)]
    return [*said, _("cancelled")] if charge.cancelled else said


def _taxes(version: Version) -> list[str]:
    said = []
    for one in version.order.tax_breakdown:
        rate = format_percent(Decimal(one["rate"]), "#,##0.##%", locale=locale())
        said.append(f"{rate}: {spoken_amount(Decimal(one['tax']), version.order.currency)}")
    return said


def _days(day: date | None) -> list[str]:
    return [spoken_date(day)] if day else []
