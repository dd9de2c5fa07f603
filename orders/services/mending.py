"""What helps: one service for each way out of an exception, which closes with its cause."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from core import mail, outbox
from core.actors import Actor
from core.outbox import emit
from core.service import service
from orders import selectors
from orders.errors import ExceptionNotOpen, NothingToTake
from orders.exception_events import ExceptionTold
from orders.models import Order, OrderException, OrderLine
from orders.ports import work_book
from orders.sentences import (
    ASKED_AGAIN,
    CANCELLED_FOR_IT,
    LET_PASS,
    MISSING_SENT_FROM,
    NOT_IN_TIME,
    PROMISED_ANEW,
    TAKEN_FROM_OTHERS,
    TRIED_AGAIN,
    WAITS,
)

from .book import lines_of, save_figures, take_order
from .cancellation import cancel_order
from .exceptions import OPEN, close_exceptions, open_one
from .filling_by_hand import fill_from, ways_for_missing
from .holds import waive_check
from .promising import estimate, repromise, write_days
from .quotations import request_payment
from .reassigning import take_units
from .remarks import add_comment

DATED = ("sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later")


@dataclass(frozen=True)
class NewDay:
    """What a customer would be told: the day at best, and the day that was promised."""

    before: date
    after: date


def day_at_best(order: Order) -> NewDay | None:
    """Return which day can be promised instead of the one that is promised; none where that is no other."""
    if order.promised_on is None or order.status not in selectors.PROMISED:
        return None
    looked_at = Order.objects.select_related("channel", "shipping_method").get(pk=order.pk)
    estimate(looked_at, lines_of(looked_at), at=timezone.now(), anew=True)
    after = looked_at.estimated_delivery_on
    if after is None or after <= timezone.localdate() or after == order.promised_on:
        return None
    return NewDay(order.promised_on, after)


@service
def promise_anew(exception_id: int, *, actor: Actor) -> OrderException:
    """Promise the day that is possible now, tell the customer, and be done with it."""
    exception, order = in_hand(exception_id)
    now = timezone.now()
    lines = lines_of(order)
    before = {line.pk: line.promised_on for line in lines}
    moved = repromise(order, lines, cause=NOT_IN_TIME, at=now, anew=True)
    write_days([line for line in lines if line.promised_on != before[line.pk]])
    save_figures(order, *DATED)
    emit(*moved, actor=actor, at=now)
    day = order.promised_on.isoformat() if order.promised_on else ""
    return finish(exception, PROMISED_ANEW(day=day), actor=actor)


@service
def wait_for_stock(exception_id: int, *, actor: Actor) -> OrderException:
    """Let an order wait for the day that its customer was told when the units were lost."""
    exception, order = in_hand(exception_id)
    if order.promised_on is None or selectors.is_late(order):
        raise ExceptionNotOpen(_("No day is promised that it could wait for"))
    return finish(exception, WAITS(day=order.promised_on.isoformat()), actor=actor)


@service
def fetch_missing(exception_id: int, *, actor: Actor) -> OrderException:
    """Send what is missing from the best place that has some of it; what is missing even then keeps it open."""
    exception, order = in_hand(exception_id)
    way = next(iter(ways_for_missing(order)), None)
    if way is None:
        raise NothingToTake(_("Nothing of what is missing is there any more"))
    fill_from(order.pk, warehouse_id=way.warehouse.pk, reason=str(exception.title)[:300], actor=actor)
    if OrderLine.objects.filter(order=order, backordered__gt=0).exists():
        return exception
    return finish(exception, MISSING_SENT_FROM(place=way.warehouse.name), actor=actor)


@service
def take_for_exception(
    exception_id: int, *, agreed: Mapping[int, date | None], reason: str, actor: Actor
) -> OrderException:
    """Give the order what it misses, from orders that wait easier; what is missing even then keeps it open."""
    order_id = OrderException.objects.values_list("order_id", flat=True).get(pk=exception_id)
    # All orders are locked at once, in the order of their keys; only then is looked whether somebody was faster.
    if order_id is not None:
        take_units(order_id, agreed=agreed, reason=reason, actor=actor)
    exception, order = in_hand(exception_id)
    if OrderLine.objects.filter(order=order, backordered__gt=0).exists():
        return exception
    return finish(exception, TAKEN_FROM_OTHERS(), actor=actor)


@service
def ask_again_to_pay(exception_id: int, *, actor: Actor) -> OrderException:
    """Send the customer a link to pay by; if that fails again, the exception is back."""
    exception, order = in_hand(exception_id)
    request_payment(order.pk, actor=actor)
    return finish(exception, ASKED_AGAIN(), actor=actor)


@service
def let_check_pass(exception_id: int, *, reason: str, actor: Actor) -> OrderException:
    """Let an order go on although a check failed."""
    exception, order = in_hand(exception_id)
    waive_check(order.pk, str(exception.payload.get("check", "")), reason=reason, actor=actor)
    return finish(exception, LET_PASS(reason=reason), actor=actor)


@service
def cancel_for_exception(exception_id: int, *, reason: str, actor: Actor) -> OrderException:
    """Give the order up, with all that went wrong about it."""
    exception, order = in_hand(exception_id)
    cancel_order(order.pk, reason=reason, actor=actor)
    return finish(exception, CANCELLED_FOR_IT(), actor=actor)


@service
def try_work_again(exception_id: int, *, actor: Actor) -> OrderException:
    """Have given-up work tried again; if it is given up again, the exception is back."""
    exception = open_one(exception_id)
    if not outbox.retry_dead([int(exception.payload.get("delivery", 0))]):
        raise ExceptionNotOpen(_("That work is done or tried already"))
    return finish(exception, TRIED_AGAIN(), actor=actor)


@service
def send_mail_again(exception_id: int, *, actor: Actor) -> OrderException:
    """Send a mail again that was refused; if that is refused too, the exception is back."""
    exception = open_one(exception_id)
    mail.resend(int(exception.payload.get("mail", 0)), actor=actor)
    return finish(exception, TRIED_AGAIN(), actor=actor)


@service
def write_to_customer(exception_id: int, *, text: str, actor: Actor) -> OrderException:
    """Tell the customer what is going on, by mail and on the page of the order. That alone solves nothing."""
    exception, order = in_hand(exception_id)
    comment = add_comment(order.pk, text, public=True, actor=actor)
    fact = ExceptionTold(exception_id=exception.pk, order_id=order.pk, comment_id=comment.pk, quiet=order.quiet)
    emit(fact, actor=actor)
    return exception


def missing_units(order: Order) -> str:
    """Name what an order waits for."""
    lines = OrderLine.objects.filter(order=order, backordered__gt=0).order_by("position")[:3]
    return ", ".join(f"{line.backordered} × {line.sku}" for line in lines)


def in_hand(exception_id: int, *, with_work: bool = False) -> tuple[OrderException, Order]:
    """Take an open exception with its order in hand. Raises ExceptionNotOpen; who edits takes the work before."""
    found = OrderException.objects.get(pk=exception_id)
    if found.order_id is None:
        raise ExceptionNotOpen(_("This is about no order"))
    if with_work:
        work_book.pieces(found.order_id, lock=True)
    order = take_order(found.order_id)
    exception = OrderException.objects.get(pk=exception_id)
    if exception.status not in OPEN:
        raise ExceptionNotOpen(_("Somebody was faster: this is closed"), status=exception.status)
    return exception, order


def finish(exception: OrderException, resolution: str, *, actor: Actor) -> OrderException:
    """Close an exception with how it ended."""
    close_exceptions([exception.pk], resolution=resolution, actor=actor)
    return OrderException.objects.get(pk=exception.pk)
