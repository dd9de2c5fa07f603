"""What a credit note says: worked out from what is left of the rows of its invoice."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from billing import calculation
from billing.calculation import Amounts, Item, Rate, Share
from billing.errors import CreditExceedsInvoice
from billing.models import CreditNote, CreditNoteLine, DistanceSale, Invoice, InvoiceLine
from billing.services import wording
from billing.services.common import summed
from billing.services.drafting import header
from core.money import Money, apportion, plain, quantum, round_amount
from core.service import service
from pricing import services as pricing

NONE = (Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True)
class Left:
    """What is left of a row of an invoice after the credit notes so far."""

    row: InvoiceLine
    units: int
    net: Decimal
    tax: Decimal
    total: Decimal

    def truth(self, *, gross: bool) -> Decimal:
        """Return it net or gross, as the prices are."""
        return self.total if gross else self.net

    @property
    def rate(self) -> Rate:
        """Where it is taxed."""
        return self.row.tax_category, self.row.tax_rate


@dataclass(frozen=True)
class Wanted:
    """What a credit takes back of a row: units, or an amount that is net or gross as the prices are."""

    left: Left
    credited: int
    units: int = 0
    amount: Decimal = Decimal(0)

    @property
    def row(self) -> InvoiceLine:
        """Return the row of the invoice."""
        return self.left.row


@service
def draft_credit_note(
    invoice: Invoice,
    *,
    wanted: Sequence[Wanted],
    reference: str,
    reason: str,
    at: datetime,
) -> CreditNote:
    """Write the draft of a credit note: `wanted` are all rows of the invoice, with what is credited of each."""
    order = invoice.order
    gross, in_money = order.prices_include_tax, is_in_money(invoice, wanted)
    amounts = amounts_of(wanted, currency=invoice.currency, gross=gross, in_money=in_money)
    shares = {share.key: share for share in amounts.shares}
    note = CreditNote(
        **header(
            order,
            invoice.legal_entity,
            amounts,
            reason=next(iter(wording.reasons(invoice.tax_breakdown)), ""),
            places=_places_of(invoice),
        ),
        invoice=invoice,
        series=invoice.series,
        reference=reference,
        reason=reason,
        created_at=at,
    )
    note.buyer, note.ship_to = invoice.buyer, invoice.ship_to
    if invoice.seller.get("vat_id") in invoice.legal_entity.vat_registrations.values():
        # The country that the goods left from is that of the invoice.
        note.seller["vat_id"] = invoice.seller["vat_id"]
    note.save(force_insert=True)
    here = [one for one in wanted if one.row.pk in shares]
    CreditNoteLine.objects.bulk_create(
        _line(note, position, one, shares[one.row.pk], in_money=in_money) for position, one in enumerate(here, start=1)
    )
    return note


def _places_of(invoice: Invoice) -> pricing.TaxPlaces:
    """Return whose tax an invoice bears, as it says itself: what is credited is booked where that was.

    What the order says of it may be told otherwise by now than when the invoice was written.
    """
    parts = {(part["category"], Decimal(part["rate"])): part for part in invoice.tax_breakdown}
    distant = frozenset(rate for rate, part in parts.items() if part.get("distance"))
    if not distant and DistanceSale.objects.filter(invoice=invoice, credit_note=None).exists():
        # It was counted before single rates were marked: with all that is taxed.
        distant = frozenset(rate for rate in parts if rate[0] in pricing.TAXED)
    return pricing.TaxPlaces(
        others={rate: str(part["country"]) for rate, part in parts.items() if part.get("country")},
        distant=distant,
        article=next((str(part["article"]) for part in parts.values() if part.get("article")), ""),
    )


def _line(note: CreditNote, position: int, one: Wanted, share: Share, *, in_money: bool) -> CreditNoteLine:
    """Return a row of a credit note; an amount, and the rest of a discount, is said as one piece of it."""
    row, currency = one.row, note.currency
    if in_money and one.units and not takes_off(row):
        # A part of what these units cost was given back before.
        discount = max(Decimal(0), round_amount(row.unit_price * one.units, currency) - share.net)
    else:
        discount = calculation.share(row.discount_total, row.quantity, one.credited, one.units, currency)
    return CreditNoteLine(
        credit_note=note,
        invoice_line=row,
        position=position,
        order_line_id=row.order_line_id,
        charge_position=row.charge_position,
        sku=row.sku,
        name=row.name,
        quantity=one.units,
        unit_price=row.unit_price if one.units and not takes_off(row) else share.net,
        tax_category=row.tax_category,
        tax_rate=row.tax_rate,
        discount_total=discount,
        net_total=share.net,
        tax_total=share.tax,
        total=share.total,
    )


def left_of(invoice: Invoice) -> list[Left]:
    """Return what is left of every row of an invoice, credits that wait for their number counted."""
    gone = {
        row_id: (units, *amounts)
        for row_id, units, *amounts in CreditNoteLine.objects.filter(credit_note__invoice=invoice)
        .values_list("invoice_line")
        .annotate(Sum("quantity"), Sum("net_total"), Sum("tax_total"), Sum("total"))
        .order_by()
    }
    found = []
    for row in InvoiceLine.objects.filter(invoice=invoice).order_by("position"):
        units, *amounts = gone.get(row.pk, (0, *NONE))
        whole = (row.net_total, row.tax_total, row.total)
        rest = [round_amount(one - back, invoice.currency) for one, back in zip(whole, amounts, strict=True)]
        found.append(Left(row, row.quantity - units, *rest))
    return found


def credit_amounts(invoice: Invoice, wanted: Sequence[Wanted], *, gross: bool) -> Amounts:
    """Work out what a credit over all rows of an invoice takes back, given what earlier credits took."""
    return amounts_of(wanted, currency=invoice.currency, gross=gross, in_money=is_in_money(invoice, wanted))


def is_in_money(invoice: Invoice, wanted: Sequence[Wanted]) -> bool:
    """Whether this credit, or an earlier one of the invoice, takes back an amount of a row, and not units."""
    if any(one.amount for one in wanted):
        return True
    off = Q(invoice_line__order_line=None, invoice_line__total__lt=0)
    return CreditNoteLine.objects.filter(~off, credit_note__invoice=invoice, quantity=0).exists()


def amounts_of(wanted: Sequence[Wanted], *, currency: str, gross: bool, in_money: bool) -> Amounts:
    """Work out what is taken back of rows in hand, all of an invoice.

    What was taken off the invoice as a whole comes off the units that come back, in proportion to the goods of its
    rate. As long as nothing but units was credited, units are worth what so many come to less what those before came
    to; from then on (`in_money`) the units that are left share what is left of their row.
    """
    items: dict[Hashable, Item] = {
        one.row.pk: _left_item(one, currency, gross=gross) if in_money else _item(one)
        for one in wanted
        if not takes_off(one.row)
    }
    given: dict[Hashable, Decimal] = {}
    if not in_money:
        # The agreed tax (total less net) that earlier credits took back.
        given = {
            one.row.pk: one.row.total - one.row.net_total - (one.left.total - one.left.net)
            for one in wanted
            if one.row.pk in items
        }
    for one in wanted:
        if takes_off(one.row):
            items[one.row.pk] = _discount_item(one, wanted, items, currency, gross=gross)
    in_order = [items[one.row.pk] for one in wanted]
    billed = [_item(one) for one in wanted]
    return _said(calculation.take_back(in_order, billed=billed, given=given, currency=currency, gross=gross), wanted)


def _said(amounts: Amounts, wanted: Sequence[Wanted]) -> Amounts:
    """Leave out what was taken off the whole and is gone, with its rate where nothing else is said at it.

    Units of goods are said whatever they cost: somebody sent them back.
    """
    rows: dict[Hashable, InvoiceLine] = {one.row.pk: one.row for one in wanted}
    shares = [one for one in amounts.shares if one.net or one.tax or one.total or not takes_off(rows[one.key])]
    named = {(row.tax_category, row.tax_rate) for row in (rows[one.key] for one in shares)}
    return Amounts(shares, [sum_ for sum_ in amounts.rates if (sum_.category, sum_.rate) in named])


def takes_off(row: InvoiceLine) -> bool:
    """Whether a row takes something off the invoice as a whole."""
    return row.order_line_id is None and row.total < 0


def _item(one: Wanted) -> Item:
    row = one.row
    whole = (row.net_total, row.tax_total, row.total)
    return Item(row.pk, row.tax_category, row.tax_rate, row.quantity, *whole, one.credited, one.units)


def _left_item(one: Wanted, currency: str, *, gross: bool) -> Item:
    """Return what is left of a row: its units, or its minor units where an amount of it is credited."""
    left, truth = one.left, one.left.truth(gross=gross)
    key = (one.row.pk, *left.rate)
    rest = (left.net, left.tax, left.total)
    if one.amount:
        unit = quantum(currency)
        return Item(*key, int(truth / unit), *rest, 0, int(one.amount / unit))
    units = max(1, left.units)
    # Of what has no money left, nothing is still to come: the last credit is over all the rest.
    return Item(*key, units, *rest, 0 if truth else units - one.units, one.units)


def _discount_item(
    one: Wanted, wanted: Sequence[Wanted], items: Mapping[Hashable, Item], currency: str, *, gross: bool
) -> Item:
    """Return what is left of a discount, counted in minor units of what is left of the rows that carry it.

    Never more comes off than comes back, nor stays than is still to come: the parts are cut net or gross as the
    prices are, and a second discount is carried by what the first one leaves. What was taken back without its
    discount in earlier times is gone. An amount that is credited is what the customer gets: nothing comes off it.
    """
    net, tax, total = one.left.net, one.left.tax, one.left.total
    key = (one.row.pk, *one.left.rate)
    if one.units:
        return Item(*key, 1, net, tax, total, 0, 1)
    carried = _carriers(one, wanted, gross=gross)
    carried += [other for other in wanted if takes_off(other.row) and other.row.pk in items and _same(other, one)]
    rest = [sum((getattr(other.left, name) for other in carried), Decimal(0)) for name in ("net", "tax", "total")]
    truth, whole = one.left.truth(gross=gross), rest[2] if gross else rest[0]
    if truth + whole < 0:
        net, tax, total = (-amount for amount in rest)
    if whole <= 0:
        # Nothing is left to carry it, so nothing of it is still to come.
        return Item(*key, 1, net, tax, total, 1, 0)
    name = "total" if gross else "net"
    coming = sum(
        (
            calculation.share(getattr(item, name), item.quantity, item.taken, item.units, currency)
            for other in carried
            if not other.amount
            for item in [items[other.row.pk]]
        ),
        Decimal(0),
    )
    unit = quantum(currency)
    return Item(*key, int(whole / unit), net, tax, total, 0, min(int(coming / unit), int(whole / unit)))


def _carriers(one: Wanted, wanted: Sequence[Wanted], *, gross: bool) -> list[Wanted]:
    """Return the rows that carry a discount: goods of its rate, charges too where it is more than those."""
    goods = [other for other in wanted if other.row.order_line_id]
    there = [other for other in wanted if _same(other, one)]
    name = "total" if gross else "net_total"
    off, worth = (
        sum((getattr(other.row, name) for other in rows), Decimal(0))
        for rows in (
            [other for other in there if takes_off(other.row)],
            [other for other in there if other.row.order_line_id],
        )
    )
    if off + worth >= 0:
        return [other for other in there if other.row.order_line_id]
    return [other for other in there if not takes_off(other.row)] or goods


def _same(other: Wanted, one: Wanted) -> bool:
    return other.left.rate == one.left.rate


def in_amounts(invoice: Invoice, left: Sequence[Left], amounts: Mapping[int, Decimal], *, gross: bool) -> list[Wanted]:
    """Return the rows of an invoice with the amounts that are credited of each.

    Raises CreditExceedsInvoice where a row, or with what was taken off its rate, the invoice has less left.
    """
    found = []
    for one in left:
        wanted, most = amounts.get(one.row.pk, Decimal(0)), one.truth(gross=gross)
        if wanted and (takes_off(one.row) or wanted > most):
            raise _exceeds(invoice, one.row.name, Decimal(0) if takes_off(one.row) else most, row=one.row.pk)
        found.append(Wanted(one, one.row.quantity - one.units, amount=wanted))
    most = summed(one.truth(gross=gross) for one in left)
    if summed(amounts.values()) > most:
        raise _exceeds(invoice, str(invoice), most)
    for rate in {one.rate for one in left}:
        there = [one for one in found if one.left.rate == rate]
        most = summed(one.left.truth(gross=gross) for one in there)
        asked = summed(one.amount for one in there)
        if asked > most:
            named = next(one.row for one in there if one.amount)
            raise _exceeds(invoice, named.name, most, row=named.pk)
        if asked and asked == most:
            # All that is left at a rate is all of its rows, with what was taken off.
            found = [_all_of(one, gross=gross) if one.left.rate == rate else one for one in found]
    return found


def _all_of(one: Wanted, *, gross: bool) -> Wanted:
    if takes_off(one.row):
        return replace(one, units=1 if one.left.total else 0)
    return replace(one, amount=one.left.truth(gross=gross))


def shared_out(invoice: Invoice, left: Sequence[Left], amount: Decimal, *, gross: bool) -> dict[int, Decimal]:
    """Share an amount out over what is left of an invoice: by rate first, then over the rows of each.

    Raises CreditExceedsInvoice where less is left.
    """
    rates: dict[Rate, Decimal] = {}
    for one in left:
        rates[one.rate] = rates.get(one.rate, Decimal(0)) + one.truth(gross=gross)
    most = summed(rates.values())
    if amount > most or most <= 0:
        raise _exceeds(invoice, str(invoice), most)
    open_rates = {rate: rest for rate, rest in rates.items() if rest > 0}
    parts = apportion(amount, list(open_rates.values()), invoice.currency)
    found: dict[int, Decimal] = {}
    for rate, part in zip(open_rates, parts, strict=True):
        rows = [one for one in left if one.rate == rate and not takes_off(one.row) and one.truth(gross=gross) > 0]
        shares = apportion(part, [one.truth(gross=gross) for one in rows], invoice.currency)
        found |= {one.row.pk: share for one, share in zip(rows, shares, strict=True) if share}
    return found


def _exceeds(invoice: Invoice, name: str, most: Decimal, *, row: int | None = None) -> CreditExceedsInvoice:
    most = max(Decimal(0), most)
    left = Money(most, invoice.currency)
    text = _("Only %(left)s of %(name)s is left to credit") % {"left": left, "name": name}
    fault = {"pointer": f"/amount_{row}" if row else "/amount", "code": "credit_exceeds_invoice", "detail": text}
    return CreditExceedsInvoice(text, invoice=invoice.number, left=plain(most, invoice.currency), errors=[fault])
