"""A sample of a seller's invoice: what a paper looks like before anything of it is saved. It is no document."""

from decimal import Decimal

from django.utils.translation import gettext as _

from billing import logos, typesetting
from billing.models import Invoice, InvoiceLine, LegalEntity
from billing.services import sheet, wording
from billing.services.drafting import as_printed
from core import seat

RATE = Decimal("0.19")


def sample_pdf(entity: LegalEntity, *, picture: bytes | None = None) -> bytes:
    """Draw an invoice of a seller in hand, saved or not, to a buyer who is made up; `picture` is another logo.

    In the language that is active. It has no number and goes into no ledger.
    """
    net = Decimal("100.00")
    tax = net * RATE
    invoice = Invoice(
        currency="EUR",
        seller=as_printed(entity),
        buyer={"name": _("Sample customer"), "address": {"name": _("Sample customer"), "country": "DE"}},
        tax_breakdown=[{"category": "S", "rate": str(RATE), "net": str(net), "tax": str(tax), "rounding": "0"}],
        net_total=net,
        tax_total=tax,
        total=net + tax,
    )
    row = InvoiceLine(
        position=1, sku="SKU", name=_("Sample article"), quantity=2, unit_price=net / 2, tax_rate=RATE,
        net_total=net, tax_total=tax, total=net + tax,
    )  # fmt: skip
    content = sheet.frame(invoice, [row])
    if picture is not None:
        content["logo"] = logos.for_paper(picture)
    seller = invoice.seller
    content |= {
        "title": _("Sample invoice"),
        "about": "",
        "notice": _("A sample: no invoice, and nothing is to be paid."),
        "facts": sheet.facts(invoice, (_("Invoice date"), sheet.day(seat.today()))),
        "settled": [],
        "state": {
            "done": False,
            "title": _("Here stands how it is paid"),
            "lines": [],
            "bank": wording.account(holder=entity.name, iban=entity.iban, bic=entity.bic, bank=entity.bank_name),
            "code": sheet.payment_code(seller, currency="EUR", amount=net + tax, text=_("Sample")),
        },
    }
    return typesetting.draw_document(content)
