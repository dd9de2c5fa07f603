"""An invoice that is right but for whom it names is taken back in full and written again, over the same rows."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing import selectors
from billing.cards import without_cards
from billing.errors import AlreadyReplaced, NotIssued, NotRewritable, ReasonMissing
from billing.invoice_events import InvoiceReplaced
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, InvoicePayment, Refund, WriteOff
from billing.services import wording
from billing.services.asking import say_on_paper
from billing.services.common import OVER, moment, take_invoice, units_by_line
from billing.services.crediting import draft_credit_note
from billing.services.credits import all_that_is_left, issue_credit_note, number_note, take_off
from billing.services.drafting import as_printed, buyer_of
from billing.services.freeing import free_what_was_credited
from billing.services.invoicing import issue
from billing.services.ledger import open_moment
from billing.services.matching import match_money, purses_of, write_matches
from billing.services.writing_off import give_up, tell_write_offs
from core.actors import Actor
from core.outbox import emit
from core.service import service
from orders import services as orders
from orders.inputs import Party
from orders.models import Order, OrderLine

AS_IT_IS = Party()
# What a row of an invoice has in common with that of the credit note that took it back.
ROW = (
    *("position", "order_line_id", "charge_position", "sku", "name", "quantity", "unit_price", "tax_category"),
    *("tax_rate", "discount_total", "net_total", "tax_total", "total"),
)
SUMS = ("tax_breakdown", "net_total", "tax_total", "rounding", "total")


@service
def rewrite_invoice(invoice_id: int, *, party: Party = AS_IT_IS, reason: str, actor: Actor) -> Invoice:
    """Take back what is left of an invoice and write it again for who is billed after all. Returns the new one.

    All in one transaction, dated now: the order says who is billed (`party` corrects that), the credit note names the
    invoice, the new invoice what it replaces, and what was paid on the one is paid on the other. What the order comes
    to, owes and was billed stays. One that was credited in full before is written again over what its last credit note
    took back, as far as that is still wanted.

    Raises ReasonMissing, NotIssued, AlreadyReplaced, NotRewritable, and what `orders.correct_party` raises.
    """
    order, old = take_invoice(invoice_id)
    if not (why := without_cards(reason).strip()[:300]):
        fault = {"pointer": "/reason", "code": "required", "detail": _("Say what was wrong with it")}
        raise ReasonMissing(fault["detail"], errors=[fault])
    at = open_moment(old.legal_entity_id, moment(None))
    for draft in CreditNote.objects.filter(invoice=old, status=CreditNote.Status.DRAFT).order_by("pk"):
        # Of what is being credited nothing is written again.
        issue_credit_note(draft.pk, actor=actor, at=at)
    _order, old = take_invoice(invoice_id)
    _refuse(order, old)
    paid = dict(InvoicePayment.objects.filter(invoice=old, amount__gt=0).values_list("payment", "amount"))
    given_up = _given_up(old)
    taken_before = _last_note(old) if old.status == Invoice.Status.CANCELLED else None
    note = taken_before or _take_back(order, old, reason=why, actor=actor, at=at)
    lines = list(CreditNoteLine.objects.filter(credit_note=note).order_by("position"))
    if taken_before:
        _want_again(order, old, note, lines, actor=actor, at=at)
    free_what_was_credited(order, actor=actor, at=at)
    orders.correct_party(order.pk, party, note=why, actor=actor, at=at)
    new, rows = _draft(order, old, note, lines, at=at)
    _settle(order, new, paid, actor=actor, at=at)
    issue(order, new, rows, paid=new.paid_total, note=why, actor=actor, at=at)
    if not taken_before:
        with translation.override(note.language):
            note.notes = _("It is written again as invoice %(number)s.") % {"number": new.number}
        number_note(order, note, lines, "apply", written_again=True, actor=actor, at=at)
    fact = InvoiceReplaced(
        order_id=order.pk,
        quiet=order.quiet,
        invoice_id=old.pk,
        invoice=str(old.number),
        replaced_by=str(new.number),
        credit_note=str(note.number),
    )
    emit(fact, actor=actor, at=at)
    _look_after_the_rest(order, new, given_up, why, actor=actor, at=at)
    say_on_paper([new])
    return Invoice.objects.select_related("order", "replaces").get(pk=new.pk)


def is_rewritable(invoice: Invoice) -> bool:
    """Whether a page offers to write an invoice again: it was issued, is over something, and was not replaced."""
    if invoice.number is None or invoice.total <= 0 or invoice.order.status in OVER or invoice.successor:
        return False
    if invoice.status != Invoice.Status.CANCELLED:
        return True
    note = _last_note(invoice)
    return note is not None and _gone_for_good(units_by_line(CreditNoteLine.objects.filter(credit_note=note))) is None


def is_last_note(note: CreditNote) -> bool:
    """Whether a credit note took back what was left of its invoice: what it says is what is written again."""
    return note.invoice.status == Invoice.Status.CANCELLED and _last_note(note.invoice) == note


def written_again(invoice_id: int) -> CreditNote | None:
    """Return the credit note whose rows stand on an invoice that replaces another."""
    new = Invoice.objects.select_related("replaces").get(pk=invoice_id)
    return _last_note(new.replaces) if new.replaces else None


def _last_note(invoice: Invoice) -> CreditNote | None:
    notes = CreditNote.objects.filter(invoice=invoice, number__isnull=False).select_related("invoice")
    return notes.order_by("-place").first()


def _refuse(order: Order, old: Invoice) -> None:
    if old.number is None:
        raise NotIssued(_("A draft can still be changed; there is nothing to write again"), invoice=old.pk)
    words = {"invoice": old, "order": order}
    if other := old.successor:
        words["other"] = other
        text = _("%(invoice)s was written again as %(other)s; correct that one") % words
        raise AlreadyReplaced(text, invoice=old.number, replaced_by=other.number)
    if order.status in OVER:
        text = _("%(order)s is over; nothing of it is billed again") % words
        raise NotRewritable(text, invoice=old.number)
    if old.total <= 0:
        raise NotRewritable(_("Nothing is to be paid on %(invoice)s") % words, invoice=old.number)
    promised = Refund.objects.filter(payment__invoices__invoice=old, payment__invoices__amount__gt=0)
    if promised.exclude(status__in=(*selectors.GONE, Refund.Status.SUCCEEDED)).exists():
        text = _("Money that was paid on %(invoice)s is on its way back; write it again when that has arrived") % words
        raise NotRewritable(text, invoice=old.number)


def _take_back(order: Order, old: Invoice, *, reason: str, actor: Actor, at: datetime) -> CreditNote:
    """Draft a credit note over what is left and take it off; it gets its number after the new invoice.

    The order is not told: what is taken back is billed again in the same breath.
    """
    wanted = all_that_is_left(old)
    note = draft_credit_note(old, wanted=wanted, reference=f"replace-{old.number}", reason=reason, at=at)
    note.invoice = old
    take_off(order, note, actor=actor, at=at)
    return note


def _want_again(
    order: Order, old: Invoice, note: CreditNote, lines: list[CreditNoteLine], *, actor: Actor, at: datetime
) -> None:
    """Have the order count what a credit note took back as billed. Raises NotRewritable for units that are gone."""
    units = units_by_line(lines)
    if line := _gone_for_good(units):
        words = {"note": note, "name": line.name}
        text = _("Of what %(note)s takes back, some of %(name)s was returned or cancelled; it is not billed again")
        raise NotRewritable(text % words, invoice=old.number, sku=line.sku)
    orders.record_billed_again(
        order.pk,
        reference=old.source_reference,
        quantities={line: n for line, n in units.items() if n},
        total=note.total,
        actor=actor,
        at=at,
    )


def _gone_for_good(units: Mapping[int, int]) -> OrderLine | None:
    """Return a line of which units came back, or may, or were cancelled, and so were taken back for good."""
    for line in OrderLine.objects.filter(pk__in=units).order_by("position"):
        left = line.credited - units[line.pk]
        if left < line.return_authorized or line.cancelled + line.invoiced - left > line.quantity:
            return line
    return None


def _draft(
    order: Order, old: Invoice, note: CreditNote, lines: list[CreditNoteLine], *, at: datetime
) -> tuple[Invoice, list[InvoiceLine]]:
    seller, buyer = as_printed(old.legal_entity), buyer_of(order)
    if old.seller.get("vat_id") in old.legal_entity.vat_registrations.values():
        # The country that the goods left from stays.
        seller["vat_id"] = old.seller["vat_id"]
    supplied_on = old.supplied_on or (timezone.localdate(order.shipped_at) if order.shipped_at else None)
    if supplied_on is None and "supply_until" in old.buyer:
        buyer["supply_until"] = old.buyer["supply_until"]
    with translation.override(order.language):
        words = {"number": old.number, "date": wording.day(old.issued_on) if old.issued_on else ""}
        told = _("This invoice replaces invoice %(number)s of %(date)s.") % words
    new = Invoice(
        order=order,
        legal_entity=old.legal_entity,
        replaces=old,
        currency=old.currency,
        language=order.language,
        seller=seller,
        buyer=buyer,
        ship_to=old.ship_to,
        **{name: getattr(note, name) for name in SUMS},
        notes=told,
        series=old.series,
        source_reference=old.source_reference,
        supplied_on=supplied_on,
        created_at=at,
    )
    new.save(force_insert=True)
    rows = [InvoiceLine(invoice=new, **{name: getattr(line, name) for name in ROW}) for line in lines]
    return new, InvoiceLine.objects.bulk_create(rows)


def _settle(order: Order, new: Invoice, paid: Mapping[int, Decimal], *, actor: Actor, at: datetime) -> None:
    """Let what was paid on the old invoice settle the new one, whatever else of the order is open."""
    new.issued_on = timezone.localdate(at)
    purses = [purse for purse in purses_of(order) if purse.payment.pk in paid]
    for purse in purses:
        purse.settle(new, min(new.open_amount, paid[purse.payment.pk]))
    write_matches(order, purses, actor=actor, at=at)


def _given_up(old: Invoice) -> tuple[WriteOff.Kind, Decimal] | None:
    """Return what is written off of an invoice; a small difference and bad debt are never both."""
    rows = WriteOff.objects.filter(invoice=old).values_list("kind").annotate(sum=Sum("amount")).order_by()
    left = [(WriteOff.Kind(kind), Decimal(amount)) for kind, amount in rows if amount > 0]
    return left[0] if len(left) == 1 else None


def _look_after_the_rest(
    order: Order,
    new: Invoice,
    given_up: tuple[WriteOff.Kind, Decimal] | None,
    reason: str,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Let money that is free settle the new invoice, and give up of it what was given up of the one before."""
    if new.open_amount <= 0:
        return
    if given_up and new.open_amount == given_up[1]:
        give_up(order, new, given_up[0], reason, actor=actor, at=at)
        tell_write_offs(order, actor=actor, at=at)
        return
    match_money(order, capture=False, actor=actor, at=at)
