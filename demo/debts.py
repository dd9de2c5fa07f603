"""What is owed to Kettle & Co.: eight invoices that are overdue, each with a story, and money that came in pieces.

Everything is told as of its day: who was reminded when, who paid a part, what was credited, and one transfer over
three invoices.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from billing import services as billing
from billing.models import Invoice, InvoiceLine
from core import outbox
from core.actors import Actor
from core.money import Money, round_amount
from demo.teller import Story, first_of, place
from demo.world import ACTOR
from fulfillment import services as fulfillment
from inventory.models import Warehouse
from orders.models import Order, OrderLine
from returns import services as returns

INES = Actor("staff", "ines")
# From the order to the day its invoice is due, where the goods left within two days.
TO_PAY = 14 + 2


@dataclass(frozen=True)
class Debt:
    """An order that arrived and was never paid. All days are days ago, but `left_alone`: so many days to come.

    `reminded`: on which days somebody sent a letter; `part`: when a part of it came; `credited`: when one unit of it
    was taken back. `left_alone` is said of the customer, or of this one invoice where `only_this`.
    """

    company: str
    overdue: int
    reminded: tuple[int, ...] = ()
    part: int = 0
    credited: int = 0
    left_alone: int = 0
    only_this: bool = False
    why: str = ""

    @property
    def placed(self) -> int:
        """Return how many days ago it was ordered."""
        return self.overdue + TO_PAY


# Over holidays goods leave some days later: every letter was due then all the same.
DEBTS = (
    Debt("Laden Elf 5", 102, reminded=(92, 80, 60)),
    Debt("Kontor West 4", 71, reminded=(61, 48), part=40),
    Debt(
        "Pension Meer 3", 52, reminded=(43, 30), part=20,
        left_alone=9, why="Pays the rest in instalments, agreed on the phone",
    ),
    Debt(
        "Galerie Drei 3", 38, reminded=(29,), credited=25,
        left_alone=12, only_this=True, why="They count what came broken once more",
    ),
    Debt("Bäckerei Sonne 2", 27, reminded=(19, 8), part=5),
    # It buys from France: reverse charge.
    Debt("Bistro Nord", 22, reminded=(12,)),
    Debt("Feinkost Adler 3", 15),
    Debt("Feinkost Adler 3", 11),
)  # fmt: skip
# Who pays several invoices with one transfer; and the day it came.
COLLECTS, COLLECTED = "Teehaus Süd 4", 12
TOGETHER = 3


def arrive_unpaid(story: Story, debt: Debt) -> Order:
    """Tell an order that arrived; its invoice is overdue by now."""
    company = story.company(debt.company)
    return _deliver(story, place(story, story.ago(debt.placed), customer=company, lines=_lines(story), terms="net14"))


def arrive_and_collect(story: Story, days: int) -> Order:
    """Tell an order whose invoice is paid later, together with others."""
    company = story.company(COLLECTS)
    return _deliver(story, place(story, story.ago(days), customer=company, lines=_lines(story), terms="net14"))


def _lines(story: Story) -> dict[str, int]:
    """Return what a company wants: a few of each, so that one can be given back and a part can be paid."""
    return {sku: units + 4 for sku, units in story.lines().items()}


def _deliver(story: Story, order: Order) -> Order:
    stations, left = story.through_the_house(order, order.placed_at or story.now)
    fulfillment.fulfil_through(
        order.pk,
        through="delivered",
        shipped_at=left,
        delivered_at=story.next_shift(left, 1),
        stations=stations,
        actor=ACTOR,
    )
    return order


def tell(story: Story) -> None:
    """Tell what became of the invoices that were not paid at once, and what was given back of others."""
    _collect(story)
    open_ones = Invoice.objects.filter(status=Invoice.Status.ISSUED, due_on__lt=story.today).order_by("order")
    owed = list(zip(DEBTS, first_of(open_ones.select_related("order"), len(DEBTS)), strict=True))
    for debt, invoice in owed:
        if debt.credited:
            (row,) = first_of(InvoiceLine.objects.filter(invoice=invoice, quantity__gt=1).order_by("pk"), 1)
            billing.credit_invoice(
                invoice.pk,
                quantities={row.pk: 1},
                reference=f"BROKEN-{invoice.number}",
                reason="One came broken",
                actor=INES,
                at=_at(story, debt.credited),
            )
    # The numbers of credit notes follow their days.
    outbox.drain()
    _give_back(story)
    outbox.drain()
    for debt, invoice in owed:
        _hear_of(story, debt, Invoice.objects.select_related("order").get(pk=invoice.pk))


def _collect(story: Story) -> None:
    """Let one transfer pay three invoices of a company."""
    company = story.company(COLLECTS)
    waiting = Invoice.objects.filter(order__customer=company.pk, status=Invoice.Status.ISSUED)
    owed = first_of(waiting.order_by("pk"), TOGETHER)
    billing.record_transfer(
        company.pk,
        invoice_ids=[one.pk for one in owed],
        method="bank_transfer",
        amount=sum((one.open_amount for one in owed), start=Decimal(0)),
        currency=owed[0].currency,
        reference=" ".join(str(one.number) for one in owed),
        actor=INES,
        at=_at(story, COLLECTED),
    )


def _give_back(story: Story) -> None:
    """Let two units come back long ago, and a broken one be paid back without a return."""
    hamburg = Warehouse.objects.get(code="HAM")
    done = Order.objects.filter(
        status="completed",
        channel__code="portal",
        payment_terms="prepaid",
        lines__kind="stocked",
        lines__quantity__gte=2,
    )
    since = story.now - timedelta(days=60)
    chosen = done.filter(delivered_at__range=(since, story.now - timedelta(days=24))).distinct().order_by("pk")
    # A story shorter than the demo's may have fewer of them.
    some = list(chosen[:3])
    if not some:
        return
    *returned, broken = some
    for order, days in zip(returned, (20, 15), strict=False):
        returns.return_through(
            order.pk,
            quantities={_several(order).pk: 1},
            warehouse_id=hamburg.pk,
            reason="changed_mind",
            actor=ACTOR,
            at=_at(story, days),
        )
    at = _at(story, 13)
    notes = billing.credit_return(
        broken.pk,
        quantities={_several(broken).pk: 1},
        reference=f"BROKEN-{broken.number}",
        reason="One came broken",
        actor=INES,
        at=at,
    )
    for note in notes:
        billing.request_refund(
            broken.pk,
            amount=Money(note.total, note.currency),
            reference=f"BROKEN-{broken.number}",
            reason="One came broken",
            credit_note_id=note.pk,
            actor=INES,
            at=at,
        )


def _several(order: Order) -> OrderLine:
    return OrderLine.objects.filter(order=order, kind="stocked", quantity__gte=2).earliest("position")


def _hear_of(story: Story, debt: Debt, invoice: Invoice) -> None:
    for days in debt.reminded:
        _remind(invoice, at=_at(story, days))
    if debt.part:
        billing.record_payment(
            invoice.order_id,
            method="bank_transfer",
            amount=round_amount(invoice.open_amount / 3, invoice.currency),
            reference=f"{invoice.number} A",
            actor=INES,
            at=_at(story, debt.part),
        )
    if debt.left_alone:
        about = {"invoice_id": invoice.pk} if debt.only_this else {"customer_id": invoice.order.customer_id}
        until = story.today + timedelta(days=debt.left_alone)
        billing.set_aside(**about, until=until, reason=debt.why, actor=INES)


def _remind(invoice: Invoice, *, at: datetime) -> None:
    """Send the letter that was due that day."""
    proposal = billing.propose_reminders(only=[invoice.pk], today=timezone.localdate(at))
    keys = [row.key for letter in proposal.letters for row in letter.rows]
    if billing.begin_reminders(keys, actor=INES, at=at) is None:
        raise LookupError(f"Nobody is to be reminded of {invoice} on {at:%Y-%m-%d}")
    # The next letter is due only when this one was sent.
    outbox.drain()


def _at(story: Story, days: int) -> datetime:
    """Return the morning so many days ago: Ines does the mail first."""
    return timezone.make_aware(datetime.combine(story.today - timedelta(days=days), time(9, 15)))
