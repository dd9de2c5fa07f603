"""What a document says: worked out from the agreement, and copied, so that it never changes afterwards."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing import calculation
from billing.calculation import Amounts
from billing.errors import NothingToInvoice
from billing.models import Invoice, InvoiceLine, LegalEntity
from billing.services.claiming import Claim, claim_on
from billing.services.registered import vat_id_for
from billing.services.sellers import ensure_default_entity, seller_of_order
from core.money import plain, round_amount
from core.service import service
from orders.derivation import is_discount, parts_of
from orders.models import Order
from pricing import services as pricing

PRICE = Decimal("0.000001")
INTRA_COMMUNITY, EXEMPT, UNTAXED = "K", "E", "O"


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
    """Write the draft of an invoice over units of an order in hand. Raises NothingToInvoice, and SeveralOrigins."""
    claim, parcel = claim_on(order, units, first=first), None if units is None else reference
    head, lines = _worked_out(order, claim, reference=reference, parcel=parcel, supplied_on=supplied_on)
    invoice = Invoice(**head, source_reference=reference, created_at=at)
    invoice.save(force_insert=True)
    return invoice, _written(lines, invoice)


@service
def redraw_invoice(order: Order, draft: Invoice, *, supplied_on: date | None, at: datetime) -> None:
    """Make a draft of an order in hand what is to be billed now: all that stands on no other.

    It stays the row it was, so that who asked for it finds it, and the debt that issues it stands. Raises
    NothingToInvoice, and SeveralOrigins.
    """
    claim, reference = claim_on(order, None, but=draft.pk), draft.source_reference
    head, lines = _worked_out(order, claim, reference=reference, parcel=None, supplied_on=supplied_on)
    for name, value in {**head, "created_at": at}.items():
        setattr(draft, name, value)
    draft.save()
    InvoiceLine.objects.filter(invoice=draft).delete()
    _written(lines, draft)


def _worked_out(
    order: Order, claim: Claim, *, reference: str, parcel: str | None, supplied_on: date | None
) -> tuple[dict[str, Any], list[InvoiceLine]]:
    items = claim.items()
    if not any(item.units for item in items):
        raise NothingToInvoice(f"There is nothing on {order} to invoice", order=order.number, reference=reference)
    gross = order.prices_include_tax
    amounts = calculation.draw_up(items, earlier=claim.earlier, currency=order.currency, gross=gross)
    seller = _seller_of(order)
    head = header(order, seller, amounts, reason=pricing.exemption_told(order.explanation))
    if supplied_on is None and any(rate.category == INTRA_COMMUNITY for rate in amounts.rates):
        # Billed in advance: the standard asks for a day or a period (BR-IC-11), and this is what is known.
        head["buyer"]["supply_until"] = order.promised_on.isoformat() if order.promised_on else ""
    if seller.vat_registrations:
        head["seller"]["vat_id"] = vat_id_for(order, claim, seller, head["tax_breakdown"], parcel=parcel)
    head |= {"series": order.channel.document_series, "supplied_on": supplied_on}
    return head, _rows(order, claim, amounts)


def _written(lines: list[InvoiceLine], invoice: Invoice) -> list[InvoiceLine]:
    for line in lines:
        line.invoice = invoice
    return InvoiceLine.objects.bulk_create(lines)


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
    reason = pricing.exemption_told(order.explanation)
    return Invoice(**header(order, _seller_of(order), amounts, reason=reason)), _rows(order, claim, amounts)


def _seller_of(order: Order) -> LegalEntity:
    return seller_of_order(order.pk) or ensure_default_entity()


def header(
    order: Order, seller: LegalEntity, amounts: Amounts, *, reason: str, places: pricing.TaxPlaces | None = None
) -> dict[str, Any]:
    """Return what every document of an order says on top and at its end; `places` is whose tax it bears."""
    places = places or pricing.tax_places_told(order.explanation, order.ship_to.country)
    return {
        "order": order,
        "legal_entity": seller,
        "currency": order.currency,
        "language": order.language,
        "seller": as_printed(seller),
        "buyer": buyer_of(order),
        "ship_to": order.ship_to.as_dict(),
        **sums(amounts, order.currency, reason=reason, places=places),
    }


def sums(amounts: Amounts, currency: str, *, reason: str, places: pricing.TaxPlaces) -> dict[str, Any]:
    """Return the figures of a document as its columns keep them, with the reason of who is exempt, whose tax it is
    where the address does not say so, and whether consumers in other member states bear it.
    """
    return {
        "tax_breakdown": [
            {
                "category": rate.category,
                "rate": f"{rate.rate:.4f}",
                "net": plain(rate.net, currency),
                "tax": plain(rate.tax, currency),
                "rounding": plain(rate.rounding, currency),
                **({"reason": reason} if reason and rate.category == EXEMPT else {}),
                **({"country": whose} if (whose := places.country(rate.category, rate.rate)) else {}),
                **({"article": places.article} if places.article and rate.category == UNTAXED else {}),
                **({"distance": True} if (rate.category, rate.rate) in places.distant else {}),
            }
            for rate in amounts.rates
        ],
        "net_total": amounts.net_total,
        "tax_total": amounts.tax_total,
        "rounding": amounts.rounding,
        "total": amounts.total,
    }


def as_printed(seller: LegalEntity) -> dict[str, Any]:
    """Return a seller as papers copy him; of his logo the checksum, so that what is issued keeps the one it had."""
    names = ("name", "vat_id", "email", "phone", "bank_name", "iban", "bic")
    logo = {"logo": seller.logo.sha256} if seller.logo else {}
    return {**{name: getattr(seller, name) for name in names}, "address": seller.address, **logo}


def buyer_of(order: Order) -> dict[str, Any]:
    """Return who is billed for an order, as papers copy it."""
    customer = order.customer
    return {
        "name": order.customer_name,
        "number": customer.number if customer else "",
        "vat_id": pricing.vat_id_on_papers(order.explanation, customer),
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
    for charge in claim.charges:
        for index, part in enumerate(parts_of(charge)):
            of_charge = shares.get(("charge", charge.position, index))
            # A discount that comes to nothing here is told with the last parcel, unless an earlier one did.
            told_of = claim.is_billed(charge) or not claim.is_last
            if of_charge is None or (told_of and is_discount(charge) and not of_charge.total):
                continue
            rows.append(
                InvoiceLine(
                    charge_position=charge.position,
                    name=charge.name,
                    quantity=1,
                    unit_price=of_charge.net,
                    tax_category=part["category"],
                    tax_rate=Decimal(part["rate"]),
                    net_total=of_charge.net,
                    tax_total=of_charge.tax,
                    total=of_charge.total,
                )
            )
    for position, row in enumerate(rows, start=1):
        row.position = position
    return rows
