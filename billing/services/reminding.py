"""Who is to be reminded of what, and the run that does it. Which level comes next is decided in `billing.dunning`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from billing import dunning, selectors
from billing.errors import LevelTaken
from billing.events import ReminderPlanned
from billing.models import Invoice, LegalEntity, Reminder, ReminderLetter, ReminderLevel, ReminderPause, ReminderRun
from core import seat
from core.actors import SYSTEM, Actor
from core.outbox import emit
from core.service import note_change, service
from core.sight import seen
from customers.models import Customer

from .nearly_paid import nearly_paid

# So many invoices are looked at for one run, those that wait longest; the next run takes the next.
MOST = 500
Status, Tone = Reminder.Status, ReminderLevel.Tone
# What every installation begins with, as long as nobody has said otherwise.
USUAL = (
    ReminderLevel(number=1, days=3, tone=Tone.FRIENDLY),
    ReminderLevel(number=2, days=14, tone=Tone.FIRM),
    ReminderLevel(number=3, days=28, tone=Tone.FINAL, stops_orders=True),
)


@dataclass(frozen=True)
class Due:
    """An overdue invoice with the level it is reminded at next, or why it is not."""

    invoice: Invoice
    days: int
    level: ReminderLevel | None
    why: str = ""

    @property
    def name(self) -> str:
        """Return who owes it."""
        order = self.invoice.order
        return str(order.customer or order.customer_name)

    @property
    def key(self) -> str:
        """Return what stands for this reminder, and for no other."""
        return f"{self.invoice.pk}:{self.level.number if self.level else 0}"


@dataclass
class Letter:
    """The invoices that one customer is reminded of in one mail."""

    invoice: Invoice
    email: str
    rows: list[Due] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return to whom it goes."""
        order = self.invoice.order
        return str(order.customer or order.customer_name)


@dataclass(frozen=True)
class Proposal:
    """What a run would send now, and what it would leave out; `more`: it looked at no more than it may."""

    letters: list[Letter]
    skipped: list[Due]
    more: bool = False


class Ladders:
    """The levels that are active, found by seller and channel: the closest set counts, as a whole."""

    def __init__(self) -> None:
        self.sets: dict[tuple[int | None, int | None], list[ReminderLevel]] = defaultdict(list)
        rows = list(ReminderLevel.objects.all())
        for row in rows if rows else USUAL:
            if row.active:
                self.sets[row.legal_entity_id, row.channel_id].append(row)

    def of(self, invoice: Invoice) -> Sequence[ReminderLevel]:
        """Return the levels that count for an invoice."""
        seller, channel = invoice.legal_entity_id, invoice.order.channel_id
        places: tuple[tuple[int | None, int | None], ...] = (
            (seller, channel),
            (None, channel),
            (seller, None),
            (None, None),
        )
        return next((self.sets[place] for place in places if place in self.sets), ())


def propose_reminders(
    *, sellers: Iterable[int] | None = None, only: Iterable[int] | None = None, today: date | None = None
) -> Proposal:
    """Return whom a run would remind of what today, as far as the reader may see the invoices. Nothing is written."""
    day = today or seat.today()
    rows = _overdue(day)
    if sellers is not None:
        rows = rows.filter(legal_entity__in=list(sellers))
    if only is not None:
        rows = rows.filter(pk__in=list(only))
    invoices = list(rows[: MOST + 1])
    more, invoices = len(invoices) > MOST, invoices[:MOST]
    letters: dict[object, Letter] = {}
    skipped = []
    for due in _looked_at(invoices, day):
        if due.level is None:
            skipped.append(due)
            continue
        invoice = due.invoice
        who = invoice.order.customer_id or f"order {invoice.order_id}"
        letter = letters.setdefault((who, invoice.legal_entity_id), Letter(invoice, address_of(invoice)))
        letter.rows.append(due)
    return Proposal(list(letters.values()), skipped, more)


def _overdue(day: date) -> "QuerySet[Any]":
    last = Reminder.objects.filter(invoice=OuterRef("pk")).exclude(status=Status.DROPPED).order_by("-level")
    return (
        seen(Invoice.objects.filter(selectors.overdue(day)))
        .select_related("order__customer", "legal_entity")
        .annotate(
            last_level=Subquery(last.values("level")[:1]),
            last_sent=Subquery(last.values("sent_on")[:1]),
            last_status=Subquery(last.values("status")[:1]),
        )
        .order_by("due_on", "pk")
    )


def _looked_at(invoices: Sequence[Any], day: date) -> list[Due]:
    ladders, paused, coming = Ladders(), pauses_of(invoices, day), nearly_paid(invoices)
    return [
        _due(invoice, ladders.of(invoice), paused.get(invoice.pk), coming.get(invoice.pk, ""), day)
        for invoice in invoices
    ]


def _due(invoice: Any, levels: Sequence[ReminderLevel], pause: ReminderPause | None, coming: str, day: date) -> Due:
    days = (day - invoice.due_on).days
    if pause is not None:
        return Due(invoice, days, None, dunning.SET_ASIDE(day=pause.until.isoformat(), reason=pause.reason))
    if coming:
        return Due(invoice, days, None, coming)
    if invoice.last_status == Status.PLANNED:
        return Due(invoice, days, None, dunning.BUSY)
    last = None
    if invoice.last_level is not None:
        last = dunning.Sent(invoice.last_level, (day - (invoice.last_sent or day)).days)
    level, why = dunning.next_level(levels, days_overdue=days, last=last, today=day)
    if level is not None and not address_of(invoice):
        return Due(invoice, days, None, dunning.NO_ADDRESS)
    return Due(invoice, days, level, why)  # type: ignore[arg-type]


def address_of(invoice: Invoice) -> str:
    """Return where a reminder of an invoice goes: to the customer, or to who ordered as a guest."""
    customer = invoice.order.customer
    return (customer.email if customer is not None else "") or invoice.order.email


def pauses_of(invoices: Iterable[Invoice], day: date) -> dict[int, ReminderPause]:
    """Return, by invoice, why nobody is reminded of it now: its own pause, or that of its customer."""
    rows = list(invoices)
    own = ReminderPause.objects.filter(until__gte=day, invoice__in=[one.pk for one in rows])
    customers = {one.order.customer_id for one in rows if one.order.customer_id}
    theirs = ReminderPause.objects.filter(until__gte=day, customer__in=customers)
    by_customer = {one.customer_id: one for one in theirs}
    found = {one.pk: by_customer[one.order.customer_id] for one in rows if one.order.customer_id in by_customer}
    return found | {one.invoice_id: one for one in own if one.invoice_id is not None}


@service
def begin_reminders(
    wanted: Iterable[str] | None = None,
    *,
    sellers: Iterable[int] | None = None,
    actor: Actor,
    at: datetime | None = None,
) -> ReminderRun | None:
    """Begin to send what is due: all of it, or what is `wanted` of it (`Due.key`). None where nothing is left.

    What was reminded meanwhile by somebody else is left out; whoever comes second sends nothing again, because the
    database knows each level of an invoice once, and this service then looks again. `at` tells of a run of the past.
    """
    when = at or timezone.now()
    picked = None if wanted is None else set(wanted)
    only = None if picked is None else [int(key.partition(":")[0]) for key in picked]
    proposal = propose_reminders(sellers=sellers, only=only, today=seat.day_of(when))
    chosen = [
        rows
        for letter in proposal.letters
        if (rows := [row for row in letter.rows if picked is None or row.key in picked])
    ]
    if not chosen:
        return None
    run = ReminderRun.objects.create(started_by=str(actor), started_at=when)
    for rows in chosen:
        first = rows[0].invoice
        kept = ReminderLetter.objects.create(
            run=run, customer_id=first.order.customer_id, legal_entity_id=first.legal_entity_id
        )
        Reminder.objects.bulk_create(_planned(kept, row) for row in rows)
        told_at = at.isoformat() if at is not None else ""
        emit(ReminderPlanned(letter_id=kept.pk, told_at=told_at), actor=actor, at=when)
    return run


def _planned(letter: ReminderLetter, row: Due) -> Reminder:
    assert row.level is not None  # noqa: S101 - only what is due is planned
    return Reminder(
        letter=letter,
        invoice=row.invoice,
        level=row.level.number,
        tone=row.level.tone,
        stops_orders=row.level.stops_orders,
        open_amount=row.invoice.open_amount,
    )


def remind_by_itself() -> int:
    """Remind for the sellers that want it every night. Returns how many letters were begun."""
    sellers = list(LegalEntity.objects.filter(reminds_by_itself=True).values_list("pk", flat=True))
    run = begin_reminders(sellers=sellers, actor=SYSTEM) if sellers else None
    return run.letters.count() if run is not None else 0


@service
def set_aside(
    *, customer_id: int | None = None, invoice_id: int | None = None, until: date, reason: str, actor: Actor
) -> ReminderPause:
    """Leave a customer, or one invoice, in peace until the end of a day; said again, the later word counts."""
    about: dict[str, Any] = {"invoice_id": invoice_id} if invoice_id else {"customer_id": customer_id}
    before = ReminderPause.objects.filter(**about).first()
    said = {"until": until, "reason": reason[:300], "placed_by": str(actor), "placed_at": timezone.now()}
    pause, _made = ReminderPause.objects.update_or_create(**about, defaults=said)
    note_change(
        _subject(pause),
        "billing.reminders_set_aside",
        actor=actor,
        before={"until": before.until} if before else {},
        after={"until": until},
        note=reason[:300],
    )
    return pause


@service
def take_up_again(*, customer_id: int | None = None, invoice_id: int | None = None, actor: Actor) -> None:
    """Remind a customer, or of an invoice, again as usual."""
    about: dict[str, Any] = {"invoice_id": invoice_id} if invoice_id else {"customer_id": customer_id}
    pause = ReminderPause.objects.filter(**about).first()
    if pause is None:
        return
    note_change(_subject(pause), "billing.reminders_taken_up", actor=actor, before={"until": pause.until})
    pause.delete()


def _subject(pause: ReminderPause) -> Invoice | Customer:
    subject = pause.invoice or pause.customer
    assert subject is not None  # noqa: S101 - the database says so
    return subject


@service
def create_level(values: Mapping[str, Any], *, actor: Actor) -> ReminderLevel:
    """Add a level. Raises LevelTaken where it is there already."""
    _refuse_double(values)
    level = ReminderLevel.objects.create(**values)
    note_change(level, "billing.reminderlevel.created", actor=actor, after=_said(values))
    return level


@service
def change_level(level_id: int, changes: Mapping[str, Any], *, actor: Actor) -> ReminderLevel:
    """Change a level; reminders that were sent stay what they were."""
    level = ReminderLevel.objects.get(pk=level_id)
    before = _said({name: getattr(level, name) for name in changes})
    for name, value in changes.items():
        setattr(level, name, value)
    _refuse_double({name: getattr(level, name) for name in ("legal_entity", "channel", "number")}, but=level.pk)
    level.save(update_fields=list(changes))
    note_change(level, "billing.reminderlevel.changed", actor=actor, before=before, after=_said(changes))
    return level


def _refuse_double(values: Mapping[str, Any], *, but: int | None = None) -> None:
    own = {name: values.get(name) for name in ("legal_entity", "channel", "number")}
    same = {f"{name}__isnull" if value is None else name: value is None or value for name, value in own.items()}
    if ReminderLevel.objects.filter(**same).exclude(pk=but or 0).exists():
        raise LevelTaken(f"Level {own['number']} is there already", errors=[{"pointer": "/number", "code": "unique"}])


def _said(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in values.items()}
