"""Money that a provider outside the house holds: taken when goods leave, let go when nothing comes of it.

What is wanted is written down under the lock of the order, one thing at a time for each payment; a debt asks the
provider under a key that is the same for every try. An answer that did not come is asked for by the clock.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing import gateways, selectors
from billing.events import (
    ChargeAskedFor,
    CheckoutGivenUp,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentLapsed,
    PaymentVoided,
)
from billing.gateways import Charge, Stand, Standing
from billing.models import Invoice, Payment
from billing.sentences import CAPTURE_REFUSED, HOLD_LAPSED, NOT_LET_GO, PAID_AFTER_ALL, PAID_OTHERWISE, TAKEN_AFTER_ALL
from billing.services.booking import post_capture
from billing.services.common import OVER, about_money, about_payment, take_payment, tell_if_late
from billing.services.matching import FIRST_PAUSE, match_money, tell_order
from core.actors import SYSTEM, Actor
from core.money import Money, plain, round_amount
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders import services as orders
from orders.models import Order, OrderException

Status = Payment.Status
# For how long a charge whose answer was lost is asked for again under its key; Stripe remembers keys for a day.
KEYS_LAST = timedelta(hours=20)
NOTHING_OWED = "Nothing is owed any more"


# What is wanted -----------------------------------------------------------------------------------


@service
def hold_money(order: Order, payment: Payment, standing: Standing, *, actor: Actor, at: datetime) -> None:
    """Count, on a payment in hand, money that the provider holds now; for an order that is over it is let go."""
    wanted = Money(payment.amount, payment.currency)
    payment.means = dict(standing.means)
    payment.expires_at = standing.until
    if standing.held != wanted:
        payment.ask_at = None
        keep(payment, "ask_at", "reference")
        have_it_looked_at(order, payment, PAID_OTHERWISE(payment=payment.code, paid=standing.held, wanted=wanted))
        return
    payment.ask_at = None
    payment.failure = ""
    payment.authorized = payment.amount
    advance(payment, "authorize", actor=actor, at=at)
    emit(about_money(PaymentAuthorized, order, payment, payment.amount), actor=actor, at=at)
    if order.status in OVER:
        ask_to_let_go(order, payment, reason="", actor=actor, at=at)
        return
    match_money(order, capture=True, actor=actor, at=at)
    tell_order(order, actor=actor, at=at)


@service
def ask_to_let_go(order: Order, payment: Payment, *, reason: str, actor: Actor, at: datetime) -> None:
    """Note, on a payment in hand, that what is held is to be let go; the provider is asked by a debt."""
    payment.giving_up = True
    payment.ask_at = timezone.now() + FIRST_PAUSE
    keep(payment, "giving_up", "ask_at")
    emit(about_payment(CheckoutGivenUp, order, payment, reason=reason), actor=actor, at=at)


@service
def charge_again(order: Order, invoice_id: int, *, actor: Actor, at: datetime) -> Payment | None:
    """Note that the rest of an invoice is to be charged to what the customer paid with before, if he let us."""
    source = selectors.saved_means(order)
    if source is None:
        return None
    invoice = Invoice.objects.get(pk=invoice_id)
    if invoice.replaces_id:
        # What could be charged was, for the one before it.
        return None
    missing = invoice.open_amount - selectors.coming(order) - order.authorized_total
    if missing <= 0:
        return None
    tried = Payment.objects.filter(order=order, unattended=True, status=Payment.Status.FAILED)
    if tried.filter(created_at__gte=invoice.issued_at).exists() or selectors.undecided(order):
        # The customer was told, and decides now: nothing is charged behind a page that may be open.
        return None
    payment = Payment.objects.create(
        order=order,
        method=source.method,
        gateway=source.gateway,
        currency=order.currency,
        amount=round_amount(missing, order.currency),
        means=source.means,
        unattended=True,
        ask_at=timezone.now() + FIRST_PAUSE,
    )
    emit(about_money(ChargeAskedFor, order, payment, payment.amount), actor=actor, at=at)
    return payment


# The provider, asked outside of any transaction -----------------------------------------------------


def take_held_money(payment_id: int) -> None:
    """Have the provider pay out what is asked for. Safe to repeat. Raises ProviderSilent."""
    payment = Payment.objects.get(pk=payment_id)
    if not payment.capturing:
        return
    upto = payment.captured + payment.capturing
    amount = Money(round_amount(payment.capturing, payment.currency), payment.currency)
    provider = gateways.hosted(payment.gateway)
    key = f"{payment.code}-capture-{plain(upto, payment.currency)}-{payment.refusals}"
    answer = provider.capture(reference=payment.reference, amount=amount, key=key)
    if answer.ok:
        settle_capture(payment_id, upto=upto)
        return
    # A no may mean that it was done before; how it stands is what counts.
    standing = provider.ask(key=payment.code, reference=payment.reference)
    settle_hold(payment_id, standing)
    if standing.stand is Stand.HELD:
        refuse_capture(payment_id, upto=upto, reason=answer.reason)


def let_go_of_held_money(payment_id: int) -> None:
    """Have the provider let go. Safe to repeat. Raises ProviderSilent."""
    payment = Payment.objects.get(pk=payment_id)
    if not payment.giving_up:
        return
    provider = gateways.hosted(payment.gateway)
    answer = provider.void(reference=payment.reference, key=f"{payment.code}-void-{payment.refusals}")
    standing = Standing(stand=Stand.CLOSED)
    if not answer.ok:
        standing = provider.ask(key=payment.code, reference=payment.reference)
    settle_hold(payment_id, standing)
    if standing.stand is Stand.HELD:
        keep_holding(payment_id, reason=answer.reason)


def charge_means(payment_id: int) -> Standing | None:
    """Have the provider charge what the customer paid with before. Safe to repeat. Raises ProviderSilent."""
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    if not payment.is_undecided or payment.created_at < timezone.now() - KEYS_LAST:
        return None
    with translation.override(payment.order.language):
        subject = _("Order %(number)s") % {"number": payment.order.number}
    amount = Money(round_amount(payment.amount, payment.currency), payment.currency)
    charge = Charge(key=payment.code, amount=amount, subject=subject, means=payment.means)
    return gateways.hosted(payment.gateway).charge(charge)


# What the provider said -----------------------------------------------------------------------------


@service
def settle_hold(payment_id: int, standing: Standing, *, actor: Actor = SYSTEM) -> Payment:
    """Write down how a payment stands that was decided before. Repeated, it changes nothing."""
    order, payment = take_payment(payment_id)
    when = timezone.now()
    if not payment.reserved:
        if standing.stand in (Stand.PAID, Stand.HELD) and not payment.captured:
            have_it_looked_at(order, payment, PAID_AFTER_ALL(payment=payment.code))
        return payment
    taken = standing.paid.amount if standing.paid is not None else Decimal(0)
    if standing.stand is Stand.CLOSED:
        _end_hold(order, payment, actor=actor, at=when)
    elif taken and payment.capturing and taken == payment.captured + payment.capturing:
        _count_capture(order, payment, actor=actor, at=when)
    elif payment.captured < taken <= payment.authorized and not payment.capturing and not payment.giving_up:
        # What he had called refused, or what somebody took on his own page, is here all the same.
        payment.capturing = taken - payment.captured
        _count_capture(order, payment, actor=actor, at=when)
        _close_refusal(payment, actor=actor, at=when)
    elif taken != payment.captured:
        payment.ask_at = None
        keep(payment, "ask_at")
        wanted = Money(payment.captured + payment.capturing, payment.currency)
        have_it_looked_at(
            order, payment, PAID_OTHERWISE(payment=payment.code, paid=standing.paid, wanted=wanted.rounded())
        )
    elif not payment.capturing and not payment.giving_up:
        payment.ask_at = None
        keep(payment, "ask_at")
    return payment


@service
def settle_capture(payment_id: int, *, upto: Decimal, actor: Actor = SYSTEM) -> Payment:
    """Write down that the provider paid out, `upto` in all. Settling twice changes nothing."""
    order, payment = take_payment(payment_id)
    if payment.capturing and payment.captured + payment.capturing == upto:
        _count_capture(order, payment, actor=actor, at=timezone.now())
    return payment


def _count_capture(order: Order, payment: Payment, *, actor: Actor, at: datetime) -> None:
    amount = payment.capturing
    payment.captured += amount
    payment.overdrawn = payment.beyond
    payment.capturing = Decimal(0)
    payment.captured_at = payment.captured_at or at
    payment.ask_at, payment.failure = None, ""
    if payment.captured == payment.authorized:
        steps = ["capture"]
    else:
        once = gateways.gateway(payment.gateway).captures is gateways.Captures.ONE
        steps = ["capture_in_part", "release_rest"] if once else ["capture_in_part"]
    advance(payment, *steps, actor=actor, at=at)
    post_capture(order, payment, amount, actor=actor, at=at)
    emit(about_money(PaymentCaptured, order, payment, amount), actor=actor, at=at)
    if payment.held and order.status in OVER:
        ask_to_let_go(order, payment, reason="", actor=actor, at=at)
    match_money(order, capture=order.status not in OVER, actor=actor, at=at)
    tell_order(order, actor=actor, at=at)
    if payment.held and order.balance_due <= 0:
        ask_to_let_go(order, payment, reason=NOTHING_OWED, actor=actor, at=at)
    tell_if_late(order, payment, actor=actor, at=at)


def _end_hold(order: Order, payment: Payment, *, actor: Actor, at: datetime) -> None:
    """Note that nothing is held any more: as we wished, or because it took too long."""
    wished, asked = payment.giving_up, payment.capturing
    held = Money(payment.reserved, payment.currency).rounded()
    payment.giving_up, payment.capturing, payment.ask_at = False, Decimal(0), None
    if payment.captured:
        advance(payment, "release_rest", actor=actor, at=at)
    else:
        advance(payment, "void" if wished else "expire", actor=actor, at=at)
    fact = PaymentVoided if wished else PaymentLapsed
    emit(about_payment(fact, order, payment), actor=actor, at=at)
    tell_order(order, actor=actor, at=at)
    # What nobody owed any more is missed by nobody.
    if order.status not in OVER and (asked or (not wished and order.balance_due > 0)):
        have_it_looked_at(order, payment, HOLD_LAPSED(amount=held, order=order), key="hold-lapsed")


@service
def refuse_capture(payment_id: int, *, upto: Decimal, reason: str, actor: Actor = SYSTEM) -> Payment:
    """Write down that the provider would not pay out, and have somebody look at it."""
    order, payment = take_payment(payment_id)
    if not payment.capturing or payment.captured + payment.capturing != upto:
        return payment
    amount = Money(payment.capturing, payment.currency).rounded()
    payment.capturing, payment.ask_at = Decimal(0), None
    payment.failure = reason[:300]
    payment.refusals += 1
    keep(payment, "capturing", "ask_at", "failure", "refusals")
    tell_order(order, actor=actor, at=timezone.now())
    said = CAPTURE_REFUSED(amount=amount, order=order, reason=reason)
    have_it_looked_at(order, payment, said, key="capture-refused")
    return payment


def _close_refusal(payment: Payment, *, actor: Actor, at: datetime) -> None:
    refused = OrderException.objects.filter(dedupe_key=f"capture-refused:{payment.code}", closed_at=None)
    ids = list(refused.values_list("pk", flat=True))
    orders.close_exceptions(ids, resolution=TAKEN_AFTER_ALL(), actor=actor, at=at)


@service
def keep_holding(payment_id: int, *, reason: str) -> Payment:
    """Write down that the provider would not let go, and have somebody look at it."""
    order, payment = take_payment(payment_id)
    if not payment.giving_up:
        return payment
    payment.giving_up, payment.ask_at = False, None
    payment.refusals += 1
    keep(payment, "giving_up", "ask_at", "refusals")
    amount = Money(payment.reserved, payment.currency).rounded()
    have_it_looked_at(order, payment, NOT_LET_GO(amount=amount, order=order, reason=reason), key="not-let-go")
    return payment


@service
def keep(payment: Payment, *columns: str) -> None:
    """Save some columns of a payment in hand."""
    Payment.objects.filter(pk=payment.pk).update(**{name: getattr(payment, name) for name in columns})


def have_it_looked_at(order: Order, payment: Payment, title: str, *, key: str = "provider-payment") -> None:
    """Leave money that fits nowhere to a person, who sees it at the provider's."""
    orders.open_exception(
        category="payment",
        title=title[:300],
        dedupe_key=f"{key}:{payment.code}",
        order_id=order.pk,
        payload={"payment": payment.code, "reference": payment.reference},
    )
