"""Who looks after an order, who keeps an eye on it, and when somebody looks at it again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.utils import timezone

from core import bell, mentions, outbox
from core.actors import SYSTEM, Actor
from core.inserting import insert_once
from core.models import Consumer, EventRecord, User
from core.outbox import emit
from core.service import note_change, service
from orders.errors import InvalidOrder
from orders.events import FollowUpDue
from orders.models import Follower, FollowUp, Order

from .book import take_order
from .remarks import assign_order

READER = "followers"
MOST_FOLLOWERS = 50
AT_ONCE = 200
# What followers are told of, by the name of the fact.
TOLD_OF = frozenset({
    "orders.comment_added", "orders.hold_placed", "orders.hold_released",
    "orders.order_verified", "orders.order_confirmed", "orders.order_released", "orders.goods_shipped",
    "orders.goods_delivered", "orders.order_completed", "orders.order_cancelled", "orders.order_expired",
})  # fmt: skip


@service
def hand_over_order(order_id: int, *, to_id: int | None, note: str = "", actor: Actor) -> Order:
    """Give an order to a colleague, who is told with a word on why; to nobody in particular if None.

    Raises InvalidOrder where that colleague may not see it.
    """
    order = take_order(order_id)
    before = order.assignee_id
    person = _who_sees(order, to_id) if to_id is not None else None
    assign_order(order_id, assignee_id=to_id, note=note, actor=actor)
    if before == to_id and note:
        note_change(order, "orders.assigned", actor=actor, note=note)
    if person is None or str(actor) == f"staff:{person.get_username()}":
        return order
    if before != to_id or note:
        bell.tell([person], kind="handed_over", record=order, author=str(actor), text=note)
    return order


def _who_sees(order: Order, user_id: int) -> User:
    found = mentions.who_see(order, [user_id])
    if not found:
        fault = {"pointer": "/to", "code": "not_found", "detail": "This colleague may not see the order"}
        raise InvalidOrder(fault["detail"], errors=[fault])
    return found[0]


@service
def follow_order(order_id: int, *, user_id: int) -> bool:
    """Let somebody be told what happens to an order. Says whether that is new. Raises InvalidOrder for too many."""
    if Follower.objects.filter(order=order_id, user=user_id).exists():
        return False
    if Follower.objects.filter(order=order_id).count() >= MOST_FOLLOWERS:
        raise InvalidOrder(f"At most {MOST_FOLLOWERS} colleagues follow an order")
    return insert_once(Follower(order_id=order_id, user_id=user_id))


@service
def unfollow_order(order_id: int, *, user_id: int) -> bool:
    """Tell somebody nothing more about an order. Says whether they followed it."""
    return bool(Follower.objects.filter(order=order_id, user=user_id).delete()[0])


@service
def set_follow_up(order_id: int, *, on: date, note: str = "", actor: Actor) -> FollowUp:
    """Have an order looked at again on a day, the last one said. Raises InvalidOrder for a day that is over."""
    order = take_order(order_id)
    if on < timezone.localdate():
        detail = "This day is over"
        raise InvalidOrder(detail, errors=[{"pointer": "/on", "code": "invalid", "detail": detail}])
    known = FollowUp.objects.filter(order=order).first()
    if known is not None and (known.on, known.note) == (on, note):
        return known
    before = _said(known)
    wanted = {"on": on, "note": note, "author": str(actor), "told": False}
    follow_up, _new = FollowUp.objects.update_or_create(order=order, defaults=wanted)
    note_change(order, "orders.follow_up_set", actor=actor, before=before, after=_said(follow_up))
    return follow_up


@service
def end_follow_up(order_id: int, *, actor: Actor) -> Order:
    """Write down that an order was looked at again; without a day it changes nothing."""
    order = take_order(order_id)
    known = FollowUp.objects.filter(order=order).first()
    if known is not None:
        note_change(order, "orders.followed_up", actor=actor, before=_said(known), after=_said(None))
        known.delete()
    return order


def _said(follow_up: FollowUp | None) -> dict[str, str]:
    if follow_up is None:
        return {"follow_up": "", "note": ""}
    return {"follow_up": follow_up.on.isoformat(), "note": follow_up.note}


def tell_follow_ups() -> int:
    """Tell, once, that the day has come to look at orders again. Returns how many."""
    due = FollowUp.objects.filter(on__lte=timezone.localdate(), told=False).order_by("on", "pk")
    return sum(_tell_due(pk) for pk in list(due.values_list("order", flat=True)[:AT_ONCE]))


@service
def _tell_due(order_id: int) -> bool:
    """Tell it to who looks after the order, else to who set the day."""
    order = take_order(order_id)
    due = FollowUp.objects.filter(order=order, on__lte=timezone.localdate(), told=False)
    follow_up = due.first()
    if follow_up is None or not due.update(told=True):
        return False
    emit(FollowUpDue(order_id=order.pk, on=follow_up.on.isoformat()), actor=SYSTEM)
    setter = User.objects.filter(username=follow_up.author.removeprefix("staff:")).values_list("pk", flat=True).first()
    if people := mentions.who_see(order, [pk for pk in (order.assignee_id or setter,) if pk]):
        bell.tell(people, kind="follow_up_due", record=order, author=str(SYSTEM), text=follow_up.note)
    return True


def tell_followers() -> int:
    """Let followers know what happened since the last round. Returns how many facts were read."""
    if not Consumer.objects.filter(name=READER).exists():
        _begin_to_read()
    return outbox.consume(READER, _tell)


@service
def _begin_to_read() -> None:
    """Begin with what comes: nobody followed anything before."""
    rows = EventRecord.objects.filter(position__isnull=False).order_by("-position")
    last = rows.values_list("position", flat=True).first()
    Consumer.objects.get_or_create(name=READER, defaults={"position": last or 0})


def _tell(batch: Sequence[EventRecord]) -> None:
    """Give everybody who follows one of these orders, and still sees it, a notice for each fact that others made."""
    facts = [one for one in batch if one.name in TOLD_OF and not one.payload.get("quiet")]
    wanted = {int(one.payload["order_id"]) for one in facts}
    followed: dict[int, list[int]] = defaultdict(list)
    for order_id, user_id in Follower.objects.filter(order__in=wanted).values_list("order", "user"):
        followed[order_id].append(user_id)
    orders = Order.objects.only("pk", "number").in_bulk(list(followed))
    who = {pk: mentions.who_see(order, followed[pk]) for pk, order in orders.items()}
    for fact in facts:
        order_id = int(fact.payload["order_id"])
        if who.get(order_id):
            _tell_of(fact, orders[order_id], who[order_id])


def _tell_of(fact: EventRecord, order: Order, people: Sequence[User]) -> None:
    comment = fact.payload.get("comment_id")
    place = f"comment-{comment}" if comment else ""
    # Who is named in a comment was told already.
    known = set(bell.told_at(order, place)) if place else set()
    others = [one for one in people if one.pk not in known and fact.actor != f"staff:{one.get_username()}"]
    said = order.comments.filter(pk=comment).values_list("text", flat=True).first() if comment else None
    text = said or str(fact.payload.get("reason", ""))
    bell.tell(others, kind=fact.name, record=order, author=fact.actor, text=text, anchor=place, at=fact.at)
