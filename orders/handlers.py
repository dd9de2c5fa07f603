"""What orders do about facts, their own and those of the floors below."""

from core.events import DeliveryDied, MailRefused
from core.outbox import handles
from customers.events import ArrearsSettled, CertificateEnds, CreditMoved, VatIdConfirmed, VatIdRefused
from inventory.events import ReleaseMoved, StockReceived, StockReleased, StockShortfall, SupplyChanged
from orders import notifications, services
from orders.events import (
    CommentAdded,
    HoldPlaced,
    LentIsBack,
    LentWanted,
    OrderAmended,
    OrderCancelled,
    OrderConfirmed,
    OrderExpired,
    PaymentAwaited,
    PaymentRequested,
    PromiseChanged,
    QuotationOffered,
    ReplayWanted,
    StockMissed,
    ToldTheSame,
    UnitsAwaited,
    UnitsWanted,
    WeightsChanged,
)
from orders.exception_events import CausesMoved
from orders.incident_events import IncidentConcerns, IncidentDue
from orders.models import Order, OrderException
from orders.sentences import EDITED, GIVEN_UP, MAIL_REFUSED, PAID_TOO_LATE, SUPPLY


@handles(PaymentAwaited, when=lambda event: not event.quiet)
def send_order_received(event: PaymentAwaited) -> None:
    """Tell the customer how to pay."""
    notifications.send_order_received(event.order_id)


@handles(PaymentRequested)
def send_payment_request(event: PaymentRequested) -> None:
    """Ask the customer to pay; somebody of us wants it, also where the channel is quiet."""
    notifications.send_payment_request(event.order_id, asked_at=event.asked_at)


@handles(QuotationOffered)
def send_quotation(event: QuotationOffered) -> None:
    """Send the offer to the customer."""
    notifications.send_quotation(event.order_id, version=event.version, offered_on=event.offered_on)


@handles(OrderConfirmed, when=lambda event: not event.quiet)
def send_order_confirmation(event: OrderConfirmed) -> None:
    """Tell the customer what comes when."""
    notifications.send_order_confirmation(event.order_id)


@handles(OrderCancelled, when=lambda event: not event.quiet)
def send_order_cancelled(event: OrderCancelled) -> None:
    """Tell the customer that nothing will come."""
    notifications.send_order_cancelled(event.order_id)


@handles(OrderExpired, when=lambda event: not event.quiet)
def send_order_expired(event: OrderExpired) -> None:
    """Tell the customer that the time to pay is over."""
    notifications.send_order_expired(event.order_id)


@handles(OrderAmended, when=lambda event: event.tells and not event.quiet)
def send_order_changed(event: OrderAmended) -> None:
    """Tell the customer what it is now."""
    notifications.send_order_changed(event.order_id, change=event.change)


@handles(CommentAdded, when=lambda event: event.shown and not event.quiet)
def send_comment(event: CommentAdded) -> None:
    """Send the customer what somebody of us wrote to them."""
    notifications.send_comment(event.order_id, comment_id=event.comment_id)


@handles(
    PromiseChanged,
    # What an edit or an incident does to the day stands in the mail about that.
    when=lambda event: not event.quiet and event.after > event.before and event.cause not in (EDITED.code, "incident"),
)
def send_promise_later(event: PromiseChanged) -> None:
    """Tell the customer that it comes later."""
    notifications.send_promise_later(event.order_id, before=event.before, after=event.after)


@handles(SupplyChanged, outside=True)
def redate_those_who_wait(event: SupplyChanged) -> None:
    """Move the promises of those who wait for these products; safe to repeat."""
    services.recall_endangered(event.product_ids)
    services.lend_to_waiting(event.product_ids)
    services.redate_waiting(event.product_ids, cause=SUPPLY)


@handles(ReleaseMoved, outside=True)
def redate_preorders(event: ReleaseMoved) -> None:
    """Move the promises of those who ordered what is released on another day; safe to repeat."""
    services.redate_release(event.product_id)


@handles(StockReceived, outside=True)
def fill_backorders(event: StockReceived) -> None:
    """Give fresh units to those who wait; safe to repeat, each order in a transaction of its own."""
    services.fill_backorders(event.product_ids)
    services.lend_to_waiting(event.product_ids)


@handles(StockReleased, outside=True)
def fill_backorders_with_released(event: StockReleased) -> None:
    """Give released units to those who wait; safe to repeat."""
    services.fill_backorders(event.product_ids)
    services.lend_to_waiting(event.product_ids)


@handles(UnitsAwaited, outside=True)
def look_again_for_units(event: UnitsAwaited) -> None:
    """Look again, now that all can see them, for those who began to wait; safe to repeat."""
    services.look_again(event.order_ids)


@handles(LentWanted, outside=True)
def bring_back_lent(event: LentWanted) -> None:
    """Give back what was lent and is wanted earlier now; safe to repeat."""
    services.bring_back(event.order_ids)


@handles(LentIsBack)
def close_what_came_back(event: LentIsBack) -> None:
    """Call nobody for units that are back."""
    services.close_lent([event.order_id])


@handles(WeightsChanged, outside=True)
def rank_orders(event: WeightsChanged) -> None:
    """Rank every order that waits by the new weights; safe to repeat."""
    services.rank_orders()


@handles(UnitsWanted, outside=True)
def take_what_may_be_taken(event: UnitsWanted) -> None:
    """Take planned stock from orders that keep their promise all the same; safe to repeat."""
    services.take_by_itself(event.order_id)


@handles(StockMissed)
def report_missed_stock(event: StockMissed) -> None:
    """Put an order before a person that was paid too late for its stock."""
    order = Order.objects.get(pk=event.order_id)
    services.open_exception(
        category="shortfall",
        severity=OrderException.Severity.CRITICAL,
        title=PAID_TOO_LATE(order=order, units=event.units),
        dedupe_key=services.shortfall_key(order.pk),
        order_id=order.pk,
        payload={"units": event.units},
    )


@handles(StockShortfall)
def lose_allocations(event: StockShortfall) -> None:
    """Tell the orders that lost units."""
    services.lose_allocations(event.drops, warehouse_id=event.warehouse_id, reason=event.reason)


@handles(DeliveryDied, when=lambda event: not event.handler.endswith(".report_dead_debt"))
def report_dead_debt(event: DeliveryDied) -> None:
    """Put work that was given up before a person."""
    services.open_exception(
        category="dead_debt",
        severity=OrderException.Severity.CRITICAL,
        title=GIVEN_UP(work=event.handler.rpartition(".")[2].replace("_", " ")),
        dedupe_key=f"debt:{event.delivery_id}",
        order_id=_order_of(event.subject_thread),
        payload={"delivery": event.delivery_id, "handler": event.handler},
    )


@handles(MailRefused)
def report_refused_mail(event: MailRefused) -> None:
    """Put a mail that nobody takes before a person."""
    services.open_exception(
        category="mail",
        title=MAIL_REFUSED(reason=event.reason),
        dedupe_key=f"mail:{event.mail_id}",
        order_id=_order_of(event.mail_thread),
        payload={"mail": event.mail_id},
    )


def _order_of(thread: str) -> int | None:
    """Return the order a history belongs to, if it is one that exists."""
    label, _, key = thread.partition(":")
    if label != Order._meta.label_lower or not key.isdigit():
        return None
    return int(key) if Order.objects.filter(pk=key).exists() else None


@handles(CreditMoved, outside=True)
def review_credit(event: CreditMoved) -> None:
    """Let orders go on that waited for credit, or wait where the limit does not reach any more; safe to repeat."""
    services.review_credit(event.customer_id)


@handles(ArrearsSettled, outside=True)
def lift_arrears(event: ArrearsSettled) -> None:
    """Let the orders go on that waited for what was overdue; safe to repeat."""
    services.lift_arrears(event.customer_id)


@handles(VatIdRefused, outside=True)
def question_vat_id(event: VatIdRefused) -> None:
    """Put what was sold without tax on a VAT id before finance; safe to repeat."""
    services.question_vat_id(event.customer_id, event.number)


@handles(CertificateEnds)
def tell_certificate_ends(event: CertificateEnds) -> None:
    """Put it before finance."""
    services.tell_certificate_ends(
        event.customer_id, certificate_id=event.certificate_id, number=event.number, until=event.until
    )


@handles(VatIdConfirmed, outside=True)
def clear_vat_id(event: VatIdConfirmed) -> None:
    """Close what was open because of it; safe to repeat."""
    services.clear_vat_id(event.customer_id, event.number)


@handles(ReplayWanted, outside=True)
def run_replay(event: ReplayWanted) -> None:
    """Look back in the background; it reads for a while and holds no lock."""
    services.run_replay(event.replay_id)


@handles(CausesMoved)
def close_what_is_over(event: CausesMoved) -> None:
    """Call nobody for what is over."""
    services.close_what_is_over(event.order_id)


@handles(ToldTheSame)
def go_on_with_what_is_kept(event: ToldTheSame) -> None:
    """Let go on what was only stopped for the other one; safe to repeat."""
    services.go_on_with_kept(event.order_id, other=event.other)


@handles(HoldPlaced, when=lambda event: not event.quiet)
def report_failed_check(event: HoldPlaced) -> None:
    """Put an order that a check stops before a person."""
    services.report_failed_check(event.hold_id)


@handles(IncidentDue, outside=True)
def run_incident(event: IncidentDue) -> None:
    """Work on an incident for a while; each batch of orders in a transaction of its own, safe to repeat."""
    services.run_incident(event.incident_id, turn=event.turn)


@handles(IncidentConcerns)
def send_incident(event: IncidentConcerns) -> None:
    """Tell a customer of an incident, once for all his orders."""
    notifications.send_incident(event.order_id, incident_id=event.incident_id)
