"""A draft of what is billed in advance follows its order until it is issued: nobody was sent it, and it has no number.

Otherwise it would bill what nobody wants any more, or, because it could not be issued, keep for ever what leaves
afterwards from being billed.
"""

from datetime import datetime

from django.utils import timezone

from billing.errors import NothingToInvoice
from billing.models import Invoice, InvoiceLine
from billing.services.drafting import redraw_invoice
from core.actors import Actor
from core.money import plain
from core.service import note_change, service
from orders.models import Movement, Order


@service
def redraw_drafts(order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
    """Make what is drafted of an order in hand say what is agreed now, after an edit.

    It bills all that stands on nothing else, as it was asked to; where nothing is left of that, it is discarded. What
    a parcel asked for stays: its goods have left, whatever becomes of the rest. Raises SeveralOrigins.
    """
    parcels = Movement.objects.filter(line__order=order, kind=Movement.Kind.SHIPPED).values("reference")
    drafts = Invoice.objects.filter(order=order, status=Invoice.Status.DRAFT).exclude(source_reference__in=parcels)
    supplied_on = timezone.localdate(order.shipped_at) if order.shipped_at else None
    for draft in drafts.order_by("pk"):
        before = draft.total
        try:
            redraw_invoice(order, draft, supplied_on=supplied_on, at=at)
        except NothingToInvoice:
            discard_draft(order, draft, reason=reason, actor=actor)
            continue
        if draft.total != before:
            note_change(
                order,
                "billing.draft_redrawn",
                actor=actor,
                before={"total": plain(before, order.currency)},
                after={"total": plain(draft.total, order.currency)},
                note=reason,
            )


@service
def discard_draft(order: Order, draft: Invoice, *, reason: str, actor: Actor) -> None:
    """Have what was only drafted of an order in hand never been billed; the debt that was to issue it ends quietly."""
    InvoiceLine.objects.filter(invoice=draft).delete()
    draft.delete()
    before = {"total": plain(draft.total, order.currency)}
    note_change(order, "billing.draft_discarded", actor=actor, before=before, note=reason)
