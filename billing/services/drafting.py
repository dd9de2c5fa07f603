"""What a document says: worked out from the agreement, and copied, so that it never changes afterwards."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from billing import calculation
from billing.calculation import Amounts, Item, Rate
from billing.errors import NothingToInvoice
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, LegalEntity
from billing.services.sellers import ensure_default_entity
from core.money import plain, quantum, round_amount
from core.service import service
from orders.models import Order, OrderCharge, OrderLine
from pricing import services as pricing

PRICE = Decimal("0.000001")
NONE = (Decimal(0), Decimal(0), Decimal(0))
INTRA_COMMUNITY = "K"


@dataclass
class Claim:
    """What an invoice bills: units by line id, and the charges that stand on no invoice yet."""

    lines: list[OrderLine]
    charges: list[OrderCharge]
    units: Mapping[int, int]
    billed_units: Mapping[int, int]
    billed_charges: frozenset[int]
    earlier: Mapping[Rate, tuple[Decimal, Decimal]]

    @property
    def open_charges(self) -> list[OrderCharge]:
        """Return the charges that go on this invoice: all that have not been on one."""
        return [one for one in self.charges if one.position not in self.billed_charges]

    def items(self) -> list[Item]:
        """Return everything that was agreed, with what of it goes on this invoice."""
        found = []
        for line in self.lines:
            billable = line.quantity - line.cancelled
            if billable <= 0:
                continue
            net, tax = (
                round_amount(amount * billable / line.quantity, line.order.currency) if line.cancelled else amount
                for amount in (line.net_total, line.tax_total)
            )
            taken, units = self.billed_units.get(line.pk, 0), self.units.get(line.pk, 0)
            found.append(Item(line.pk, line.tax_category, line.tax_rate, billable, net, tax, net + tax, taken, units))
        for charge in self.charges:
            billed = charge.position in self.billed_charges
            for index, part in enumerate(parts_of(charge)):
                net, tax = Decimal(part["net"]), Decimal(part["tax"])
                key, rate = ("charge", charge.position, index), Decimal(part["rate"])
                found.append(Item(key, part["category"], rate, 1, net, tax, net + tax, int(billed), int(not billed)))
        return found


def parts_of(charge: OrderCharge) -> list[dict[str, Any]]:
    """Return a charge by rate: a charge on goods of several rates takes them all."""
    untaxed = {"category": "O", "rate": "0", "net": charge.net_total, "tax": charge.tax_total}
    return list(charge.taxes) or [untaxed]


def claim_on(order: Order, units: Mapping[int, int] | None, *, first: bool = False) -> Claim:
    """Read what was agreed and what earlier invoices bill; without `units`, claim everything that is left.

    `first`: the caller knows that there is no earlier invoice.
    """
    lines = list(OrderLine.objects.filter(order=order).order_by("position"))
    for line in lines:
        line.order = order
    charges = [one for one in OrderCharge.objects.filter(order=order).order_by("position") if not one.cancelled]
    billed_units: dict[int, int] = {}
    billed_charges: set[int] = set()
    known = () if first else Invoice.objects.filter(order=order).values_list("tax_breakdown", flat=True)
    if earlier := earlier_sums(known):
        rows = InvoiceLine.objects.filter(invoice__order=order).values("order_line", "charge_position")
        for row in rows.annotate(billed=Sum("quantity")).order_by():
            if row["order_line"]:
                billed_units[row["order_line"]] = row["billed"]
            elif row["charge_position"] is not None:
                billed_charges.add(row["charge_position"])
    left = {line.pk: line.quantity - line.cancelled - billed_units.get(line.pk, 0) for line in lines}
    # Somebody may have billed in advance what leaves now.
    units = left if units is None else {pk: min(wanted, left[pk]) for pk, wanted in units.items()}
    return Claim(lines, charges, units, billed_units, frozenset(billed_charges), earlier)


def earlier_sums(breakdowns: Iterable[list[dict[str, str]]]) -> dict[Rate, tuple[Decimal, Decimal]]:
    """Add up what documents state: per rate, the net and the agreed tax."""
    sums: dict[Rate, tuple[Decimal, Decimal]] = {}
    for row in (row for breakdown in breakdowns for row in breakdown):
        rate = (row["category"], Decimal(row["rate"]))
        net, tax = sums.get(rate, (Decimal(0), Decimal(0)))
        sums[rate] = (net + Decimal(row["net"]), tax + Decimal(row["tax"]) + Decimal(row["rounding"]))
    return sums


@service
def draft_invoice(
    order: Order,
    *,
    reference: str,
    units: Mapping[int, int] | None,
    supplied_on: date | None,
    first: bool = False,
    at: datetime,
) -> tuple[Invoice, list[InvoiceLine]]:
    """Write the draft of an invoice over units of an order in hand. Raises NothingToInvoice."""
    claim = claim_on(order, units, first=first)
    items = claim.items()
    if not any(item.units for item in items):
        raise NothingToInvoice(f"There is nothing on {order} to invoice", order=order.number, reference=reference)
    gross = order.prices_include_tax
    amounts = calculation.draw_up(items, earlier=claim.earlier, currency=order.currency, gross=gross)
    seller = ensure_default_entity()
    head = header(order, seller, amounts)
    if supplied_on is None and any(rate.category == INTRA_COMMUNITY for rate in amounts.rates):
        # Billed in advance: the standard asks for a day or a period (BR-IC-11), and this is what is known.
        head["buyer"]["supply_until"] = order.promised_on.isoformat() if order.promised_on else ""
    invoice = Invoice(
        **head,
        series=order.channel.document_series,
        source_reference=reference,
        supplied_on=supplied_on,
        created_at=at,
    )
    invoice.save(force_insert=True)
    lines = _rows(order, claim, amounts)
    for line in lines:
        line.invoice = invoice
    return invoice, InvoiceLine.objects.bulk_create(lines)


def preview(order: Order, *, whole: bool = False) -> tuple[Invoice, list[InvoiceLine]]:
    """Work out the invoice over all of an order that stands on none yet, or the `whole`, and write nothing of it.

    Raises NothingToInvoice.
    """
    claim = claim_on(order, None, first=whole)
    items = claim.items()
    if not any(item.units for item in items):
        raise NothingToInvoice(f"There is nothing on {order} to invoice", order=order.number)
    gross = order.prices_include_tax
    amounts = calculation.draw_up(items, earlier=claim.earlier, currency=order.currency, gross=gross)
    return Invoice(**header(order, ensure_default_entity(), amounts)), _rows(order, claim, amounts)


def header(order: Order, seller: LegalEntity, amounts: Amounts) -> dict[str, Any]:
    """Return what every document of an order says on top and at its end."""
    return {
        "order": order,
        "legal_entity": seller,
        "currency": order.currency,
        "language": order.language,
        "seller": _seller(seller),
        "buyer": _buyer(order),
        "ship_to": order.ship_to.as_dict(),
        **sums(amounts, order.currency),
    }


def sums(amounts: Amounts, currency: str) -> dict[str, Any]:
    """Return the figures of a document as its columns keep them."""
    return {
        "tax_breakdown": [
            {
                "category": rate.category,
                "rate": f"{rate.rate:.4f}",
                "net": plain(rate.net, currency),
                "tax": plain(rate.tax, currency),
                "rounding": plain(rate.rounding, currency),
            }
            for rate in amounts.rates
        ],
        "net_total": amounts.net_total,
        "tax_total": amounts.tax_total,
        "rounding": amounts.rounding,
        "total": amounts.total,
    }


def _seller(seller: LegalEntity) -> dict[str, Any]:
    names = ("name", "vat_id", "email", "phone", "bank_name", "iban", "bic")
    return {**{name: getattr(seller, name) for name in names}, "address": seller.address}


def _buyer(order: Order) -> dict[str, Any]:
    customer = order.customer
    return {
        "name": order.customer_name,
        "number": customer.number if customer else "",
        "vat_id": pricing.vat_id_told(order.explanation) or (customer.vat_id if customer else ""),
        "email": order.email,
        "address": order.bill_to.as_dict(),
        "order_number": order.number,
        "ordered_on": timezone.localdate(order.placed_at).isoformat() if order.placed_at else "",
        "purchase_order_number": order.purchase_order_number,
        "payment_terms": order.payment_terms,
        "prices_include_tax": order.prices_include_tax,
    }


def _rows(order: Order, claim: Claim, amounts: Amounts) -> list[InvoiceLine]:
    shares = {share.key: share for share in amounts.shares}
    rows = []
    for line in claim.lines:
        units = claim.units.get(line.pk, 0)
        if not units:
            continue
        price = line.unit_price / (1 + line.tax_rate) if order.prices_include_tax else line.unit_price
        share = shares[line.pk]
        discount = Decimal(0)
        if line.discount_total:
            discount = max(Decimal(0), round_amount(price * units, order.currency) - share.net)
        rows.append(
            InvoiceLine(
                order_line=line,
                sku=line.sku,
                name=line.name,
                quantity=units,
                unit_price=price.quantize(PRICE),
                tax_category=line.tax_category,
                tax_rate=line.tax_rate,
                discount_total=discount,
                net_total=share.net,
                tax_total=share.tax,
                total=share.total,
            )
        )
    for charge in claim.open_charges:
        for index, part in enumerate(parts_of(charge)):
            share = shares["charge", charge.position, index]
            rows.append(
                InvoiceLine(
                    charge_position=charge.position,
                    name=charge.name,
                    quantity=1,
                    unit_price=share.net,
                    tax_category=part["category"],
                    tax_rate=Decimal(part["rate"]),
                    net_total=share.net,
                    tax_total=share.tax,
                    total=share.total,
                )
            )
    for position, row in enumerate(rows, start=1):
        row.position = position
    return rows


@service
def draft_credit_note(
    invoice: Invoice,
    *,
    rows: Sequence[tuple[InvoiceLine, int, int]],
    reference: str,
    reason: str,
    at: datetime,
) -> CreditNote:
    """Write the draft of a credit note: `rows` are all rows of the invoice, units credited before, and now."""
    order = invoice.order
    amounts = credit_amounts(order, invoice, rows)
    shares = {share.key: share for share in amounts.shares}
    note = CreditNote(
        **header(order, invoice.legal_entity, amounts),
        invoice=invoice,
        series=invoice.series,
        reference=reference,
        reason=reason,
        created_at=at,
    )
    note.buyer = invoice.buyer
    note.save(force_insert=True)
    CreditNoteLine.objects.bulk_create(
        CreditNoteLine(
            credit_note=note,
            invoice_line=row,
            position=position,
            order_line_id=row.order_line_id,
            charge_position=row.charge_position,
            sku=row.sku,
            name=row.name,
            quantity=units,
            unit_price=row.unit_price if units else shares[row.pk].net,
            tax_category=row.tax_category,
            tax_rate=row.tax_rate,
            discount_total=calculation.share(row.discount_total, row.quantity, credited, units, note.currency),
            net_total=shares[row.pk].net,
            tax_total=shares[row.pk].tax,
            total=shares[row.pk].total,
        )
        for position, (row, credited, units) in enumerate(
            ((row, credited, units) for row, credited, units in rows if row.pk in shares), start=1
        )
    )
    return note


def credit_amounts(order: Order, invoice: Invoice, rows: Sequence[tuple[InvoiceLine, int, int]]) -> Amounts:
    """Work out what a credit over `rows` of an invoice takes back, given what earlier credits took.

    What was taken off the invoice as a whole comes off what comes back, in proportion to the goods of its rate.
    """
    gone: dict[Hashable, list[Decimal]] = {}
    before = CreditNoteLine.objects.filter(credit_note__invoice=invoice)
    for row_id, *amounts in before.values_list("invoice_line_id", "net_total", "tax_total", "total"):
        gone[row_id] = [sum(pair, Decimal(0)) for pair in zip(gone.get(row_id, NONE), amounts, strict=True)]
    return amounts_taken_back(rows, gone, currency=invoice.currency, gross=order.prices_include_tax)


def amounts_taken_back(
    rows: Sequence[tuple[InvoiceLine, int, int]],
    gone: Mapping[Hashable, Sequence[Decimal]],
    *,
    currency: str,
    gross: bool,
) -> Amounts:
    """Work out a credit over rows in hand; `gone` is net, tax and total that earlier ones took back, by row."""
    items = [
        _discount_item(row, now, rows, gone, currency)
        if is_discount(row)
        else Item(
            row.pk, row.tax_category, row.tax_rate, row.quantity, row.net_total, row.tax_total, row.total, done, now
        )
        for row, done, now in rows
    ]
    given: dict[Hashable, Decimal] = {
        row.pk: gone[row.pk][2] - gone[row.pk][0] for row, *_ in rows if row.pk in gone and not is_discount(row)
    }
    return calculation.take_back(items, given=given, currency=currency, gross=gross)


def is_discount(row: InvoiceLine) -> bool:
    """Whether a row takes something off the invoice as a whole."""
    return row.order_line_id is None and row.total < 0


def _discount_item(
    row: InvoiceLine,
    now: int,
    rows: Sequence[tuple[InvoiceLine, int, int]],
    gone: Mapping[Hashable, Sequence[Decimal]],
    currency: str,
) -> Item:
    """Return what is left of a discount, counted in minor units of the goods that are left beside it.

    Never more comes off than comes back: what was taken back without its discount in earlier times is gone.
    """
    net, tax, total = (
        whole - taken
        for whole, taken in zip((row.net_total, row.tax_total, row.total), gone.get(row.pk, NONE), strict=True)
    )
    key = (row.pk, row.tax_category, row.tax_rate)
    if now:
        return Item(*key, 1, net, tax, total, 0, 1)
    beside = [
        (one, done, units)
        for one, done, units in rows
        if one.order_line_id and (one.tax_category, one.tax_rate) == (row.tax_category, row.tax_rate)
    ]
    left = [
        [whole - taken for whole, taken in zip(amounts, gone.get(one.pk, NONE), strict=True)]
        for one, _done, _units in beside
        for amounts in [(one.net_total, one.tax_total, one.total)]
    ]
    goods = [sum(amounts, Decimal(0)) for amounts in zip(*left, strict=True)] if left else list(NONE)
    if goods[2] <= 0:
        return Item(*key, 1, net, tax, total, 0, 0)
    if total + goods[2] < 0:
        net, tax, total = (-amount for amount in goods)
    coming = sum(
        (calculation.share(one.total, one.quantity, done, units, currency) for one, done, units in beside), Decimal(0)
    )
    unit = quantum(currency)
    return Item(*key, int(goods[2] / unit), net, tax, total, 0, min(int(coming / unit), int(goods[2] / unit)))
