"""Papers before the invoice: the quotation and the proforma invoice.

They are no documents: drawn anew from what is agreed whenever somebody asks, with the figures that the invoice will
have, and kept nowhere but in the mail that carries them. They have no number of a series, and no ledger knows them.
"""

from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from billing import gateways, typesetting
from billing.errors import NoProforma, NothingToInvoice, NotOffered
from billing.models import Invoice
from billing.selectors import WAITING
from billing.services import sheet, wording
from billing.services.drafting import preview
from core import seat
from core.files import keep_file, read_file
from core.links import absolute
from core.models import Attachment, OutgoingMail
from orders import guards
from orders import wording as order_wording
from orders.letters import quotation_url
from orders.models import Draft, Order, OrderChange, OrderStatus

PDF = "application/pdf"
OVER = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)


def quotation_pdf(order_id: int, *, accept: bool = False) -> tuple[str, bytes]:
    """Return the name and the bytes of a quotation as PDF: what was offered, and what became of it.

    With `accept`, for who may accept it, the way to do so is printed while it is open. An order that was changed after
    it was accepted has the paper that went out. Raises NotOffered.
    """
    order = Order.objects.select_related("channel", "customer").get(pk=order_id)
    draft = Draft.objects.filter(order=order, offered_at__isnull=False, valid_until__isnull=False).first()
    if draft is None:
        raise NotOffered(f"{order} was not offered as a quotation", order=order.number)
    name = f"{order.number}-quotation.pdf"
    if not _is_as_offered(order):
        return name, _as_sent(order, draft)
    with translation.override(order.language):
        return name, _draw_quotation(order, draft, accept=accept)


def keep_quotation(order: Order) -> list[Attachment]:
    """Draw a quotation for the mail that offers it, and keep it with that."""
    name, content = quotation_pdf(order.pk, accept=True)
    return [keep_file(name=name, content=content, content_type=PDF, thread=order.history_thread())]


def _is_as_offered(order: Order) -> bool:
    """Whether an order still says what its customer read; before it is placed, a change takes the offer back."""
    if order.placed_at is None:
        return True
    changed = OrderChange.objects.filter(order=order, status=OrderChange.Status.APPLIED).exists()
    return not changed and not order.cancelled_total


def _as_sent(order: Order, draft: Draft) -> bytes:
    mails = OutgoingMail.objects.filter(
        kind="quotation", thread=order.history_thread(), created_at__gte=draft.offered_at
    )
    kept = Attachment.objects.filter(outgoingmail__in=mails, content_type=PDF).order_by("-pk").first()
    if kept is None:
        text = f"{order} was changed since it was offered; what was offered stands in the mail"
        raise NotOffered(text, order=order.number)
    return read_file(kept)


def _draw_quotation(order: Order, draft: Draft, *, accept: bool) -> bytes:
    paper, rows = preview(order, whole=True)
    offered_on = seat.day_of(draft.offered_at)
    paper.issued_on = offered_on
    content = sheet.frame(paper, rows)
    content |= {
        "title": _("Quotation %(number)s") % {"number": order.number},
        "about": "",
        "notice": _("This is an offer and no invoice: nothing is to be paid by it."),
        "facts": sheet.facts(
            paper,
            (_("Quotation number"), order.number),
            (_("Date"), sheet.day(offered_on)),
            (_("Valid until"), sheet.day(draft.valid_until)),
        ),
        "settled": [[_("Of it as a deposit"), _money(order, order.deposit_total)]] if order.deposit_total else [],
        "state": _state_of_offer(order, draft, accept=accept),
    }
    content["facts"] = [fact for fact in content["facts"] if fact[0] != _("Order number")]
    content["words"]["scan"] = _("Scan to accept")
    return typesetting.draw_document(content)


def _state_of_offer(order: Order, draft: Draft, *, accept: bool) -> dict[str, Any]:
    """Say how it is accepted, or that it was, or that it is over."""
    said: dict[str, Any] = {"done": False, "lines": [], "bank": [], "code": "", "link": []}
    words = {"day": sheet.day(draft.valid_until), "until": sheet.day(draft.valid_until)}
    if order.placed_at is not None:
        accepted = {"day": sheet.day(seat.day_of(order.placed_at)), "number": order.number}
        return said | {"done": True, "title": _("Accepted on %(day)s: it is order %(number)s.") % accepted}
    if order.status == OrderStatus.CANCELLED:
        return said | {"title": _("This offer was withdrawn.")}
    if order.status == OrderStatus.EXPIRED or draft.valid_until is None or draft.valid_until < seat.today():
        return said | {"title": _("This offer was valid until %(until)s. Its prices hold no more.") % words}
    lines = [_("Payment: %(terms)s.") % {"terms": order_wording.terms(order.payment_terms)}]
    if order.deposit_total:
        deposit = {"deposit": _money(order, order.deposit_total)}
        lines.append(
            _("Of it %(deposit)s is a deposit: you pay it when you accept, and then we begin.") % deposit,
        )
    lines.append(_("Goods are set aside when you accept, not before."))
    said |= {"title": _("Valid until %(day)s. Until then we keep to these prices.") % words, "lines": lines}
    if accept:
        page = quotation_url(order, version=order.version, valid_until=draft.valid_until)
        said |= {"link": [page, _("Read and accept it online")], "code": typesetting.page_code(page)}
    return said


def why_no_proforma(order: Order) -> str:
    """Return why there is no proforma invoice of an order, in words; nothing where there is one."""
    if order.status == OrderStatus.DRAFT:
        return _("It is not placed yet; what is offered is on the quotation.")
    if order.status in OVER:
        return _("It was cancelled; nothing is to be paid.")
    if order.invoice_status == Order.Invoiced.INVOICED:
        numbers = Invoice.objects.filter(order=order, number__isnull=False).order_by("pk")
        named = ", ".join(str(number) for number in numbers.values_list("number", flat=True)[:5])
        return _("All of it is invoiced: %(numbers)s. The invoice is its paper.") % {"numbers": named}
    return ""


def proforma_pdf(order_id: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a proforma invoice as PDF: what of an order is on no invoice yet.

    For who pays in advance and for customs. It states no tax amount and no rate, so that nobody takes it for an
    invoice (Directive 2006/112/EC art. 203 makes tax due by stating it). Raises NoProforma.
    """
    order = Order.objects.select_related("channel", "customer").get(pk=order_id)
    if reason := why_no_proforma(order):
        raise NoProforma(reason, order=order.number)
    try:
        with translation.override(order.language):
            return f"{order.number}-proforma.pdf", _draw_proforma(order)
    except NothingToInvoice:
        # Its invoice is written and gets its number in a moment, or nothing of it is wanted any more.
        raise NoProforma(_("There is nothing left of it to be invoiced."), order=order.number) from None


def _draw_proforma(order: Order) -> bytes:
    paper, rows = preview(order)
    due = _due(order, paper)
    taxed, currency = bool(paper.tax_total), paper.currency
    content = sheet.frame(paper, rows)
    content |= {
        "title": _("Proforma invoice for order %(number)s") % {"number": order.number},
        "about": "",
        "notice": _("No invoice for VAT: it gives no right to deduct input tax. The invoice follows with the goods."),
        "facts": sheet.facts(
            paper,
            (_("Date"), sheet.day(seat.today())),
            (_("Reference"), f"{order.number}-proforma"),
        ),
        "columns": ["", _("Article"), _("Quantity"), _("Net value"), *([_("With VAT")] if taxed else [])],
        "rows": [_row(place, parts, currency, taxed) for place, parts in enumerate(sheet.counted(rows), start=1)],
        "sums": [],
        "total": [_("Total with VAT") if taxed else _("Total"), _money(order, paper.total)],
        "taxes": [],
        "settled": _already(order, paper, due),
        "state": _how_to_pay(order, paper, due),
    }
    return typesetting.draw_document(content)


def _row(position: int, parts: list[sheet.Row], currency: str, taxed: bool) -> dict[str, Any]:
    row, net = parts[0], sum((part.net_total for part in parts), start=Decimal(0))
    figures = [str(row.quantity or ""), wording.figure(net, currency)]
    if taxed:
        figures.append(wording.figure(sum((part.total for part in parts), start=Decimal(0)), currency))
    return {"position": str(position), "name": row.name, "detail": sheet.detail(row), "figures": figures}


def _due(order: Order, paper: Invoice) -> Decimal:
    """Return what is still to be paid for what the paper lists: what came in or is held counts for it first."""
    billed = Invoice.objects.filter(order=order, status__in=WAITING)
    open_elsewhere = sum((one.open_amount for one in billed), start=Decimal(0))
    return max(Decimal(0), min(paper.total, order.balance_due - open_elsewhere - order.authorized_total))


def _already(order: Order, paper: Invoice, due: Decimal) -> list[list[str]]:
    if due == paper.total:
        return []
    paid = [_("Paid or reserved already"), _money(order, due - paper.total)]
    return [paid, [_("Still to pay"), _money(order, due)]]


def _how_to_pay(order: Order, paper: Invoice, due: Decimal) -> dict[str, Any]:
    if not due:
        return {"done": True, "title": _("Nothing is to be paid."), "lines": [], "bank": [], "code": ""}
    missing = guards.payment_missing(order)
    now = min(due, missing) if missing else due
    words = {"amount": _money(order, now), "number": order.number, "terms": order_wording.terms(order.payment_terms)}
    lines = [_("Quote %(number)s with the transfer.") % words]
    if now < due:
        lines.insert(0, _("It is the deposit: we begin as soon as it is here."))
    if gateways.offered() is not None:
        page = absolute(f"/track/?number={order.number}")
        lines.append(_("Or pay online: %(page)s") % {"page": page})
    seller = paper.seller
    title = _("Please pay %(amount)s in advance") if missing else _("To be paid: %(amount)s (%(terms)s)")
    return {
        "done": False,
        "title": title % words,
        "lines": lines,
        "bank": wording.account(
            holder=seller["name"],
            iban=seller.get("iban", ""),
            bic=seller.get("bic", ""),
            bank=seller.get("bank_name", ""),
        ),
        "code": sheet.payment_code(seller, currency=paper.currency, amount=now, text=str(order.number)),
    }


def _money(order: Order, amount: Decimal) -> str:
    return wording.money(amount, order.currency)
