"""One cause on many orders: found, told, promised anew and closed together, in turns that are safe to repeat."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast, Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.events import Event
from core.inserting import insert_rows
from core.outbox import emit
from core.service import service
from core.updating import update_each
from inventory.models import Allocation, Product
from orders import categories, selectors
from orders.errors import IncidentNotOpen, InvalidOrder
from orders.events import PromiseChanged
from orders.exception_events import CausesMoved, ExceptionOpened
from orders.incident_events import IncidentConcerns, IncidentDue, IncidentEnded, IncidentFound, IncidentTold
from orders.models import Incident, IncidentOrder, Order, OrderException, OrderLine, OrderStatus
from orders.ports import parcel_book
from orders.sentences import INCIDENT, OVER_BY_NOW, incident_of

from .exceptions import close_exceptions, due_of

S, Status, Row = OrderStatus, Incident.Status, IncidentOrder.Status
CATEGORY = "incident"
# So many orders are affected at most; more are narrowed down first.
MOST_AFFECTED = 10_000
AT_ONCE = 100
# How long one turn lasts: whatever else is owed waits no longer behind it.
TURN_S = 2.0
RESULT = ("status", "exception_id", "mailed", "promised_before", "promised_after", "note")
NOT_ALL_GONE = (Order.Fulfillment.UNFULFILLED, Order.Fulfillment.PARTIALLY_SHIPPED)
CRITERIA = ("carrier", "sku", "shipping_method", "warehouse")
NOT_YET_THERE = (*sorted(selectors.WAITING), S.FULFILLED)


def affected(incident: Incident) -> "QuerySet[Order]":
    """Return the orders that an incident affects: on our hands or on their way, else also what was delivered."""
    rows = Order.objects.filter(status__in=[*NOT_YET_THERE, S.COMPLETED] if incident.with_delivered else NOT_YET_THERE)
    if not incident.with_delivered:
        rows = rows.exclude(fulfillment_status=Order.Fulfillment.DELIVERED)
    if incident.carrier:
        # What has not left goes by its method; what has, by whoever carries its parcel.
        here = Q(shipping_method__carrier=incident.carrier, fulfillment_status__in=NOT_ALL_GONE)
        carried = parcel_book.carried_by(incident.carrier, with_delivered=incident.with_delivered)
        rows = rows.filter(here | Q(carried))
    if incident.shipping_method_id:
        rows = rows.filter(shipping_method=incident.shipping_method_id)
    if incident.sku:
        lines = OrderLine.objects.alias(contents=Cast("parts", TextField())).filter(
            _has(incident.sku), order=OuterRef("pk"), quantity__gt=F("cancelled")
        )
        if not incident.with_delivered:
            lines = lines.filter(quantity__gt=F("cancelled") + F("delivered"))
        rows = rows.filter(Exists(lines))
    if incident.warehouse_id:
        there = Allocation.objects.filter(
            reservation=OuterRef("reservation"),
            stock_item__warehouse=incident.warehouse_id,
            quantity__gt=F("released"),
        )
        rows = rows.filter(Exists(there))
    if incident.placed_from:
        rows = rows.filter(placed_at__gte=_begin_of(incident.placed_from))
    if incident.placed_until:
        rows = rows.filter(placed_at__lt=_begin_of(incident.placed_until + timedelta(days=1)))
    return rows


def _has(sku: str) -> Q:
    """Return the condition that a line is about a product, or about a kit that had it in it when it was ordered."""
    of_kits = Q()
    # One database keeps letters as they are, the other writes them by their numbers.
    for said in {json.dumps(sku), json.dumps(sku, ensure_ascii=False)}:
        of_kits |= Q(contents__contains=f'"sku": {said}')
    return Q(sku=sku) | Q(Q(kind=Product.Kind.KIT) & of_kits)


def _begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware at once


@service
def find_incident(values: Mapping[str, Any], *, actor: Actor) -> Incident:
    """Write down what is wrong, and whom it affects; nobody is told yet. Raises InvalidOrder."""
    if not any(values.get(name) for name in CRITERIA):
        raise _invalid("carrier", _("Say whom it affects: a carrier, a method, a product or a warehouse."))
    first, last = values.get("placed_from"), values.get("placed_until")
    if first and last and last < first:
        raise _invalid("placed_until", _("This is before the first day."))
    incident = Incident(**values, created_by=str(actor))
    incident.sku = incident.sku.strip().upper()
    incident.save(force_insert=True)
    emit(IncidentFound(incident_id=incident.pk), actor=actor)
    return incident


@service
def tell_incident(
    incident_id: int, *, order_ids: Iterable[int], texts: Mapping[str, str], new_day: date | None = None, actor: Actor
) -> Incident:
    """Give every affected order an exception, its customer one mail, and a later day where its own is too early.

    `texts` has what they read by language. Raises IncidentNotOpen where that is done already, and InvalidOrder where
    nobody is affected, too many are, or nothing is said in the language of some.
    """
    incident = _take(incident_id, Status.FOUND)
    if new_day is not None and new_day <= timezone.localdate():
        raise _invalid("new_day", _("Choose a day that is still to come."))
    found = affected(incident).filter(pk__in=list(order_ids)).order_by("pk").values_list("pk", "language")
    wanted = dict(found)
    if not wanted:
        raise _invalid("", _("It affects no order."))
    if len(wanted) > MOST_AFFECTED:
        raise _invalid("", _("That is more than %(most)s orders; narrow it down first.") % {"most": MOST_AFFECTED})
    said = {language: text.strip() for language, text in texts.items() if text.strip()}
    for language in sorted({language_of(one) for one in wanted.values()} - set(said)):
        raise _invalid(f"text_{language}", _("Some of these customers read this language."))
    insert_rows([IncidentOrder(incident=incident, order_id=pk) for pk in wanted])
    incident.status, incident.texts, incident.new_day = Status.TELLING, said, new_day
    incident.text = said.get(settings.LANGUAGE_CODE, next(iter(said.values())))
    incident.save(update_fields=["status", "text", "texts", "new_day"])
    told = IncidentTold(incident_id=incident.pk, orders=len(wanted))
    emit(told, IncidentDue(incident_id=incident.pk), actor=actor)
    return incident


def languages_of(orders: "QuerySet[Order]") -> list[str]:
    """Return the languages in which customers of orders are written to, that of the house first."""
    found = {language_of(one) for one in orders.order_by().values_list("language", flat=True)[: MOST_AFFECTED + 1]}
    return [code for code, _name in settings.LANGUAGES if code in found] or [settings.LANGUAGE_CODE]


def language_of(language: str) -> str:
    """Return the language in which a customer is written to: his own where we speak it, else that of the house."""
    code = language.partition("-")[0]
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@service
def end_incident(incident_id: int, *, resolution: str, actor: Actor) -> Incident:
    """Close every exception of an incident together. Raises IncidentNotOpen before everybody is told."""
    incident = _take(incident_id, Status.OPEN)
    incident.status, incident.resolution = Status.CLOSING, resolution.strip()[:300]
    incident.save(update_fields=["status", "resolution"])
    ended = IncidentEnded(incident_id=incident.pk, resolution=incident.resolution)
    emit(ended, IncidentDue(incident_id=incident.pk), actor=actor)
    return incident


def run_incident(incident_id: int, *, turn: int = 0, actor: Actor = SYSTEM) -> None:
    """Work on an incident for a while, a batch of orders in a transaction each; what is left is owed again."""
    end = time.monotonic() + TURN_S
    while work_on_incident(incident_id, actor=actor):
        if time.monotonic() > end:
            _owe(incident_id, turn=turn + 1)
            return


@service
def _owe(incident_id: int, *, turn: int) -> None:
    emit(IncidentDue(incident_id=incident_id, turn=turn))


@service
def work_on_incident(incident_id: int, *, actor: Actor = SYSTEM) -> bool:
    """Take the next orders of an incident. False where none waits any more."""
    incident = Incident.objects.locked().get(pk=incident_id)
    if incident.status == Status.TELLING:
        return _tell_next(incident, actor=actor, at=timezone.now())
    if incident.status == Status.CLOSING:
        return _close_next(incident, actor=actor, at=timezone.now())
    return False


def _tell_next(incident: Incident, *, actor: Actor, at: datetime) -> bool:
    rows = list(IncidentOrder.objects.filter(incident=incident, status=Row.WAITING).order_by("pk")[:AT_ONCE])
    if not rows:
        incident.status = Status.OPEN
        incident.save(update_fields=["status"])
        return False
    wanted = Order.objects.locked().filter(pk__in=[row.order_id for row in rows]).order_by("pk")
    orders = {order.pk: order for order in wanted}
    there = [row for row in rows if orders[row.order_id].status not in selectors.GONE]
    _open(incident, there, orders, at=at)
    moved = _promise_anew(incident, there, orders, at=at)
    concerned = _mail_once(incident, there, orders)
    for row in rows:
        gone = row not in there
        row.status, row.note = (Row.LEFT_OUT, OVER_BY_NOW()) if gone else (Row.TOLD, "")
    values = [(row.pk, *(getattr(row, name) for name in RESULT)) for row in rows]
    update_each(IncidentOrder, RESULT, values)
    facts: list[Event] = [
        ExceptionOpened(
            exception_id=row.exception_id or 0,
            order_id=row.order_id,
            category=CATEGORY,
            quiet=orders[row.order_id].quiet,
        )
        for row in there
    ]
    emit(*facts, *moved, *concerned, actor=actor, at=at)
    return True


def _open(incident: Incident, rows: Sequence[IncidentOrder], orders: Mapping[int, Order], *, at: datetime) -> None:
    """Give orders in hand their exceptions, all at once."""
    exceptions = [
        OrderException(
            order=orders[row.order_id],
            category=CATEGORY,
            title=INCIDENT(cause=incident.cause)[:300],
            payload={"incident": incident.pk},
            dedupe_key=f"incident:{incident.pk}:{row.order_id}",
            queue=categories.of(CATEGORY).queue,
            due_at=due_of(CATEGORY, OrderException.Severity.WARNING, at=at),
            created_at=at,
            last_seen_at=at,
        )
        for row in rows
    ]
    insert_rows(exceptions)
    for row, exception in zip(rows, exceptions, strict=True):
        row.exception = exception
    ids = [row.order_id for row in rows]
    Order.objects.filter(pk__in=ids).update(open_exceptions=F("open_exceptions") + 1, updated_at=at)


def _promise_anew(
    incident: Incident, rows: Sequence[IncidentOrder], orders: Mapping[int, Order], *, at: datetime
) -> list[Event]:
    """Move what is promised too early to the new day; what was promised first stays."""
    day = incident.new_day
    facts: list[Event] = []
    if day is None:
        return facts
    for row in rows:
        order = orders[row.order_id]
        if order.promised_on is None or order.promised_on >= day or order.status not in NOT_YET_THERE:
            continue
        row.promised_before, row.promised_after = order.promised_on, day
        cause = incident_of(incident.cause)
        facts.append(
            PromiseChanged(
                order_id=order.pk,
                before=order.promised_on.isoformat(),
                after=day.isoformat(),
                cause=cause.code,
                because=cause.words,
                quiet=order.quiet,
            )
        )
        if order.open_exceptions:
            facts.append(CausesMoved(order_id=order.pk, quiet=order.quiet))
    ids = [row.order_id for row in rows if row.promised_after]
    Order.objects.filter(pk__in=ids).update(promised_on=day, updated_at=at)
    OrderLine.objects.filter(order__in=ids, promised_on__lt=day, quantity__gt=F("cancelled") + F("shipped")).update(
        promised_on=day
    )
    return facts


def _mail_once(incident: Incident, rows: Sequence[IncidentOrder], orders: Mapping[int, Order]) -> list[Event]:
    """Tell the customers of orders in hand who were not told yet: one mail to an address."""
    told = IncidentOrder.objects.filter(incident=incident, mailed=True).annotate(address=Lower("order__email"))
    addresses = {orders[row.order_id].email.lower() for row in rows}
    known = set(told.filter(address__in=addresses).values_list("address", flat=True))
    facts: list[Event] = []
    for row in rows:
        order = orders[row.order_id]
        email = order.email.lower()
        if not email or order.quiet or email in known:
            continue
        known.add(email)
        row.mailed = True
        facts.append(IncidentConcerns(order_id=order.pk, incident_id=incident.pk, quiet=order.quiet))
    return facts


def _close_next(incident: Incident, *, actor: Actor, at: datetime) -> bool:
    rows = list(IncidentOrder.objects.filter(incident=incident, status=Row.TOLD).order_by("pk")[:AT_ONCE])
    if not rows:
        incident.status, incident.closed_at = Status.OVER, at
        incident.save(update_fields=["status", "closed_at"])
        return False
    ids = [row.exception_id for row in rows if row.exception_id]
    close_exceptions(ids, resolution=incident.resolution, actor=actor, at=at)
    IncidentOrder.objects.filter(pk__in=[row.pk for row in rows]).update(status=Row.CLOSED)
    return True


@categories.over(CATEGORY)
def is_not_affected(exceptions: Sequence[OrderException]) -> set[int]:
    """Return those whose order is over, or there already although the incident is about what is on its way."""
    orders = Order.objects.in_bulk({one.order_id for one in exceptions})
    keys = {one.payload.get("incident") for one in exceptions}
    with_delivered = dict(Incident.objects.filter(pk__in=keys).values_list("pk", "with_delivered"))
    over = set()
    for one in exceptions:
        order = orders.get(one.order_id or 0)
        if order is None:
            continue
        stays = with_delivered.get(one.payload.get("incident"), False)
        if order.status in selectors.GONE or (_is_there(order) and not stays):
            over.add(one.pk)
    return over


def _is_there(order: Order) -> bool:
    return order.fulfillment_status == Order.Fulfillment.DELIVERED


def _take(incident_id: int, status: str) -> Incident:
    incident = Incident.objects.locked().get(pk=incident_id)
    if incident.status != status:
        raise IncidentNotOpen(_("Somebody was faster: that is done already."), status=incident.status)
    return incident


def _invalid(name: str, detail: str) -> InvalidOrder:
    return InvalidOrder(detail, errors=[{"pointer": f"/{name}", "code": "invalid", "detail": detail}])
