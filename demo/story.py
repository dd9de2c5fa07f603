"""Six months of orders: most of them done, and a hundred that are somewhere on the line today."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import islice

from billing import services as billing
from core import outbox
from core.service import paying_its_own_debts, unit_of_work
from demo import debts, letters, morning, offers, payouts, routing, together, troubles
from demo.models import DemoDatabase
from demo.teller import BUYER, Story, begin, place
from demo.world import ACTOR
from fulfillment import services as fulfillment
from inventory import services as inventory
from orders import services as orders
from orders.models import Order

DAYS, RECENT = 180, 6
COMPLETED, ENDED = 1060, 34
TOTAL = COMPLETED + ENDED + morning.LIVE
BATCH = 25
# Of about this age are the orders that one transfer pays.
PAID_TOGETHER = 26
# Younger than this are those that were paid on the page of the provider.
PAID_ONLINE = 20
# Of ten orders one is bought in the shop; about as many are paid in advance as on account.
WALK_IN, PREPAID = 0.1, 0.55
Scene = tuple[float, Callable[[Story], Order]]


def tell(*, completed: int = COMPLETED, ended: int = ENDED) -> None:
    """Write the whole story, oldest first, and pay the debts it makes as it goes."""
    story = begin(total=completed + ended + morning.LIVE)
    with paying_its_own_debts():
        routing.write_a_draft()
        morning.expect_goods(story)
        scenes = [*_history(story, completed, ended), *morning.scenes(story)]
        scenes.sort(key=lambda scene: -scene[0])
        for start in range(0, len(scenes), BATCH):
            threads = [act(story).history_thread() for _days, act in scenes[start : start + BATCH]]
            outbox.drain(threads=threads)
            story.done += len(threads)
            _show(story)
        debts.tell(story)
        payouts.tell(story)
        troubles.bring_back(story)
        troubles.go_wrong(story)
        outbox.drain()
        morning.plan_a_wave(story)
        together.talk(story)
        routing.put_costs_on_it()
    inventory.watch_stock(actor=ACTOR)
    letters.date_back()


def _show(story: Story) -> None:
    DemoDatabase.objects.update(
        done=story.done, total=story.total, stage=f"Six months of orders: {story.done} of {story.total}"
    )


def _history(story: Story, completed: int, ended: int) -> list[Scene]:
    """Return the orders that are done, with a few that came to nothing."""
    found: list[Scene] = [(0.2, offers.nobody_answered), (0.2, offers.asked_too_late)]
    ended -= len(found)
    count = completed + ended
    nothing = set(story.dice.sample(range(count), ended))
    days_of = [int(DAYS - (DAYS - RECENT) * number / count) for number in range(count)]
    recently = (number for number, days in enumerate(days_of) if days <= PAID_TOGETHER and number not in nothing)
    together = set(islice(recently, debts.TOGETHER))
    lately = (n for n, days in enumerate(days_of) if days <= PAID_ONLINE and n not in nothing | together)
    online = set(islice(lately, payouts.PAYMENTS))
    for number in range(count):
        days = days_of[number]
        if number in nothing:
            # What lapses for want of money does so after a week.
            days = max(days, 12)
            found.append((days, partial(_came_to_nothing, days=days, lapses=number % 3 == 0)))
        elif number in together:
            found.append((days, partial(debts.arrive_and_collect, days=days)))
        else:
            found.append((days, partial(_went_through, days=days, online=number in online)))
    return found


def _went_through(story: Story, *, days: int, online: bool) -> Order:
    """Tell one order from its placing to its payment, in one unit: its row is read and locked once."""
    at = story.ago(days)
    kind = PREPAID if online else story.dice.random()
    with unit_of_work():
        if kind < WALK_IN:
            order = place(
                story,
                at,
                terms="in_store",
                channel="walk_in",
                shop="BER",
                customer=story.customer(company=False, german=True),
            )
            stations, left, arrived = None, at, at
        else:
            prepaid = kind <= PREPAID
            order = place(
                story,
                at,
                terms="prepaid" if prepaid else "net14",
                customer=story.customer(company=not prepaid),
            )
            stations, left = story.through_the_house(
                order, at, wait=story.dice.choice((0, 0, 0, 0, 1)) if days > 12 else 0
            )
            arrived = story.next_shift(left, 1 if days < 12 else story.dice.choice((1, 1, 2)))
            if online:
                payouts.pay(order, at=at + timedelta(minutes=2))
            elif prepaid:
                billing.record_payment(
                    order.pk,
                    method=story.dice.choice(("card", "card", "paypal", "bank_transfer")),
                    amount=order.total,
                    reference=str(order.number),
                    actor=ACTOR,
                    at=at + timedelta(minutes=2),
                )
        fulfillment.fulfil_through(
            order.pk, through="delivered", shipped_at=left, delivered_at=arrived, stations=stations, actor=ACTOR
        )
        method = "cash" if kind < WALK_IN else "bank_transfer"
        billing.bill_and_pay_through(order.pk, issued_at=left, paid_at=arrived, method=method, actor=ACTOR)
    return order


def _came_to_nothing(story: Story, *, days: int, lapses: bool) -> Order:
    at = story.ago(days)
    with unit_of_work():
        order = place(story, at, customer=story.customer(company=False))
        if lapses:
            orders.expire_order(order.pk, at=at + timedelta(days=8))
        else:
            reason = story.dice.choice(("Changed my mind", "Ordered twice", "Found it elsewhere"))
            orders.cancel_order(order.pk, reason=reason, actor=BUYER, at=at + timedelta(hours=2))
    return order
