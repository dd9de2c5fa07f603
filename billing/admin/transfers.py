"""One transfer for several invoices of a customer, from the page of the customer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import selectors, services
from billing.errors import ReferenceTaken
from billing.models import Invoice, Payment, StoreCreditGrant
from core import seat
from core.actors import Actor
from core.admin.base import BackOfficeAdmin
from core.admin.transitions import TransitionAdmin, TransitionSpec
from core.money import Money, round_amount
from core.reader import spoken_amount
from core.sight import seen
from customers.models import Customer
from orders.models import OrderException

from .forms import PaymentForm, StoreCreditForm, may_see_credit

OPERATE = "billing.operate_payment"
NAMED = 20


def open_invoices(customer: Customer) -> list[Invoice]:
    """Return the open invoices of a customer in his currency that this person sees, those due first before others."""
    waiting = Invoice.objects.filter(order__customer=customer, status__in=selectors.WAITING)
    rows = seen(waiting.filter(currency=customer.currency))
    return list(rows.select_related("order").order_by("due_on", "pk")[:500])


@contextmanager
def refusing_known(payments: "QuerySet[Payment]", reference: str) -> Iterator[list[Payment]]:
    """Say in words, inside the step that writes payments down, that they were written down before.

    A second call of the service is harmless and quiet; whoever typed it has to know that it counted once. Keys grow:
    what is new has a key above all that were there.
    """
    newest = payments.aggregate(newest=Max("pk"))["newest"] or 0
    kept: list[Payment] = []
    try:
        yield kept
    except ReferenceTaken as taken:
        amount = spoken_amount(Decimal(taken.details["amount"]), taken.details["currency"])
        said = {"amount": amount, "reference": reference}
        raise _beside_the_words(gettext("Under “%(reference)s”, %(amount)s came in already.") % said) from None
    if kept and all(one.pk <= newest for one in kept):
        text = gettext("Under “%(reference)s” this came in already on that day.")
        raise _beside_the_words(text % {"reference": reference})


def _beside_the_words(said: str) -> ReferenceTaken:
    detail = f"{said} {gettext('Give another payment its own words, or tick that it is one.')}"
    return ReferenceTaken(detail, errors=[{"pointer": "/reference", "code": ReferenceTaken.code, "detail": detail}])


def came_in(day: date | None) -> datetime | None:
    """Return the moment that stands for a day on which money came in; none is now."""
    noon = seat.moment(day, time(12)) if day else None
    return noon if noon is None or noon <= timezone.now() else None


def record(
    customer_id: int,
    *,
    method: str,
    reference: str,
    is_another: bool,
    amount: Any,
    received_on: Any,
    actor: Actor,
) -> list[Payment]:
    """Write down money that came in, as the form says."""
    customer = Customer.objects.get(pk=customer_id)
    invoices = open_invoices(customer)
    with refusing_known(Payment.objects.filter(order__customer=customer_id), reference) as kept:
        kept += services.record_transfer(
            customer_id,
            invoice_ids=[one.pk for one in invoices],
            method=method,
            amount=amount,
            currency=customer.currency,
            reference=reference,
            is_another=is_another,
            actor=actor,
            at=came_in(received_on),
        )
    return kept


def _what_it_does(customer: Customer) -> list[str]:
    invoices = open_invoices(customer)
    said = [gettext("These invoices are settled one after the other, each with what is open on it:")]
    said += [
        gettext("%(invoice)s of order %(order)s: %(amount)s")
        % {
            "invoice": one.number,
            "order": one.order,
            "amount": spoken_amount(round_amount(one.open_amount, one.currency), one.currency),
        }
        for one in invoices[:NAMED]
    ]
    if len(invoices) > NAMED:
        said.append(gettext("And %(n)s more.") % {"n": len(invoices) - NAMED})
    return [*said, gettext("What is more than all of them is kept as overpaid on the order of the last one.")]


def _all_of_it(customer: Customer) -> dict[str, Any]:
    invoices = open_invoices(customer)
    total = sum((one.open_amount for one in invoices), start=Decimal(0))
    return {"amount": round_amount(total, customer.currency)}


def give_credit(
    customer_id: int, *, amount: Any, take_back: bool, reason: str, reference: str, actor: Actor
) -> StoreCreditGrant | OrderException:
    """Give store credit, or take some back, as the form says; more than a role may give waits for approval."""
    currency = Customer.objects.values_list("currency", flat=True).get(pk=customer_id)
    return services.offer_store_credit(
        customer_id,
        amount=Money(amount, currency),
        take_back=take_back,
        reason=reason,
        reference=reference,
        actor=actor,
    )


def _what_credit_does(customer: Customer) -> list[str]:
    said = []
    if may_see_credit():
        free = spoken_amount(services.free_credit(customer.pk, customer.currency), customer.currency)
        said.append(gettext("They have %(amount)s to spend now.") % {"amount": free})
    return [
        *said,
        gettext("What is given is booked as goodwill; the customer spends it with an order."),
        gettext("It is not paid out; no more is taken back than is there."),
        gettext("What is more than your role may give waits until somebody who may approves it."),
    ]


class MoneyOfCustomer(TransitionAdmin, BackOfficeAdmin):
    """What can be done about the money of a customer; offered on its page, done here."""

    transition_services: ClassVar[dict[str, TransitionSpec]] = {
        "payment": TransitionSpec(
            _("Record a payment for several invoices"),
            record,
            OPERATE,
            form=PaymentForm,
            once=True,
            initial=_all_of_it,
            consequences=_what_it_does,
            style="primary",
            when=lambda customer: bool(open_invoices(customer)),
            done=_("The payment is written down."),
        ),
        "store-credit": TransitionSpec(
            _("Give store credit"),
            give_credit,
            "billing.give_store_credit",
            form=StoreCreditForm,
            initial=lambda customer: {"reference": f"SC-{get_random_string(20)}"},
            consequences=_what_credit_does,
            style="primary",
            done=_("The store credit is changed; what is more than your role may give waits for approval."),
        ),
    }
