"""What people say about an order, and what may still be changed about it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from core import bell
from core.actors import Actor
from core.inserting import insert_once
from core.mentions import named_in
from core.models import User
from core.outbox import emit
from core.service import note_change, service
from core.uploads import NewFile
from orders.errors import InvalidOrder, StaleOrder, TooLateToChange, UnknownOrder
from orders.events import CommentAdded, LentWanted, OrderChanged, OrderEvent
from orders.models import Comment, Follower, Order, OrderLine, OrderStatus
from orders.sentences import WISH

from .book import charges_of, lines_of, take_order, touch
from .files import keep_files
from .promising import begins_on, promise_lines, repromise
from .versions import keep_version

S = OrderStatus
MOST_TAGS = 50
LONGEST_TAG = 40
# What the warehouse goes by, and may be changed until goods have left.
DELIVERY = frozenset({"requested_delivery_on", "ship_complete", "customer_note", "gift_note", "purchase_order_number"})
# What helps to find an order again, and may always be changed.
LABELS = frozenset({"tags", "metadata"})
DATES = ("sourcing", "estimated_delivery_on", "promised_on", "ship_by_on", "starts_on", "all_later")
OPEN = frozenset({S.DRAFT, S.PLACED, S.VERIFIED, S.CONFIRMED, S.FULFILLING})


@service
def add_comment(
    order_id: int,
    text: str,
    *,
    public: bool = False,
    files: Sequence[NewFile] = (),
    actor: Actor,
    at: datetime | None = None,
) -> Comment:
    """Note what somebody says about an order; a public remark is shown to the customer, who gets it by mail.

    Colleagues who are named in it (`@maya`) are told, as far as they may see the order.
    """
    when = at or timezone.now()
    order = Order.objects.only("pk", "number", "quiet").filter(pk=order_id).first()
    if order is None:
        raise UnknownOrder(f"There is no order {order_id}")
    comment = Comment.objects.create(order_id=order_id, author=str(actor), text=text, public=public, at=when)
    keep_files(order, files, comment=comment, actor=actor, at=when)
    fact = CommentAdded(order_id=order_id, comment_id=comment.pk, shown=public, quiet=order.quiet)
    emit(fact, actor=actor, at=when)
    if named := [one for one in named_in(text, order) if str(actor) != f"staff:{one.get_username()}"]:
        place = f"comment-{comment.pk}"
        bell.tell(named, kind="mentioned", record=order, author=str(actor), text=text, anchor=place, at=when)
    return comment


@service
def require_version(order_id: int, expected: int) -> Order:
    """Take an order in hand as the caller read it. Raises StaleOrder when somebody changed it meanwhile."""
    order = take_order(order_id)
    if order.version != expected:
        raise StaleOrder(f"{order} was changed meanwhile; read it again", version=order.version)
    return order


@service
def update_preferences(
    order_id: int, changes: Mapping[str, Any], *, expected_version: int | None = None, actor: Actor
) -> Order:
    """Change delivery preferences, tags or metadata.

    Raises StaleOrder when the order is not the version the caller read, TooLateToChange when goods have left.
    """
    if unknown := sorted(set(changes) - DELIVERY - LABELS):
        faults = [
            {"pointer": f"/{name}", "code": "not_changeable", "detail": "This cannot be changed"} for name in unknown
        ]
        raise InvalidOrder(f"Not to be changed: {', '.join(unknown)}", errors=faults)
    order = take_order(order_id) if expected_version is None else require_version(order_id, expected_version)
    before = {name: getattr(order, name) for name in changes if getattr(order, name) != changes[name]}
    if not before:
        return order
    after = {name: changes[name] for name in before}
    ended = None
    if set(before) & DELIVERY:
        _require_open(order)
        ended = keep_version(order, lines_of(order), charges_of(order), actor=actor) if order.placed_at else None
    facts: list[OrderEvent] = []
    if {"requested_delivery_on", "ship_complete"} & set(before):
        facts = _move_dates(order, after)
        after |= {name: getattr(order, name) for name in DATES}
    touch(order, **after)
    told = {name: after[name] for name in before}
    note_change(order, "orders.preferences_changed", actor=actor, before=before, after=told, version=ended)
    emit(OrderChanged(order_id=order.pk, fields=sorted(before), quiet=order.quiet), *facts, actor=actor)
    return order


@service
def assign_order(order_id: int, *, assignee_id: int | None, note: str = "", actor: Actor) -> Order:
    """Say who looks after an order, and follows it from then on; nobody in particular if None.

    Who does so already changes nothing.
    """
    order = take_order(order_id)
    if order.assignee_id == assignee_id:
        return order
    names = dict(User.objects.filter(pk__in=[order.assignee_id, assignee_id]).values_list("pk", "username"))
    if assignee_id is not None and assignee_id not in names:
        fault = {"pointer": "/assignee", "code": "not_found", "detail": "There is no such person"}
        raise InvalidOrder(fault["detail"], errors=[fault])
    before, after = names.get(order.assignee_id or 0, ""), names.get(assignee_id or 0, "")
    touch(order, assignee_id=assignee_id)
    if assignee_id is not None:
        insert_once(Follower(order=order, user_id=assignee_id))
    names_now = {"assignee": after}
    note_change(order, "orders.assigned", actor=actor, before={"assignee": before}, after=names_now, note=note)
    emit(OrderChanged(order_id=order.pk, fields=["assignee"], quiet=order.quiet), actor=actor)
    return order


@service
def note_dossier(order_id: int, *, actor: Actor) -> None:
    """Write down that somebody takes all about an order out of the house."""
    note_change(take_order(order_id), "orders.dossier_taken", actor=actor)


@service
def tag_order(order_id: int, *, add: Sequence[str] = (), remove: Sequence[str] = (), actor: Actor) -> Order:
    """Put tags on an order and take others off; what is so already changes nothing.

    Raises InvalidOrder for a tag that is too long, and for more of them than one can read.
    """
    order = take_order(order_id)
    wanted = [tag for tag in order.tags if tag not in remove]
    wanted += [tag for tag in dict.fromkeys(add) if tag not in wanted]
    too_long = any(len(tag) > LONGEST_TAG for tag in wanted)
    if too_long or len(wanted) > MOST_TAGS:
        detail = f"At most {MOST_TAGS} tags of {LONGEST_TAG} characters"
        raise InvalidOrder(detail, errors=[{"pointer": "/tags", "code": "invalid", "detail": detail}])
    return update_preferences(order_id, {"tags": wanted}, actor=actor)


def _require_open(order: Order) -> None:
    """Refuse to change what the warehouse went by after goods have left."""
    if order.status not in OPEN or order.fulfillment_status != Order.Fulfillment.UNFULFILLED:
        raise TooLateToChange(f"{order} has left, or is closed", status=order.status)


@service
def _move_dates(order: Order, after: Mapping[str, Any]) -> list[OrderEvent]:
    """Work out, on the object and for its lines, the days that follow from another wish."""
    for name in ("requested_delivery_on", "ship_complete"):
        setattr(order, name, after.get(name, getattr(order, name)))
    now = timezone.now()
    facts = repromise(order, (), cause=WISH, at=now, anew=True)
    if order.promised_on is not None:
        promise_lines(order, lines_of(order))
    if "requested_delivery_on" in after:
        _need_back(order, at=now)
    return facts


@service
def _need_back(order: Order, *, at: datetime) -> None:
    """Have what the order lent be back before work on it begins by its new wish, if that is earlier."""
    until = begins_on(order, at=at)
    lent = OrderLine.objects.filter(order=order, lent__gt=0, lent_until__gt=until)
    if lent.update(lent_until=until):
        emit(LentWanted(order_ids=[order.pk]), at=at)
