"""Money that is held, comes in, and is let go again."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from billing import gateways, selectors
from billing.cards import without_cards
from billing.errors import CaptureExceedsAuthorization, GatewayRefused, OrderTakesNoMoney, ReferenceTaken
from billing.events import (
    CheckoutGivenUp,
    PaymentAuthorized,
    PaymentFailed,
    PaymentRecorded,
    PaymentVoided,
)
from billing.models import Payment
from billing.sentences import ANOTHER_WAY
from billing.services.booking import post_capture
from billing.services.captures import NOTHING_OWED, ask_to_let_go, charge_again
from billing.services.common import (
    LIVE,
    OVER,
    about_money,
    about_payment,
    checked,
    moment,
    summed,
    take_invoice,
    take_order,
    take_payment,
    tell_if_late,
)
from billing.services.matching import ask_to_capture, capture_held, match_money, tell_order
from billing.services.store_credit import (
    check_due,
    check_due_with_order,
    hold_credit,
    let_go_of_credit,
    spend_credit,
    way_of,
)
from core.actors import SYSTEM, Actor
from core.errors import TransitionRefused
from core.money import Money, plain
from core.outbox import emit
from core.service import service
from core.transitions import advance
from orders.inputs import PaymentInput
from orders.models import Order, OrderStatus

HELD = (Payment.Status.AUTHORIZED, Payment.Status.PARTIALLY_CAPTURED)


@service
def authorize_payment(
    order_id: int,
    *,
    method: str,
    amount: Decimal,
    reference: str = "",
    gateway: str = "manual",
    actor: Actor,
    at: datetime | None = None,
) -> Payment:
    """Write down money that is held for an order; invoices take from it.

    A reference makes a second call harmless. Raises OrderTakesNoMoney, and ReferenceTaken for another amount.
    """
    order, reference = take_order(order_id), without_cards(reference)
    if order.status in OVER:
        raise OrderTakesNoMoney(
            f"{order} is {order.get_status_display().lower()}; nobody pays for it now", order_status=order.status
        )
    _refuse_draft(order)
    gateway = way_of(method, gateway)
    if known := _known(order, method, gateway, amount, reference):
        return known
    check_due(order, method, amount)
    payment = _authorize(
        order, method=method, amount=amount, reference=reference, gateway=gateway, actor=actor, at=moment(at)
    )
    match_money(order, capture=True, actor=actor, at=moment(at))
    tell_order(order, actor=actor, at=moment(at))
    give_up_overtaken(order, actor=actor)
    return Payment.objects.get(pk=payment.pk)


@service
def record_payment(
    order_id: int,
    *,
    method: str,
    amount: Decimal,
    reference: str = "",
    gateway: str = "manual",
    is_another: bool = False,
    actor: Actor,
    at: datetime | None = None,
    known_for_a_day: bool = False,
) -> Payment:
    """Write down money that came in: cash, card terminal, bank transfer. Settles open invoices, oldest first.

    More than is owed is taken and shown as overpaid; money for a cancelled order goes back by itself, for an
    expired one a person decides. A reference makes a second call harmless, or with `known_for_a_day` a second call
    about the same day: some customers write the same words under every transfer. `is_another` says that it is no
    repeat, whatever the words. Raises OrderTakesNoMoney for a draft, and ReferenceTaken for another amount.
    """
    order, reference = take_order(order_id), without_cards(reference)
    _refuse_draft(order)
    gateway = way_of(method, gateway)
    on = timezone.localdate(moment(at)) if known_for_a_day else None
    words = "" if is_another else reference
    if known := _known(order, method, gateway, amount, words, came_in=True, on=on):
        return known
    check_due(order, method, amount)
    payment = record(
        order, method=method, amount=amount, reference=reference, gateway=gateway, actor=actor, at=moment(at)
    )
    match_money(order, capture=False, actor=actor, at=moment(at))
    tell_order(order, actor=actor, at=moment(at))
    tell_if_late(order, payment, actor=actor, at=moment(at))
    give_up_overtaken(order, actor=actor)
    let_go_of_spare(order.pk, reason=ANOTHER_WAY(), actor=actor, at=at)
    return payment


def _known(
    order: Order,
    method: str,
    gateway: str,
    amount: Decimal,
    reference: str,
    *,
    came_in: bool = False,
    on: date | None = None,
) -> Payment | None:
    """Return the payment that was written down under this reference before, or on that day.

    Raises ReferenceTaken if it differs.
    """
    wanted = checked(amount, order.currency)
    if not reference:
        return None
    known = Payment.objects.filter(
        order=order, method=method, gateway=gateway, reference=reference, status__in=LIVE
    ).order_by("pk")
    if on is not None:
        known = known.filter(captured_at__date=on)
    for payment in known:
        if payment.amount == wanted and not (came_in and payment.captured != wanted):
            return payment
    if not known:
        return None
    first = known[0]
    money = Money(first.amount, first.currency)
    state = "is held" if first.held else "came in"
    raise ReferenceTaken(
        f"Under {reference}, {money} {state} already; another payment needs a reference of its own",
        reference=reference,
        payment=first.code,
        amount=plain(first.amount, first.currency),
        currency=first.currency,
    )


def _refuse_draft(order: Order) -> None:
    if order.status == OrderStatus.DRAFT:
        raise OrderTakesNoMoney(f"{order} is a draft; nobody owes anything yet", order_status=order.status)


def _authorize(
    order: Order, *, method: str, amount: Decimal, reference: str, gateway: str, actor: Actor, at: datetime
) -> Payment:
    payment = Payment(
        order=order,
        method=method,
        gateway=gateway,
        currency=order.currency,
        amount=checked(amount, order.currency),
        reference=reference,
        created_at=at,
    )
    money = Money(payment.amount, payment.currency)
    hold_credit(order, payment)
    answer = gateways.gateway(gateway).authorize(amount=money, reference=reference, key=payment.code)
    if not answer.ok:
        raise GatewayRefused("The payment provider does not hold the money", reason=answer.reason)
    payment.reference = answer.reference
    payment.authorized = payment.amount
    advance(payment, "authorize", actor=actor, at=at)
    emit(about_money(PaymentAuthorized, order, payment, payment.amount), actor=actor, at=at)
    return payment


@service
def record(
    order: Order,
    *,
    method: str,
    amount: Decimal,
    reference: str,
    gateway: str,
    posted: bool = False,
    actor: Actor,
    at: datetime,
) -> Payment:
    """Write down, for an order in hand, money that came in; it is not matched and the order not told yet.

    `posted`: who calls writes it into the ledger.
    """
    payment = Payment(
        order=order,
        method=method,
        gateway=gateway,
        currency=order.currency,
        amount=checked(amount, order.currency),
        reference=reference,
        created_at=at,
        captured_at=at,
    )
    gateways.gateway(gateway)
    hold_credit(order, payment)
    spend_credit(order, payment, payment.amount)
    payment.authorized = payment.captured = payment.amount
    advance(payment, "authorize", "capture", actor=actor, at=at)
    if not posted:
        post_capture(order, payment, payment.amount, actor=actor, at=at)
    emit(about_money(PaymentRecorded, order, payment, payment.amount), actor=actor, at=at)
    return payment


@service
def keep_payments_of_order(
    order: Order, payments: Sequence[PaymentInput], *, actor: Actor, at: datetime | None
) -> None:
    """Write down money that came with an order that is being placed; the order counts it already.

    Raises PaymentExceedsDue for more store credit than is owed.
    """
    check_due_with_order(order, payments)
    for one in payments:
        write = record if one.status == "captured" else _authorize
        write(
            order,
            method=one.method,
            amount=one.amount,
            reference=without_cards(one.reference),
            gateway=way_of(one.method, "manual"),
            actor=actor,
            at=one.at or moment(at),
        )


@service
def capture_payment(
    payment_id: int, amount: Decimal | None = None, *, actor: Actor, at: datetime | None = None
) -> Payment:
    """Take what is held, or some of it; a provider outside of the house is asked by a debt.

    Raises TransitionRefused, CaptureExceedsAuthorization and GatewayRefused.
    """
    order, payment = take_payment(payment_id)
    when = moment(at)
    if payment.held <= 0:
        raise TransitionRefused(
            f"Nothing is held: the payment is {payment.get_status_display().lower()}", status=payment.status
        )
    wanted = checked(payment.held if amount is None else amount, payment.currency)
    if wanted > payment.held:
        raise CaptureExceedsAuthorization(
            f"Only {Money(payment.held, payment.currency)} is held",
            held=plain(payment.held, payment.currency),
            currency=payment.currency,
        )
    if not gateways.gateway(payment.gateway).at_once:
        if payment.capturing:
            raise TransitionRefused("Some of it is being taken at this moment", status=payment.status)
        ask_to_capture(order, payment, wanted, actor=actor, at=when)
        return payment
    capture_held(order, payment, wanted, actor=actor, at=when)
    match_money(order, capture=False, actor=actor, at=when)
    tell_order(order, actor=actor, at=when)
    tell_if_late(order, payment, actor=actor, at=when)
    return payment


@service
def collect_payment(invoice_id: int, *, actor: Actor = SYSTEM) -> None:
    """Settle an invoice that was issued with money that came in before, then take what is held for it.

    What is missing then is charged to what the customer paid with before, where the channel does that.
    """
    order, invoice = take_invoice(invoice_id)
    when = moment(invoice.issued_at)
    if purses := match_money(order, capture=True, actor=actor, at=when):
        tell_order(order, actor=actor, at=when)
        if order.balance_due <= 0 and any(purse.payment.held for purse in purses):
            let_go_of_spare(order.pk, reason=NOTHING_OWED, actor=actor, at=when)
        charge_again(order, invoice.pk, actor=actor, at=when)


@service
def void_payment(payment_id: int, *, reason: str = "", actor: Actor, at: datetime | None = None) -> Payment:
    """Let go of what is held. What was taken already stays taken: that is refunded."""
    order, payment = take_payment(payment_id)
    _let_go(order, payment, reason=without_cards(reason), actor=actor, at=moment(at))
    tell_order(order, actor=actor, at=moment(at))
    return payment


def _let_go(order: Order, payment: Payment, *, reason: str, actor: Actor, at: datetime) -> None:
    if payment.is_undecided and not gateways.gateway(payment.gateway).at_once:
        # Whether somebody paid in this moment is the provider's to say; he closes his page first.
        emit(about_payment(CheckoutGivenUp, order, payment, reason=reason), actor=actor, at=at)
        return
    if payment.capturing or payment.giving_up:
        raise TransitionRefused("The payment provider is being asked for it at this moment", status=payment.status)
    if payment.reserved and not gateways.gateway(payment.gateway).at_once:
        ask_to_let_go(order, payment, reason=reason, actor=actor, at=at)
        return
    rest = payment.status == Payment.Status.PARTIALLY_CAPTURED
    if payment.status == Payment.Status.AUTHORIZED or rest:
        answer = gateways.gateway(payment.gateway).void(reference=payment.reference, key=f"{payment.code}-void")
        if not answer.ok:
            raise GatewayRefused("The payment provider does not let go", reason=answer.reason, payment=payment.code)
        let_go_of_credit(order, payment, payment.reserved)
    advance(payment, "release_rest" if rest else "void", actor=actor, note=reason, at=at)
    emit(about_payment(PaymentVoided, order, payment), actor=actor, at=at)


@service
def give_up_checkouts(
    order: Order, *, unless: Decimal = Decimal(0), reason: str, actor: Actor, at: datetime | None = None
) -> Payment | None:
    """Have the provider's pages for an order in hand closed; return the one over `unless`, which stays open."""
    kept: Payment | None = None
    for payment in selectors.undecided(order):
        if kept is None and payment.amount == unless:
            kept = payment
        else:
            _let_go(order, payment, reason=reason, actor=actor, at=moment(at))
    return kept


def give_up_overtaken(order: Order, *, actor: Actor) -> None:
    """Close the provider's pages where money came another way, so that nobody pays twice."""
    if selectors.undecided(order):
        give_up_checkouts(order, unless=selectors.payable(order), reason=ANOTHER_WAY(), actor=actor)


@service
def let_go_of_spare(order_id: int, *, reason: str, actor: Actor = SYSTEM, at: datetime | None = None) -> None:
    """Let go of each hold without which what is owed is held all the same, the youngest first; repeated, harmless.

    Nobody takes such money in time, and who took it would take it a second time.
    """
    if not Payment.objects.filter(order=order_id, status__in=HELD).exists():
        return
    order, when = take_order(order_id), moment(at)
    payments = list(Payment.objects.filter(order=order, status__in=HELD).order_by("-pk"))
    spare = summed(one.held + one.capturing for one in payments) - max(Decimal(0), order.balance_due)
    let_go = False
    for payment in payments:
        if payment.capturing or not 0 < payment.held <= spare:
            continue
        spare -= payment.held
        _let_go(order, payment, reason=without_cards(reason), actor=actor, at=when)
        let_go = True
    if let_go:
        tell_order(order, actor=actor, at=when)


@service
def let_go_of_payments(order: Order, *, reason: str, actor: Actor, at: datetime) -> None:
    """Let go of everything that is held for an order in hand, or that is still awaited."""
    for payment in Payment.objects.filter(order=order).order_by("pk"):
        # What is being taken goes back when it came.
        if (payment.held and not payment.capturing) or payment.is_undecided:
            _let_go(order, payment, reason=reason, actor=actor, at=at)


@service
def fail_payment(payment_id: int, *, reason: str, actor: Actor, at: datetime | None = None) -> Payment:
    """Write down that the provider said no."""
    order, payment = take_payment(payment_id)
    reason = without_cards(reason)
    payment.failure = reason[:300]
    advance(payment, "fail", actor=actor, note=reason, at=moment(at))
    emit(about_payment(PaymentFailed, order, payment, reason=reason[:300]), actor=actor, at=moment(at))
    return payment
