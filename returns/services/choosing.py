"""What the customer gets back: the money on the way it came, or store credit. He chooses, and nobody for him.

By law money goes back on the way it came, unless the consumer has agreed to another one (Directive 2011/83/EU
art. 13(1)). So who changes what was chosen says why, and the customer reads it.
"""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.cards import without_cards
from core.actors import Actor
from core.service import note_change, service
from orders.models import Order
from returns import selectors
from returns.errors import ChangeUnexplained, CreditNotOffered, ReturnSettled
from returns.events import ReturnRefundAsChanged
from returns.models import ReturnRequest

from .common import take_return, tell

As = ReturnRequest.RefundAs


def check_refund_as(order: Order, refund_as: str, *, staff: bool) -> None:
    """Raise CreditNotOffered where store credit cannot be chosen; staff may agree to it beyond the policy."""
    if refund_as != As.CREDIT:
        return
    if not (selectors.may_be_credit(order) if staff else selectors.offers_credit(order)):
        text = _("Store credit is not offered for this order; your money goes back the way you paid")
        detail = {"pointer": "/refund_as", "code": CreditNotOffered.code, "detail": text}
        raise CreditNotOffered(text, errors=[detail])


@service
def change_refund_as(
    return_id: int, *, refund_as: str, reason: str, actor: Actor, at: datetime | None = None
) -> ReturnRequest:
    """Let what goes back be something else than was chosen, for a reason that the customer reads.

    Raises ReturnSettled once it went back, ChangeUnexplained, and CreditNotOffered where it would be nobody's.
    What it is already stays as it is.
    """
    found = take_return(return_id)
    if not selectors.may_choose(found):
        raise ReturnSettled(_("What goes back of this return is settled"))
    if refund_as != found.refund_as:
        choose_otherwise(found, refund_as, reason=reason, actor=actor, at=at or timezone.now())
    return found


@service
def choose_otherwise(found: ReturnRequest, refund_as: str, *, reason: str, actor: Actor, at: datetime) -> None:
    """Change what goes back of a return in hand."""
    why = without_cards(reason).strip()[:300]
    if not why:
        text = _("Say why, as the customer chose otherwise")
        raise ChangeUnexplained(text, errors=[{"pointer": "/reason", "code": ChangeUnexplained.code, "detail": text}])
    check_refund_as(found.order, refund_as, staff=True)
    before, found.refund_as = found.refund_as, refund_as
    ReturnRequest.objects.filter(pk=found.pk).update(refund_as=refund_as)
    note_change(
        found,
        "returns.returnrequest.changed",
        actor=actor,
        before={"refund_as": before},
        after={"refund_as": refund_as},
        note=why,
    )
    tell(ReturnRefundAsChanged, found, refund_as=refund_as, reason=why, moment=at.isoformat(), actor=actor, at=at)
