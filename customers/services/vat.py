"""Whether the VAT id of a customer is valid: asked, answered, and the answer kept."""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.errors import Invalid
from core.outbox import emit
from core.service import note_change, service
from customers import vat_ids
from customers.errors import NotConnected, NoVatId
from customers.events import VatCheckWanted, VatIdConfirmed, VatIdRefused
from customers.models import Customer, VatCheck

# An answer that did not come is asked for again, and one that is old.
ASK_AGAIN_AFTER = timedelta(minutes=30)
AGES_AFTER = timedelta(days=90)
AT_ONCE = 100


def is_connected() -> bool:
    """Whether there is somebody to ask."""
    return bool(settings.VIES_URL)


@service
def ask_vat_check(customer_id: int, *, actor: Actor = SYSTEM) -> None:
    """Have the VAT id of a customer looked up, now. Raises NoVatId and NotConnected."""
    customer = Customer.objects.locked().get(pk=customer_id)
    if not vat_ids.is_valid(customer.vat_id):
        raise NoVatId(_("They have no VAT id of the EU"))
    if not is_connected():
        raise NotConnected(_("VIES is not connected: set VIES_URL, or write down what you found out yourself"))
    want_check(customer, actor=actor)


def want_check(customer: Customer, *, actor: Actor) -> None:
    """Ask about the VAT id of a customer in hand, where there is somebody to ask."""
    if not (is_connected() and vat_ids.is_valid(customer.vat_id)):
        return
    Customer.objects.filter(pk=customer.pk).update(vat_asked_at=timezone.now())
    emit(VatCheckWanted(customer_id=customer.pk, number=customer.vat_id), actor=actor)


@service
def ask_due_vat_checks(*, limit: int = AT_ONCE) -> int:
    """Ask about the VAT ids that nobody has answered for, or not for long, those that wait longest first."""
    if not is_connected():
        return 0
    now = timezone.now()
    of_eu = reduce(or_, (Q(vat_id__startswith=country) for country in sorted(vat_ids.OF_EU)))
    due = Q(vat_checked_at=None) | Q(vat_checked_at__lt=now - AGES_AFTER)
    rested = Q(vat_asked_at=None) | Q(vat_asked_at__lt=now - ASK_AGAIN_AFTER)
    waiting = Customer.objects.filter(of_eu, due, rested, active=True)
    ids = list(waiting.order_by(F("vat_asked_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:limit])
    # Whoever asked meanwhile has asked.
    found = list(Customer.objects.locked().filter(due, rested, pk__in=ids))
    Customer.objects.filter(pk__in=[one.pk for one in found]).update(vat_asked_at=now)
    emit(*(VatCheckWanted(customer_id=one.pk, number=one.vat_id) for one in found if vat_ids.is_valid(one.vat_id)))
    return len(found)


@service
def forget_vat_question(customer_id: int, *, number: str) -> None:
    """Let a question count as never asked, because nobody was there to be asked: it is due with the next round."""
    Customer.objects.filter(pk=customer_id, vat_id=number).update(vat_asked_at=None)


@service
def record_vat_check(
    customer_id: int,
    *,
    number: str,
    valid: bool,
    source: str = VatCheck.Source.VIES,
    name: str = "",
    address: str = "",
    reference: str = "",
    actor: Actor = SYSTEM,
    at: datetime | None = None,
) -> VatCheck:
    """Keep an answer about a VAT id. It counts from now on, unless the customer has another id by now."""
    customer = Customer.objects.locked().get(pk=customer_id)
    when = at or timezone.now()
    check = VatCheck.objects.create(
        customer=customer,
        number=number[:20],
        source=source,
        valid=valid,
        name=name[:300],
        address=address[:1000],
        reference=reference[:100],
        checked_at=when,
        checked_by=str(actor),
    )
    said = {"vat_id": number, "valid": valid, "reference": reference[:100]}
    note_change(customer, "customers.vat_id_checked", actor=actor, after=said)
    if customer.vat_id != number:
        return check
    before = customer.vat_state
    state = Customer.VatState.VALID if valid else Customer.VatState.INVALID
    Customer.objects.filter(pk=customer_id).update(
        vat_state=state, vat_checked_at=when, vat_reference=check.reference, version=F("version") + 1
    )
    if not valid:
        emit(VatIdRefused(customer_id=customer_id, number=number), actor=actor)
    elif before == Customer.VatState.INVALID:
        emit(VatIdConfirmed(customer_id=customer_id, number=number), actor=actor)
    return check


@service
def note_vat_check(
    customer_id: int, *, valid: bool, reference: str, name: str = "", address: str = "", actor: Actor
) -> VatCheck:
    """Write down what a person found out about a VAT id, with where it can be read again. Raises NoVatId."""
    customer = Customer.objects.locked().get(pk=customer_id)
    if not vat_ids.is_of_eu(customer.vat_id):
        raise NoVatId(_("They have no VAT id of the EU"))
    if not reference.strip():
        said = _("Say where it can be read again: a number, or the name of the file")
        raise Invalid(said, errors=[{"pointer": "/reference", "code": "required", "detail": said}])
    return record_vat_check(
        customer_id,
        number=customer.vat_id,
        valid=valid,
        source=VatCheck.Source.HAND,
        name=name,
        address=address,
        reference=reference.strip(),
        actor=actor,
    )
