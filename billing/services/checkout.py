"""Paying on the provider's page: begun by the customer, decided by what the provider says when it is asked.

The browser that comes back and the messages of the provider only make us ask; so does a clock, for answers that
never came. Whatever comes first, comes twice, or in another order: the first answer that is final is written down.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing import gateways, selectors
from billing.errors import NothingToPay, OnlinePaymentUnavailable
from billing.events import (
    CheckoutBegun,
    CustomerReturned,
    PaymentCaptured,
    PaymentEvent,
    PaymentFailed,
    PaymentVoided,
    ProviderNotified,
)
from billing.gateways import About, Checkout, Notice, Stand, Standing
from billing.models import Payment
from billing.sentences import AMOUNT_CHANGED, ANOTHER_WAY, CAPTURE_REFUSED, NEVER_REACHED, PAID_OTHERWISE
from billing.services.booking import post_capture
from billing.services.captures import (
    charge_means,
    have_it_looked_at,
    hold_money,
    keep,
    let_go_of_held_money,
    settle_hold,
    take_held_money,
)
from billing.services.common import about_money, about_payment, take_order, take_payment, tell_if_late
from billing.services.matching import FIRST_PAUSE, match_money, tell_order
from billing.services.payments import give_up_checkouts, let_go_of_spare
from billing.services.rounds import ask_about_each
from billing.services.sellers import seller_of_order
from core import outbox
from core.actors import SYSTEM, Actor
from core.inserting import insert_once
from core.links import absolute
from core.models import IdempotencyKey
from core.money import Money, round_amount
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders.models import Order
from pricing.models import Channel

Status = Payment.Status
# The clock asks the provider soon at first, then ever more seldom: after a quarter of the time that has passed.
LAST_PAUSE = timedelta(minutes=30)
# Held money whose taking was not answered is looked after each minute.
STEADY_PAUSE = timedelta(minutes=1)
# A provider that has never heard of a payment by then never will: every try to tell him is over.
NEVER_HEARD = timedelta(minutes=20)
KEEP_NOTICES = timedelta(days=30)
# As long as a request waits for the provider before it shows the page as it is.
PATIENCE = 8.0


# The customer ------------------------------------------------------------------------------------


def is_payable_online(order: Order) -> bool:
    """Whether the customer can pay something of an order on a provider's page now."""
    provider = gateways.offered()
    due = selectors.payable(order) if provider is not None else Decimal(0)
    return due > 0 and provider is not None and provider.takes(Money(due, order.currency))


def start_paying(order_id: int, *, return_url: str, actor: Actor) -> Payment:
    """Begin a payment and return it, with the page to lead the customer to if the provider answered.

    Raises NothingToPay and OnlinePaymentUnavailable.
    """
    payment = begin_checkout(order_id, return_url=return_url, actor=actor)
    return _hasten(CheckoutBegun, payment)


def look_after_return(order_id: int, *, actor: Actor) -> None:
    """Ask the provider about every payment of an order that is undecided, because the customer is back."""
    for payment in note_return(order_id, actor=actor):
        _hasten(CustomerReturned, payment)


def _hasten(fact: type[PaymentEvent], payment: Payment) -> Payment:
    """Pay the debt that was just made, because somebody waits for it; if that fails, a worker tries again."""
    if (debt := outbox.debt_of(fact, thread=payment.history_thread())) is not None:
        outbox.deliver_now(debt, timeout=PATIENCE)
    return Payment.objects.get(pk=payment.pk)


@service
def begin_checkout(order_id: int, *, return_url: str, actor: Actor) -> Payment:
    """Note that the customer wants to pay what is due; the provider is told by a debt.

    Whoever clicks twice, or in two windows, gets the same payment. Raises NothingToPay and OnlinePaymentUnavailable.
    """
    provider = gateways.offered()
    if provider is None:
        raise OnlinePaymentUnavailable(_("Paying online is not offered here"))
    order = take_order(order_id)
    due = selectors.payable(order)
    if due <= 0:
        raise NothingToPay(_("Nothing is to be paid for this order at the moment"), order_status=order.status)
    if not provider.takes(Money(due, order.currency)):
        raise OnlinePaymentUnavailable(_("The payment provider cannot take exactly this amount; please use the bank"))
    payment = give_up_checkouts(order, unless=due, reason=AMOUNT_CHANGED(), actor=actor)
    if payment is None:
        payment = Payment.objects.create(
            order=order,
            method="card",
            gateway=provider.code,
            currency=order.currency,
            amount=due,
            # What has left already is paid at once.
            hold_first=provider.lives_days is not None and selectors.is_before_the_goods(order),
            ask_at=timezone.now() + FIRST_PAUSE,
        )
    emit(about_payment(CheckoutBegun, order, payment, return_url=return_url), actor=actor)
    return payment


@service
def note_return(order_id: int, *, actor: Actor) -> list[Payment]:
    """Note that the customer is back from the provider's page. Returns the payments that are undecided."""
    order = take_order(order_id)
    undecided = selectors.undecided(order)
    for payment in undecided:
        emit(about_payment(CustomerReturned, order, payment), actor=actor)
    return undecided


@service
def take_notice(gateway: str, notice: Notice) -> bool:
    """Note a message of the provider, once; False where it came before, or concerns no payment of ours."""
    now = timezone.now()
    key = IdempotencyKey(
        client=f"provider:{gateway}", key=notice.id, status_code=204, created_at=now, keep_until=now + KEEP_NOTICES
    )
    known = Q(code=notice.key) if notice.key else Q(reference=notice.reference)
    found = Payment.objects.select_related("order").filter(known, gateway=gateway).first()
    if found is None or not (notice.key or notice.reference) or not insert_once(key):
        return False
    if notice.about is About.AFTERWARDS:
        # Under the lock of its order, so that nobody who has the payment in hand writes over it.
        take_payment(found.pk)
        Payment.objects.filter(pk=found.pk).update(look_at=now + FIRST_PAUSE)
    emit(about_payment(ProviderNotified, found.order, found, notice=notice.id, topic=str(notice.about)))
    return True


# The provider, asked outside of any transaction ---------------------------------------------------


def open_checkout(payment_id: int, *, return_url: str) -> None:
    """Have the provider make the page, or say how the payment stands. Safe to repeat. Raises ProviderSilent."""
    payment = Payment.objects.select_related("order__channel").get(pk=payment_id)
    if not payment.is_undecided:
        return
    provider = gateways.hosted(payment.gateway)
    if payment.reference:
        settle_checkout(payment_id, provider.ask(key=payment.code, reference=payment.reference))
        return
    checkout = Checkout(
        key=payment.code,
        amount=Money(round_amount(payment.amount, payment.currency), payment.currency),
        subject=_subject(payment.order),
        payee=seller.name if (seller := seller_of_order(payment.order_id)) else settings.COMPANY_NAME,
        language=payment.order.language,
        return_url=return_url,
        notice_url=absolute(reverse("billing:notice", args=[payment.gateway])),
        hold=payment.hold_first,
        save=payment.hold_first and payment.order.channel.capture_policy == Channel.CapturePolicy.SAVED_MEANS,
    )
    settle_checkout(payment_id, provider.start_checkout(checkout))


def _subject(order: Order) -> str:
    with translation.override(order.language):
        return _("Order %(number)s") % {"number": order.number}


def ask_provider(payment_id: int) -> None:
    """Ask how a payment stands whose money is not here yet, and write it down.

    Safe to repeat. Raises ProviderSilent.
    """
    payment = Payment.objects.get(pk=payment_id)
    if payment.captured and not payment.reserved:
        return
    standing = gateways.hosted(payment.gateway).ask(key=payment.code, reference=payment.reference)
    if payment.unattended and standing.stand is Stand.UNKNOWN:
        standing = charge_means(payment_id) or standing
    settle_checkout(payment_id, standing)
    # What the provider has not done by now he is told again, under the same key.
    take_held_money(payment_id)
    let_go_of_held_money(payment_id)


def charge_saved_means(payment_id: int) -> None:
    """Charge what the customer paid with before. Safe to repeat. Raises ProviderSilent."""
    if (standing := charge_means(payment_id)) is not None:
        settle_checkout(payment_id, standing)


def close_checkout(payment_id: int, *, reason: str) -> None:
    """Close the page of a payment, or let go of what is held. If somebody paid before, that is written down.

    Raises ProviderSilent.
    """
    payment = Payment.objects.get(pk=payment_id)
    if payment.is_undecided:
        standing = gateways.hosted(payment.gateway).close_checkout(key=payment.code, reference=payment.reference)
        settle_checkout(payment_id, standing, given_up=True, note=reason)
    else:
        let_go_of_held_money(payment_id)


def reconcile_checkouts(now: datetime | None = None, *, limit: int = 200) -> int:
    """Ask the provider about undecided payments whose time has come: the answers that never came. Returns how many."""
    when = now or timezone.now()
    due = Payment.objects.filter(ask_at__lte=when).order_by("ask_at", "pk")[:limit]
    return ask_about_each(due, postpone=partial(postpone_question, now=when), ask=ask_provider)


@service
def postpone_question(payment: Payment, *, now: datetime) -> bool:
    """Say when the provider is asked next; False where somebody else is asking now."""
    pause = min(max((now - payment.created_at) / 4, FIRST_PAUSE), LAST_PAUSE)
    pause = pause if payment.is_undecided else STEADY_PAUSE
    return Payment.objects.filter(pk=payment.pk, ask_at=payment.ask_at).update(ask_at=now + pause) == 1


@service
def settle_checkout(
    payment_id: int, standing: Standing, *, given_up: bool = False, note: str = "", actor: Actor = SYSTEM
) -> Payment:
    """Write down what the provider said. The first final answer counts; repeated, it changes nothing."""
    order, payment = take_payment(payment_id)
    when = timezone.now()
    if not payment.is_undecided:
        return settle_hold(payment_id, standing, actor=actor)
    payment.reference = standing.reference or payment.reference
    if standing.stand is Stand.PAID:
        _take_money(order, payment, standing, actor=actor, at=when)
        let_go_of_spare(order.pk, reason=ANOTHER_WAY(), actor=actor)
    elif standing.stand is Stand.HELD:
        hold_money(order, payment, standing, actor=actor, at=when)
        let_go_of_spare(order.pk, reason=ANOTHER_WAY(), actor=actor)
    elif standing.stand is Stand.OPEN:
        _stay_open(payment, standing, actor=actor, at=when)
    elif standing.stand is Stand.REFUSED:
        _fail(order, payment, standing.reason, actor=actor, at=when)
    elif given_up:
        # The provider closed it, or never heard of it.
        payment.ask_at = None
        advance(payment, "void", actor=actor, note=note, at=when)
        emit(about_payment(PaymentVoided, order, payment), actor=actor, at=when)
    elif standing.stand is Stand.CLOSED:
        payment.ask_at = None
        advance(payment, "expire", actor=actor, note=note, at=when)
    elif payment.created_at < when - NEVER_HEARD:
        _fail(order, payment, NEVER_REACHED(), actor=actor, at=when)
    return payment


def _take_money(order: Order, payment: Payment, standing: Standing, *, actor: Actor, at: datetime) -> None:
    """Count what was taken, which can never be more than was asked for."""
    wanted = Money(payment.amount, payment.currency)
    if standing.paid != wanted:
        payment.ask_at = None
        keep(payment, "ask_at", "reference")
        said = PAID_OTHERWISE(payment=payment.code, paid=standing.paid, wanted=wanted)
        have_it_looked_at(order, payment, said)
        return
    payment.ask_at = None
    payment.failure = ""
    payment.means = dict(standing.means)
    payment.authorized = payment.captured = payment.amount
    payment.captured_at = at
    advance(payment, "authorize", "capture", actor=actor, at=at)
    post_capture(order, payment, payment.amount, actor=actor, at=at)
    emit(about_money(PaymentCaptured, order, payment, payment.amount), actor=actor, at=at)
    match_money(order, capture=False, actor=actor, at=at)
    tell_order(order, actor=actor, at=at)
    tell_if_late(order, payment, actor=actor, at=at)


def _stay_open(payment: Payment, standing: Standing, *, actor: Actor, at: datetime) -> None:
    payment.page_url = standing.page or payment.page_url
    payment.failure = standing.reason[:300]
    if payment.status == Status.PENDING:
        advance(payment, "require_action", actor=actor, at=at)
    else:
        keep(payment, "page_url", "reference", "failure")


def _fail(order: Order, payment: Payment, reason: str, *, actor: Actor, at: datetime) -> None:
    payment.ask_at = None
    payment.failure = reason[:300]
    advance(payment, "fail", actor=actor, note=reason, at=at)
    emit(about_payment(PaymentFailed, order, payment, reason=reason[:300]), actor=actor, at=at)
    if payment.unattended and not order.email:
        # Nobody can be sent a link to pay by.
        amount = Money(payment.amount, payment.currency).rounded()
        have_it_looked_at(order, payment, CAPTURE_REFUSED(amount=amount, order=order, reason=reason))
