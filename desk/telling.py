"""An order as it would be, told to its page: every figure with how it came about, in the words of the reader."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_percent
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from core.errors import DomainError
from core.reader import country_name, locale, retold, spoken_amount
from customers.addresses import PostalAddress
from desk.reading import Fault, Read, allowed_terms, fault
from inventory.models import Product
from orders import promise
from orders.models import Order, OrderLine
from orders.price_words import promotions_of, why_prices
from orders.services import Preview, fitting_methods
from orders.verification import ADDRESS, COMPLETE, STOCK
from pricing import services as pricing

GENERAL = "/"
CATEGORIES = {
    "K": gettext_noop("delivery within the EU to a company: the customer pays the tax there"),
    "G": gettext_noop("export: no tax of ours"),
    "AE": gettext_noop("the customer pays the tax"),
    "E": gettext_noop("exempt from tax"),
    "O": gettext_noop("not taxed here"),
    "Z": gettext_noop("taxed at zero"),
}


def spoken_day(day: date | str | None) -> str:
    """Write a day as one says it on the phone: Thu, 3 December."""
    if not day:
        return ""
    value = date.fromisoformat(day) if isinstance(day, str) else day
    return str(format_date(value, "EEE, d MMMM", locale=locale()))


def told_faults(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """Say what is wrong beside which field, in the words of the reader."""
    return [{"pointer": one["pointer"], "code": one["code"], "text": _words(one)} for one in faults]


def faults_of(error: DomainError) -> list[Fault]:
    """Return the faults of a refusal; one that names no field is about the order."""
    return error.errors or [fault(GENERAL, error.code, retold(error.message))]


def _words(one: Fault) -> str:
    known = {
        "price_missing": _("It has no price here. Set one, or choose another channel."),
        "unknown_product": _("There is no such product."),
        "product_not_sold": _("It is not sold any more."),
        "shipping_not_available": _("This way of delivery does not go there."),
        "discount_too_large": _("The discount is more than the goods cost."),
        "prepaid": _("All of it is paid in advance already."),
        "amount_too_large": _("The amount is too large."),
        "insufficient_stock": _("Not enough of it is there. Decide what to do."),
    }
    return str(known.get(one["code"], one["detail"]))


def told(preview: Preview, read: Read) -> dict[str, Any]:
    """Return everything that changes on the page with every change of the order."""
    order = preview.order
    why = why_prices(order)
    # Stock is told with the lines; what a customer brings along is not missing before there is one.
    unsaid = {STOCK} if read.customer else {STOCK, COMPLETE, ADDRESS}
    return {
        "lines": {
            str(read.rows[line.position - 1]): _line(line, preview, why.lines.get(line.position, []))
            for line in preview.lines
        },
        "figures": _figures(preview),
        "total": _amount(order, order.total),
        "promise": _promise(preview),
        "checks": [
            *(_check(one) for one in preview.checks if one["result"] != "pass" and one["name"] not in unsaid),
            *([{"tone": "warn", "text": retold(preview.approval)}] if preview.approval else []),
        ],
        "short": len(preview.refused),
    }


def choices(
    read: Read, country: str, goods: Decimal = Decimal(0), products: Iterable[Product] = (), grams: int = 0
) -> dict[str, Any]:
    """Return what may be chosen, as it depends on customer, channel, country and goods; no table is asked.

    Ways of delivery that cannot carry the goods are left out, with the reason of each.
    """
    currency = read.channel.currency
    methods = []
    fitting, unfit = fitting_methods(products, country, currency)
    for method in fitting:
        price, _reason = pricing.shipping_price(method, country, currency, goods, grams)
        shown = spoken_amount(price, currency)
        methods.append({"code": method.code, "label": f"{method.name_in(str(locale()))} · {shown}"})
    terms = [{"code": code, "label": str(label)} for code, label in allowed_terms(read.customer)]
    return {"methods": methods, "unfit": unfit, "terms": terms, "currency": currency}


def country_of(read: Read) -> str:
    """Return the country the goods go to, as far as it is known: else the seller's."""
    address = read.order.shipping_address or read.order.billing_address
    return (address.country if address else "") or read.channel.seller_country


def _amount(order: Order, value: Decimal) -> str:
    return spoken_amount(value, order.currency).replace("-", "−")


def _line(line: OrderLine, preview: Preview, why: list[str]) -> dict[str, Any]:
    order, product = preview.order, preview.products[line.product_id]
    free = preview.free.get(line.product_id) if product.needs_stock else None
    shown = line.total if order.prices_include_tax else line.net_total
    return {
        "sku": line.sku,
        "name": product.name_in(),
        "image": static(product.image) if product.image else "",
        "price": _amount(order, line.unit_price),
        "total": _amount(order, shown),
        "why": _why_of(line, order, why),
        "stock": _("always there") if free is None else _("%(n)s free") % {"n": free},
        "tone": "good" if line.position not in preview.short else "warn",
        "day": spoken_day(line.promised_on) if _is_coming(line, preview) else "",
        "shortage": _shortage(line, preview),
    }


def _is_coming(line: OrderLine, preview: Preview) -> bool:
    return line.position not in preview.short or preview.backorder[line.position]


def _shortage(line: OrderLine, preview: Preview) -> dict[str, Any] | None:
    """Return what can be done about units that are missing: the days of what is there, and of the rest."""
    missing = preview.short.get(line.position, 0)
    if not missing:
        return None
    now, later = _days_if_split(line, preview)
    there = line.quantity - missing
    together = ngettext("All %(n)s together on %(day)s", "All %(n)s together on %(day)s", line.quantity)
    split = _("%(there)s now, %(missing)s on %(day)s")
    return {
        "decided": preview.backorder[line.position],
        "text": ngettext("%(n)s is missing.", "%(n)s are missing.", missing) % {"n": missing} + _room(line, preview),
        "there": there,
        "split": split % {"there": there, "missing": missing, "day": later} if there else "",
        "together": together % {"n": line.quantity, "day": later},
        "fewer": _("Only the %(n)s that are there") % {"n": there} if there else "",
        "now": now,
    }


def _room(line: OrderLine, preview: Preview) -> str:
    """Say how many more may wait, where too many do."""
    if (room := preview.room.get(line.position)) is None:
        return ""
    return " " + ngettext("%(n)s more may wait for it.", "%(n)s more may wait for it.", room) % {"n": room}


def _days_if_split(line: OrderLine, preview: Preview) -> tuple[str, str]:
    """Return when the units that are there come, and when the others do."""
    days = {parcel["kind"]: parcel["arrives_on"] for parcel in preview.split_of(line)}
    return spoken_day(days.get(promise.GOODS)), spoken_day(days.get(promise.BACKORDER))


def _why_of(line: OrderLine, order: Order, why: list[str]) -> list[str]:
    """Say how the sum of a line came about."""
    price = _("%(n)s × %(price)s") % {"n": line.quantity, "price": _amount(order, line.unit_price)}
    said = [price + (" " + _("with tax") if order.prices_include_tax else ""), *why]
    tax = {"rate": _share(line.tax_rate), "net": _amount(order, line.net_total), "tax": _amount(order, line.tax_total)}
    said.append(_("%(rate)s tax on %(net)s: %(tax)s") % tax)
    return said


def _share(rate: Decimal) -> str:
    return str(format_percent(rate, "#,##0.##\u00a0%", locale=locale(), decimal_quantization=False))


def _figures(preview: Preview) -> list[dict[str, Any]]:
    """Return the sums one below the other, each with what it is made of; they add up to the total."""
    order = preview.order
    units = sum(line.quantity for line in preview.lines)
    goods = ngettext("%(n)s unit, without tax", "%(n)s units, without tax", units) % {"n": units}
    found = [_figure(order, _("Goods"), order.subtotal, [goods])]
    if order.discount_total:
        names = [f"{one.name}: {_amount(order, one.net_total)}" for one in preview.charges if one.kind == "discount"]
        names += promotions_of(order)
        found.append(_figure(order, _("Discount"), -order.discount_total, names))
    shipping = [one for one in preview.charges if one.kind == "shipping"]
    where = country_name(PostalAddress.from_dict(order.shipping_address or order.billing_address).country)
    way = order.shipping_method.name_in(str(locale())) if order.shipping_method else ""
    ways = [" · ".join(filter(None, [way, where]))]
    found.append(_figure(order, _("Shipping"), order.shipping_total, [*ways, *_shared_taxes(order, shipping)]))
    if order.charges_total:
        found.append(_figure(order, _("Other charges"), order.charges_total, []))
    for part in order.tax_breakdown:
        rate, net = _share(Decimal(part["rate"])), _amount(order, Decimal(part["net"]))
        why = [_("%(rate)s on %(net)s") % {"rate": rate, "net": net}]
        if part["category"] in CATEGORIES:
            why.append(str(_(CATEGORIES[part["category"]])))
        found.append(_figure(order, _("VAT %(rate)s") % {"rate": rate}, Decimal(part["tax"]), why))
    return found


def _figure(order: Order, label: str, value: Decimal, why: list[str]) -> dict[str, Any]:
    return {"label": label, "value": _amount(order, value), "why": why}


def _shared_taxes(order: Order, charges: Sequence[Any]) -> list[str]:
    """Say how a charge is shared out over the rates of the goods, where there are several."""
    shares = [share for charge in charges for share in charge.taxes]
    if len(shares) < 2:
        return []
    said = [f"{_amount(order, Decimal(one['net']))} ({_share(Decimal(one['rate']))})" for one in shares]
    return [_("taxed as the goods are: %(parts)s") % {"parts": " + ".join(said)}]


def _promise(preview: Preview) -> dict[str, Any]:
    order = preview.order
    if preview.refused:
        return {"text": _("Decide first about what is missing"), "why": []}
    parcels = sorted(order.sourcing.get("parcels", []), key=lambda one: one["arrives_on"])
    day = spoken_day(order.estimated_delivery_on)
    return {
        "text": _("Everything by %(day)s") % {"day": day} if day else "",
        "why": [_parcel(one) for one in parcels],
    }


def _parcel(parcel: dict[str, Any]) -> str:
    units = sum(parcel["lines"].values())
    day, leaves = spoken_day(parcel["arrives_on"]), spoken_day(parcel["ships_on"])
    counted = ngettext("%(n)s unit", "%(n)s units", units) % {"n": units}
    if parcel["kind"] == promise.SERVICE:
        return _("%(units)s of work by %(day)s") % {"units": counted, "day": day}
    if parcel["kind"] == promise.BACKORDER:
        known = parcel.get("from")
        expected = (
            _("expected here on %(day)s") % {"day": spoken_day(known)} if known else _("not announced yet: a guess")
        )
        return _("%(units)s by %(day)s, %(expected)s") % {"units": counted, "day": day, "expected": expected}
    words = _("%(units)s from %(place)s by %(day)s, leaving on %(leaves)s")
    return words % {"units": counted, "place": parcel["warehouse"], "day": day, "leaves": leaves}


def _check(one: dict[str, Any]) -> dict[str, str]:
    return {"tone": "bad" if one["result"] == "fail" else "warn", "text": retold(one["reason"])}
