"""What each step will do, in sentences, before anybody clicks."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import selectors as billing_selectors
from billing import services as billing
from core.errors import DomainError
from core.reader import spoken_amount
from returns import services
from returns.models import ReturnLine, ReturnRequest

Status = ReturnRequest.Status


def next_step(found: ReturnRequest) -> str:
    """Say what comes next."""
    return {
        Status.REQUESTED: _("Decide whether it may come back."),
        Status.AUTHORIZED: _("Waiting for the customer to send it."),
        Status.IN_TRANSIT: _("On its way to us."),
        Status.PARTIALLY_RECEIVED: _("Waiting for the rest; if nothing more is coming, inspect what is here."),
        Status.RECEIVED: _("Look at the goods and decide."),
        Status.INSPECTED: _("Settle goods and money."),
        Status.RESOLVED: _("The refund is on its way."),
    }.get(Status(found.status), "")


def of_authorizing(found: ReturnRequest) -> list[str]:
    """The customer is told where to send what."""
    return [_told(found, _("gets instructions with the address")), *_goods(found)]


def of_declining(found: ReturnRequest) -> list[str]:
    """The customer is told why not."""
    return [_told(found, _("reads your reason")), _("The units may be claimed again.")]


def of_receiving(found: ReturnRequest) -> list[str]:
    """The goods are ours to look at; the shelf does not change yet."""
    return [
        _told(found, _("reads that the goods are here")),
        _("Stock changes when the return is settled, as the inspection says."),
    ]


def of_inspecting(found: ReturnRequest) -> list[str]:
    """The decisions stand; money and stock move with the next step."""
    missing = sum(line.quantity - line.received for line in found.lines.all())
    said = [_("Nothing moves yet: goods and money are settled in the next step.")]
    if missing:
        text = ngettext(
            "%(count)s unit that never came is no longer expected.",
            "%(count)s units that never came are no longer expected.",
            missing,
        )
        said.append(text % {"count": missing})
    return said


def of_resolving(found: ReturnRequest) -> list[str]:
    """What goes to the shelf, what is credited, what money goes back."""
    said = []
    for line in found.lines.all():
        if line.received:
            said.append(
                _("%(units)s × %(name)s: %(goods)s, customer gets: %(money)s")
                % {
                    "units": line.received,
                    "name": line.order_line.name,
                    "goods": line.get_disposition_display(),
                    "money": line.get_resolution_display(),
                }
            )
    return [*said, *_money(found)]


def of_choosing(found: ReturnRequest) -> list[str]:
    """The customer is told; money moves when the return is settled."""
    now = _("The customer was not asked: the money goes back the way it came.")
    if found.refund_as:
        now = _("The customer chose: %(chosen)s.") % {"chosen": found.get_refund_as_display()}
    return [
        now,
        _told(found, _("reads your reason")),
        _("Nothing moves yet: that is done when the return is settled."),
    ]


def of_ending(found: ReturnRequest) -> list[str]:
    """Nothing comes back."""
    return [_("The return is over; the units may be claimed again.")]


def charges_by_default(found: ReturnRequest) -> dict[str, Any]:
    """Say whether delivery charges go back unless somebody decides otherwise."""
    return {"with_charges": services.gives_charges_back(found, _credited(found))}


def _credited(found: ReturnRequest) -> dict[int, int]:
    refunds = ReturnLine.Resolution.REFUND
    return {line.order_line_id: line.received for line in found.lines.all() if line.resolution == refunds}


def _money(found: ReturnRequest) -> list[str]:
    credited = _credited(found)
    if not credited:
        return [_("No credit note and no refund.")]
    with_charges = services.gives_charges_back(found, credited)
    try:
        credit = billing.preview_credit(found.order, credited, with_charges=with_charges)
    except DomainError as error:
        return [error.message]
    currency = found.order.currency
    text = (
        _("A credit note over %(amount)s, with delivery charges.")
        if with_charges
        else _("A credit note over %(amount)s.")
    )
    refund = billing_selectors.refund_due(found.order, credit, is_drafted=False)
    said = [text % {"amount": spoken_amount(credit, currency)}]
    if refund and found.wants_credit:
        text = _("%(amount)s becomes store credit of the customer, as they chose; unless you change it here.")
        said.append(text % {"amount": spoken_amount(refund, currency)})
    elif refund:
        said.append(_("%(amount)s goes back to the customer.") % {"amount": spoken_amount(refund, currency)})
    else:
        said.append(_("No money goes back: the order was not paid, so the customer owes less."))
    return said


def _told(found: ReturnRequest, what: str) -> str:
    order = found.order
    if order.quiet or not order.email:
        return _("The customer is not told: no mail for this order.")
    return _("%(name)s %(what)s (%(email)s).") % {"name": order.customer_name, "what": what, "email": order.email}


def _goods(found: ReturnRequest) -> list[str]:
    return [f"{line.quantity} × {line.order_line.name}" for line in found.lines.all()]
