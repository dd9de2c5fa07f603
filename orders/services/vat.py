"""What finance has to look at: orders that were sold on a VAT id that is none, certificates that end."""

from collections.abc import Sequence

from django.utils import timezone

from core.actors import SYSTEM
from customers.models import Customer
from orders import categories
from orders.models import Order, OrderException, OrderLine
from orders.selectors import GONE, LIVE
from orders.sentences import CERTIFICATE_ENDS, VAT_ID_CONFIRMED, VAT_ID_REFUSED
from pricing import services as pricing
from pricing.calculation import TO_BUSINESS

from .exceptions import OPEN, close_exceptions, open_exception

CATEGORY = "vat_id"


def question_vat_id(customer_id: int, number: str) -> int:
    """Put every live order before finance that was sold without tax on this VAT id. Returns how many; safe to repeat.

    Nothing of them is changed: what tax they bear is agreed, and what was issued stays. Each in its own transaction.
    """
    taxless = OrderLine.objects.filter(tax_category__in=TO_BUSINESS, order__customer=customer_id)
    rows = Order.objects.filter(pk__in=taxless.values("order"), status__in=LIVE, quiet=False).order_by("pk")
    ids = [pk for pk, told in rows.values_list("pk", "explanation") if pricing.vat_id_told(told) in ("", number)]
    now = timezone.now()
    for order_id in ids:
        open_exception(
            category=CATEGORY,
            title=VAT_ID_REFUSED(vat_id=number),
            dedupe_key=f"vat-id:{order_id}:{number}",
            order_id=order_id,
            payload={"vat_id": number},
            at=now,
        )
    return len(ids)


def tell_certificate_ends(customer_id: int, *, certificate_id: int, number: str, until: str) -> None:
    """Put a certificate that ends soon before finance: from then on the customer pays tax. Safe to repeat."""
    customer = Customer.objects.get(pk=customer_id)
    open_exception(
        category="certificate",
        title=CERTIFICATE_ENDS(certificate=number, customer=f"{customer} ({customer.number})", day=until),
        dedupe_key=f"certificate:{certificate_id}",
        payload={"customer": customer.number, "certificate": certificate_id},
    )


def clear_vat_id(customer_id: int, number: str) -> int:
    """Close what was open because of a VAT id that is valid after all. Returns how many."""
    asked = OrderException.objects.filter(
        category=CATEGORY, order__customer=customer_id, status__in=OPEN, payload__vat_id=number
    )
    ids = list(asked.order_by("pk").values_list("pk", flat=True))
    if ids:
        close_exceptions(ids, resolution=VAT_ID_CONFIRMED(), actor=SYSTEM)
    return len(ids)


@categories.over(CATEGORY)
def nothing_rests_on_it(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order was cancelled, or rests on no VAT id, or on another one, any more."""
    told = dict(
        Order.objects.filter(pk__in=[one.order_id for one in exceptions])
        .exclude(status__in=GONE)
        .values_list("pk", "explanation")
    )
    return {
        one.pk
        for one in exceptions
        if one.order_id not in told or pricing.vat_id_told(told[one.order_id]) not in ("", one.payload.get("vat_id"))
    }
