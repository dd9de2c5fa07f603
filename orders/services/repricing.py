"""What an order costs after a change: quoted anew, with what was agreed for what stays."""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from core.money import plain
from orders.derivation import cancelled_worth
from orders.models import Order, OrderCharge, OrderLine
from pricing import services as pricing

from .composing import goods_key_of, name_of_charge
from .promising import country_of, region_of
from .retaxing import retax
from .reusing import settle_uses
from .reworking import Rework
from .routing import why_not_carried
from .taxing import buyer_at_supply, buyer_of, taxed_day

QUOTED = ("unit_price", "discount_total", "net_total", "tax_category", "tax_rate", "tax_total", "total")
TOTALS = ("subtotal", "discount_total", "shipping_total", "charges_total", "tax_total", "total")


def reprice(work: Rework, *, lock: bool) -> None:
    """Work out, on the objects, what all of it costs now; with `lock` the uses of its promotions are taken and given.

    Raises what pricing refuses.
    """
    order = work.order
    if not any(line.wanted for line in work.lines):
        work.refuse("/lines", "required", _("Nothing would be left; cancel the order instead"))
        return
    if text := why_not_carried(order.shipping_method, [line.product for line in work.lines if line.wanted]):
        work.refuse("/shipping_method", "not_carried", text)
        return
    if work.stands and work.is_taxed_anew:
        retax(work)
        return
    if work.stands:
        order.cancelled_total = cancelled_worth(order, work.lines, work.charges)
        order.credited_total += work.to_credit
        return
    before, now = _agreed_before(work), _agreed_now(work)

    def quote_without(without: Collection[str]) -> pricing.Quote:
        return pricing.requote_order(
            before,
            now,
            told=order.explanation,
            anew=work.told,
            without=without,
            by=str(work.actor),
            why=work.reason,
        )

    quote = settle_uses(work, quote_without, lock=lock)
    for name in TOTALS:
        setattr(order, name, getattr(quote, name))
    order.tax_breakdown, order.explanation = quote.tax_breakdown, quote.explanation
    quoted = {one.key: one for one in quote.lines}
    for line in work.lines:
        if line.position in quoted:
            for name in QUOTED:
                setattr(line, name, getattr(quoted[line.position], name))
            continue
        line.discount_total = line.net_total = line.tax_total = line.total = Decimal(0)
    _charge(work, quote)
    order.goods_key = goods_key_of((line.sku, line.wanted) for line in work.lines if line.wanted)


def _agreed_now(work: Rework) -> pricing.Agreed:
    order = work.order
    return pricing.Agreed(
        channel=order.channel,
        currency=order.currency,
        prices_include_tax=order.prices_include_tax,
        on=taxed_day(order),
        lines=[_agreed_line(line) for line in work.lines if line.wanted],
        country=country_of(order),
        region=region_of(order),
        method=order.shipping_method,
        shipping=_delivery(work),
        charges=[_as_agreed(one, order) for one in work.charges if one.kind != OrderCharge.Kind.SHIPPING],
        buyer=buyer_at_supply(order, work.lines) if work.is_taxed_anew else buyer_of(order, work.lines),
        total=order.total,
    )


def _as_agreed(charge: OrderCharge, order: Order) -> pricing.ChargeInput:
    """Return a charge as it was asked for or granted: with who did that, and what was said of it."""
    about, amount = f"{charge.kind}:{charge.code}", plain(charge.amount, order.currency)
    told = [one for one in order.explanation if (one["about"], one.get("amount")) == (about, amount)]
    said = told[0] if told else {}
    return pricing.ChargeInput(
        kind=charge.kind,
        code=charge.code,
        name=charge.name,
        amount=charge.amount,
        reason=said.get("text", ""),
        by=said.get("by", ""),
    )


def _agreed_before(work: Rework) -> pricing.Agreed:
    was = {line["position"]: line for line in work.before["lines"]}
    lines = [
        replace(
            _agreed_line(line),
            quantity=was[line.position]["quantity"],
            unit_price=Decimal(was[line.position]["unit_price"]),
        )
        for line in work.lines
        if line.position in was
    ]
    method, country = work.way_before
    buyer = buyer_of(work.order, work.lines)
    now = replace(_agreed_now(work), lines=lines, on=work.taxed_before, buyer=buyer)
    return replace(now, method=method, country=country, region=work.region_before)


def _delivery(work: Rework) -> Decimal | None:
    """Return what is asked for the delivery; nothing is asked where it is free."""
    asked = [one.amount for one in work.charges if one.kind == OrderCharge.Kind.SHIPPING]
    return sum(asked, start=Decimal(0)) if asked or work.way_before[0] is not None else None


def _charge(work: Rework, quote: pricing.Quote) -> None:
    """Write the charges of a quote onto those that are there, each onto the one it was."""
    is_delivery = {True: list[OrderCharge](), False: list[OrderCharge]()}
    for one in work.charges:
        is_delivery[one.kind == OrderCharge.Kind.SHIPPING].append(one)
    taken, kept = {one.position for one in work.charges}, []
    for priced in quote.charges:
        same = is_delivery[priced.kind == OrderCharge.Kind.SHIPPING]
        if same:
            charge = same.pop(0)
        else:
            free = next(place for place in range(1, len(taken) + 2) if place not in taken)
            charge = OrderCharge(order=work.order, position=free, kind=priced.kind)
            taken.add(free)
        charge.code = priced.code[:40]
        charge.name = name_of_charge(work.order, priced.code, priced.name)[:200]
        for name in ("amount", "taxes", "net_total", "tax_total", "total"):
            setattr(charge, name, getattr(priced, name))
        kept.append(charge)
    work.dropped = [one for some in is_delivery.values() for one in some]
    work.charges = sorted(kept, key=lambda one: one.position)


def _agreed_line(line: OrderLine) -> pricing.AgreedLine:
    return pricing.AgreedLine(
        key=line.position,
        product=line.product,
        quantity=line.wanted,
        unit_price=line.unit_price,
        tax_total=line.tax_total or Decimal(0),
        total=line.total or Decimal(0),
    )
