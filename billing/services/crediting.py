"""What a credit note says: worked out from what is left of the rows of its invoice."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from billing import calculation
from billing.calculation import Amounts, Item
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from billing.services.drafting import header
from core.money import quantum
from core.service import service
from orders.models import Order

NONE = (Decimal(0), Decimal(0), Decimal(0))


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
    items = [
        _discount_item(row, now, rows, gone, invoice.currency)
        if takes_off(row)
        else Item(
            row.pk, row.tax_category, row.tax_rate, row.quantity, row.net_total, row.tax_total, row.total, done, now
        )
        for row, done, now in rows
    ]
    given: dict[Hashable, Decimal] = {
        row.pk: gone[row.pk][2] - gone[row.pk][0] for row, *_ in rows if row.pk in gone and not takes_off(row)
    }
    return calculation.take_back(items, given=given, currency=invoice.currency, gross=order.prices_include_tax)


def takes_off(row: InvoiceLine) -> bool:
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
    goods = [one for one in rows if one[0].order_line_id]
    same = [one for one in goods if (one[0].tax_category, one[0].tax_rate) == key[1:]]
    beside = same or goods
    left = [
        [whole - taken for whole, taken in zip(amounts, gone.get(one.pk, NONE), strict=True)]
        for one, _done, _units in beside
        for amounts in [(one.net_total, one.tax_total, one.total)]
    ]
    rest = [sum(amounts, Decimal(0)) for amounts in zip(*left, strict=True)] if left else list(NONE)
    if rest[2] <= 0:
        return Item(*key, 1, net, tax, total, 0, 0)
    if total + rest[2] < 0:
        net, tax, total = (-amount for amount in rest)
    coming = sum(
        (calculation.share(one.total, one.quantity, done, units, currency) for one, done, units in beside), Decimal(0)
    )
    unit = quantum(currency)
    return Item(*key, int(rest[2] / unit), net, tax, total, 0, min(int(coming / unit), int(rest[2] / unit)))
