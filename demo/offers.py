"""What became of quotations: nobody accepted one, one was made anew and then accepted, one awaits its deposit.

Nothing of an offer is told afterwards by the services: it is made now, and then dated back.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from core import outbox
from core.models import EventRecord, OutgoingMail
from demo.teller import BUYER, MAYA, Story, draft, later
from orders import services as orders
from orders.models import Draft, Order

# Two of the orders that came to nothing are quotations.
LAPSED = 2
# So many days ago an offer was made, and its last day was.
OFFERED, LAST_DAY = 21, 7
DEPOSIT = Decimal(30)
# Who comes back too late.
RENEWS = "Pension Meer"


def nobody_answered(story: Story) -> Order:
    """Tell a quotation that its customer let pass."""
    return _let_pass(story, draft(story, story.customer(company=True)), offered=OFFERED + 4, last_day=LAST_DAY + 4)


def asked_too_late(story: Story) -> Order:
    """Tell a quotation whose customer came back when it was over, and asked for it anew: Maya is told."""
    company = story.company(RENEWS)
    order = _let_pass(story, draft(story, company, lines=story.lines()), offered=OFFERED, last_day=LAST_DAY)
    orders.ask_for_new_quotation(order.pk, actor=BUYER)
    return order


def accepted_anew(story: Story) -> Order:
    """Tell the same offer made anew, and accepted: an order on account like any other."""
    company = story.company(RENEWS)
    over = Order.objects.filter(status="expired", draft__isnull=False, customer=company.pk).latest("pk")
    lines = {line.sku: line.quantity for line in over.lines.all()}
    order = draft(story, company, lines=lines, wanted_on=later(story, company))
    return _accept(orders.offer_draft(order.pk, valid_until=story.today + timedelta(days=14), actor=MAYA))


def awaits_deposit(story: Story) -> Order:
    """Tell an accepted quotation that waits for its deposit: the mail leads its customer to the page to pay on."""
    order = draft(story, story.customer(company=True))
    offered = orders.offer_draft(
        order.pk, valid_until=story.today + timedelta(days=14), deposit=orders.Deposit(percent=DEPOSIT), actor=MAYA
    )
    return _accept(offered)


def _accept(order: Order) -> Order:
    return orders.accept_quotation(order.pk, version=order.version, actor=BUYER)


def _let_pass(story: Story, order: Order, *, offered: int, last_day: int) -> Order:
    """Offer it so many days ago, and let it lapse on the night after its last day."""
    made, over = story.ago(offered), story.today - timedelta(days=last_day)
    # Midnight may come while the story is told.
    orders.offer_draft(order.pk, valid_until=story.today + timedelta(days=1), actor=MAYA)
    outbox.drain(threads=[order.history_thread()])
    _date_back(order, made)
    Draft.objects.filter(order=order).update(valid_until=over, offered_at=made, changed_at=made)
    orders.lapse_draft(order.pk, at=story.ago(last_day - 1))
    return order


def _date_back(order: Order, at: datetime) -> None:
    """Let what was written down about an offer a moment ago bear its day."""
    Order.objects.filter(pk=order.pk).update(created_at=at)
    EventRecord.objects.filter(thread=order.history_thread()).update(at=at, recorded_at=at)
    OutgoingMail.objects.filter(thread=order.history_thread()).update(created_at=at, sent_at=at)
