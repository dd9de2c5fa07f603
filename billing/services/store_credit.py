"""Store credit: what a customer has with us, given, held for an order, spent, and given back.

It is a liability in the ledger; a row for each customer and currency (`StoreCredit`) says what the ledger says, and
holds what orders wait to take. Each step is one conditional update: who comes second finds what is left. Whose it is
is locked first: what a payment sets off may need the customer, too, and who gives credit has them already.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext as _

from billing import selectors
from billing.cards import without_cards
from billing.errors import (
    CreditTooSmall,
    NobodysCredit,
    NothingToPay,
    PaymentExceedsDue,
    ReasonMissing,
    ReferenceTaken,
)
from billing.events import StoreCreditChanged
from billing.gateways.store_credit import CODE
from billing.models import Payment, Refund, StoreCredit, StoreCreditGrant
from billing.services.booking import post_grant
from billing.services.common import OVER, checked, moment, summed
from core.actors import Actor
from core.inserting import insert_once
from core.models import exact
from core.money import Money, plain, round_amount
from core.outbox import emit
from core.service import service
from customers.models import Customer
from orders.inputs import PaymentInput
from orders.models import Order, OrderStatus


def way_of(method: str, gateway: str) -> str:
    """Return who holds the money of a way to pay: store credit is always ours, whoever names it."""
    return CODE if method == CODE else gateway


def free_credit(customer_id: int | None, currency: str) -> Decimal:
    """Return what a customer may spend of their credit now."""
    if customer_id is None:
        return Decimal(0)
    found = StoreCredit.objects.filter(customer=customer_id, currency=currency).first()
    return round_amount(found.free, currency) if found else Decimal(0)


def due_from_credit(order: Order) -> Decimal:
    """Return how much of an order could be paid from credit: what is owed, not held, and not on its way already."""
    if order.status == OrderStatus.DRAFT or order.status in OVER:
        return Decimal(0)
    due = order.balance_due - order.authorized_total
    return round_amount(max(Decimal(0), due - selectors.coming(order)), order.currency) if due > 0 else Decimal(0)


def payable_from_credit(order: Order) -> Decimal:
    """Return how much of an order its customer's credit would pay now."""
    due = due_from_credit(order)
    if not due or order.found_by_email:
        return Decimal(0)
    return min(due, free_credit(order.customer_id, order.currency))


@service
def take_owner(customer_id: int | None) -> None:
    """Lock the customer before their credit: order, customer, credit is how everybody comes to it."""
    if customer_id is not None:
        list(Customer.objects.locked().filter(pk=customer_id).values_list("pk"))


def check_due(order: Order, method: str, amount: Decimal) -> None:
    """Raise PaymentExceedsDue where more than is owed would be taken from store credit."""
    if method == CODE:
        _refuse_beyond(amount, due_from_credit(order), order.currency)


def check_due_with_order(order: Order, payments: Sequence[PaymentInput]) -> None:
    """Raise PaymentExceedsDue where an order that is being placed would take more credit than the rest leaves."""
    credit = summed(one.amount for one in payments if one.method == CODE)
    beside = summed(one.amount for one in payments if one.method != CODE)
    if credit:
        _refuse_beyond(credit, max(Decimal(0), order.total - beside), order.currency)


def _refuse_beyond(amount: Decimal, due: Decimal, currency: str) -> None:
    if amount > due:
        raise PaymentExceedsDue(
            _("Only %(due)s is to be paid; no more is taken from store credit") % {"due": Money(due, currency)},
            due=plain(due, currency),
            currency=currency,
        )


@service
def hold_credit(order: Order, payment: Payment) -> None:
    """Hold what a payment in hand is to take. Other ways to pay are none of its business.

    Raises NobodysCredit, and CreditTooSmall where less is free.
    """
    if payment.gateway != CODE:
        return
    if order.customer_id is None:
        raise NobodysCredit(_("Store credit belongs to a customer; the order names none"))
    if order.found_by_email:
        # Anybody can type an address: it opens nobody's purse, and does not say what is in it.
        raise NobodysCredit(_("Only the e-mail address says who the customer is; that is not enough for their credit"))
    take_owner(order.customer_id)
    rows = StoreCredit.objects.filter(customer=order.customer_id, currency=payment.currency)
    enough = rows.filter(balance__gte=exact(F("held") + payment.amount))
    if enough.update(held=exact(F("held") + payment.amount)) != 1:
        left = free_credit(order.customer_id, payment.currency)
        raise CreditTooSmall(
            _("Only %(left)s of store credit is left") % {"left": Money(left, payment.currency)},
            left=plain(left, payment.currency),
            currency=payment.currency,
        )


@service
def spend_credit(order: Order, payment: Payment, amount: Decimal) -> None:
    """Take some of what is held for a payment in hand."""
    if payment.gateway == CODE:
        _change(order, payment, balance=-amount, held=-amount)


@service
def let_go_of_credit(order: Order, payment: Payment, amount: Decimal) -> None:
    """Let go of what is held for a payment in hand and was not taken."""
    if payment.gateway == CODE and amount:
        _change(order, payment, balance=Decimal(0), held=-amount)


def _change(order: Order, payment: Payment, *, balance: Decimal, held: Decimal) -> None:
    take_owner(order.customer_id)
    rows = StoreCredit.objects.filter(customer=order.customer_id, currency=payment.currency)
    changed = {"balance": exact(F("balance") + balance), "held": exact(F("held") + held)}
    if rows.update(**changed) != 1:
        raise CreditTooSmall(_("There is no store credit to take it from"), payment=payment.code)


def goes_to_credit(payment: Payment, *, to_credit: bool) -> bool:
    """Whether what goes back of a payment becomes store credit: as asked, and what came from there always."""
    return to_credit or payment.gateway == CODE


def refuse_nobodys(order: Order, *, to_credit: bool) -> None:
    """Raise NobodysCredit where money should become store credit of nobody."""
    if to_credit and order.customer_id is None:
        raise NobodysCredit(_("Store credit belongs to a customer; the order names none"))


@service
def give_credit_back(order: Order, refund: Refund) -> None:
    """Add what a refund in hand gives back as store credit."""
    if refund.to_credit and order.customer_id is not None:
        take_owner(order.customer_id)
        _add(order.customer_id, refund.currency, refund.amount)


def _add(customer_id: int, currency: str, amount: Decimal) -> None:
    insert_once(StoreCredit(customer_id=customer_id, currency=currency))
    rows = StoreCredit.objects.filter(customer=customer_id, currency=currency)
    if amount < 0:
        rows = rows.filter(balance__gte=exact(F("held") - amount))
    if rows.update(balance=exact(F("balance") + amount)) != 1:
        left = free_credit(customer_id, currency)
        raise CreditTooSmall(
            _("Only %(left)s of store credit is left") % {"left": Money(left, currency)},
            left=plain(left, currency),
            currency=currency,
        )


@service
def give_store_credit(
    customer_id: int,
    *,
    amount: Money,
    reason: str,
    reference: str,
    take_back: bool = False,
    actor: Actor,
    at: datetime | None = None,
) -> StoreCreditGrant:
    """Give a customer credit for a reason (goodwill), or take some back. The reference makes a second call harmless.

    Raises ReasonMissing, CreditTooSmall where less is left to take back, and ReferenceTaken for something else.
    """
    wanted = checked(amount.amount, amount.currency)
    signed = -wanted if take_back else wanted
    if not (why := without_cards(reason).strip()):
        detail = {"pointer": "/reason", "code": "required", "detail": "A reason is needed"}
        raise ReasonMissing(_("Say what the credit is for"), errors=[detail])
    Customer.objects.locked().get(pk=customer_id)
    known = StoreCreditGrant.objects.filter(reference=reference).first()
    if known is not None:
        if (known.customer_id, known.currency, known.amount) != (customer_id, amount.currency, signed):
            raise ReferenceTaken(f"{reference} stands for another credit already", reference=reference)
        return known
    _add(customer_id, amount.currency, signed)
    grant = StoreCreditGrant.objects.create(
        customer_id=customer_id,
        currency=amount.currency,
        amount=signed,
        reason=why[:300],
        reference=reference,
        given_by=str(actor)[:120],
        at=moment(at),
    )
    post_grant(grant, actor=actor)
    fact = StoreCreditChanged(
        customer_id=customer_id, amount=plain(signed, amount.currency), currency=amount.currency, reason=why[:300]
    )
    emit(fact, actor=actor, at=moment(at))
    return grant


def credit_due(order: Order) -> Decimal:
    """Return what of an order is paid from its customer's credit. Raises NothingToPay."""
    if amount := payable_from_credit(order):
        return amount
    raise NothingToPay(_("Nothing can be paid with your credit at the moment"), order_status=order.status)
