"""What was billed of an order and is not wanted any more: taken back with it, in its own transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from billing.models import Invoice, InvoiceLine
from billing.services.credits import credit_invoice, credit_return, issue_credit_note, preview_credit
from billing.services.redrawing import discard_draft, redraw_drafts
from core.actors import Actor
from core.service import service
from orders.models import Order
from orders.ports import AllBilled, Billed, Paper


class Papers:
    """What orders may ask about the invoices of an order."""

    def of(self, order: Order) -> Sequence[Paper]:
        """Return the invoices and drafts that stand, with what is left of each."""
        return [
            Paper(number=str(one.number or ""), total=one.total - one.credited_total, currency=one.currency)
            for one in _standing(order)
        ]

    def take_back(self, order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
        """Credit what was issued, and discard drafts."""
        take_back_cancelled(order, reason=reason, actor=actor, at=at)

    def redraw(self, order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
        """Have drafts of what is billed in advance say what is agreed now."""
        redraw_drafts(order, reason=reason, actor=actor, at=at)

    def billed(self, order: Order) -> AllBilled:
        """Return what stands on invoices and drafts, whatever was credited since."""
        # One that replaces another bills what that one does: it counts once.
        rows = InvoiceLine.objects.filter(invoice__order=order, invoice__replaces=None).values(
            "order_line", "charge_position", "tax_category", "tax_rate"
        )
        lines: dict[int, Billed] = {}
        charges: dict[tuple[int, str, Decimal], Billed] = {}
        for row in rows.annotate(units=Sum("quantity"), net=Sum("net_total"), all=Sum("total")).order_by():
            said, line_id = Billed(row["units"], row["net"], row["all"]), row["order_line"]
            if line_id is not None:
                was = lines.get(line_id, Billed(0, Decimal(0), Decimal(0)))
                lines[line_id] = Billed(was.units + said.units, was.net + said.net, was.total + said.total)
            elif row["charge_position"] is not None:
                charges[row["charge_position"], row["tax_category"], row["tax_rate"]] = said
        return AllBilled(lines, charges)

    def worth(self, order: Order, units: Mapping[int, int]) -> Decimal:
        """Return what they give back for units, by the id of their line."""
        return preview_credit(order, units)

    def take_back_part(
        self, order: Order, units: Mapping[int, int], *, reference: str, reason: str, actor: Actor, at: datetime
    ) -> None:
        """Credit units, at once."""
        for note in credit_return(order.pk, quantities=units, reference=reference, reason=reason, actor=actor, at=at):
            issue_credit_note(note.pk, goes_back=True, actor=actor, at=at)


@service
def take_back_cancelled(order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
    """Credit what is left of every invoice of an order in hand, and discard what is only drafted.

    The credit notes are numbered at once, not by a debt of their own: an order is either billed or cancelled, never
    both for a while. A draft was sent to nobody and has no number: without it there are two documents fewer, which
    would take each other back, and no gap.
    """
    for invoice in _standing(order):
        if invoice.status == Invoice.Status.DRAFT:
            discard_draft(order, invoice, reason=reason, actor=actor)
            continue
        note = credit_invoice(invoice.pk, reference=f"cancel-{order.number}", reason=reason, actor=actor, at=at)
        issue_credit_note(note.pk, goes_back=True, actor=actor, at=at)


def _standing(order: Order) -> list[Invoice]:
    gone = (Invoice.Status.CANCELLED,)
    return list(Invoice.objects.filter(order=order).exclude(status__in=gone).order_by("pk"))
