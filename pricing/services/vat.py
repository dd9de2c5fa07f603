"""VAT ids, looked up where the seller's own id is known."""

import logging

from core.outgoing import NoAnswer
from customers import services as customers
from customers.models import Customer
from pricing import vies
from pricing.calculation import EU_COUNTRIES
from pricing.models import Channel, TaxRegistration

logger = logging.getLogger(__name__)


def look_up_vat_id(customer_id: int, number: str) -> bool:
    """Ask VIES about a VAT id and keep the answer. Returns whether there was one; safe to repeat.

    It runs outside of any transaction. Without an answer nothing is kept: what is due is asked again later, and
    soon where nobody was asked.
    """
    if not customers.is_connected() or not Customer.objects.filter(pk=customer_id, vat_id=number).exists():
        return False
    try:
        answer = vies.look_up(number, requester=_own_id())
    except vies.LeftAlone:
        customers.forget_vat_question(customer_id, number=number)
        return False
    except NoAnswer as silent:
        logger.warning("VIES has no answer about customer %s: %s", customer_id, silent)
        return False
    customers.record_vat_check(
        customer_id,
        number=number,
        valid=answer.valid,
        name=answer.name,
        address=answer.address,
        reference=answer.reference,
    )
    return True


def _own_id() -> str:
    """Return the id of the seller in the country he sells from, else any of his in the EU."""
    of_eu = TaxRegistration.objects.filter(country__in=EU_COUNTRIES).order_by("pk")
    ids = dict(of_eu.values_list("country", "vat_id"))
    homes = Channel.objects.filter(active=True).order_by("pk").values_list("seller_country", flat=True)
    return next((ids[home] for home in homes if home in ids), next(iter(ids.values()), ""))
