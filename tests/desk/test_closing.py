"""The daily close: an order that was sent and is not closed has one reason, and what has none is closed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import services as billing
from core.actors import SYSTEM, Actor
from core.invariants import questions
from core.models import BulkJob, EventRecord
from core.today import count
from fulfillment import services as fulfillment
from orders import closing, services
from orders.models import Order
from pricing import services as pricing
from pricing.models import Channel
from returns import services as returns
from tests.desk.conftest import client_of, staff
from tests.factories.billing import make_seller
from tests.scenarios import anew, confirmed_order, delivered_order, run_debts, shipped_order

pytestmark = pytest.mark.django_db
SEES = ("view_order", "view_invoice")
PAGE = "/desk/close/"
MAYA = Actor("staff", "maya")


def reasons() -> dict[str, list[int]]:
    """Return the orders by the reason whose list they are on."""
    return {code: sorted(closing.unclosed(code).values_list("pk", flat=True)) for code in closing.REASONS}


def another(make):
    """Return an order that is no duplicate of those before it."""
    n = Order.objects.count() + 1
    return make({"TEA-1": n}, email=f"buyer{n}@example.com")


def pay(order):
    """Let the money of an order come in."""
    billing.record_payment(order.pk, method="bank_transfer", amount=order.total, actor=SYSTEM)


@pytest.fixture
def one_of_each(shop):
    """Return an order for every reason."""
    make_seller()
    found = {"delivery": another(shipped_order)}
    Channel.objects.update(grace_days=3)
    pricing.forget()
    found["grace"], found["ready"] = another(shipped_order), another(shipped_order)
    held = another(confirmed_order)
    services.place_hold(held.pk, reason="Ask the boss", blocks=["complete"], actor=MAYA)
    fulfillment.fulfil_through(held.pk, through="delivered", actor=SYSTEM)
    found |= {"hold": held, **{code: another(delivered_order) for code in ("balance", "return", "exception")}}
    claimed = found["return"].lines.order_by("pk").first()
    returns.request_return(found["return"].pk, quantities={claimed.pk: 1}, actor=MAYA)
    services.open_exception(category="other", title="Box was wet", dedupe_key="w", order_id=found["exception"].pk)
    run_debts()
    for code in ("hold", "return", "exception", "ready"):
        pay(found[code])
    Order.objects.filter(pk=found["ready"].pk).update(closes_on=timezone.localdate())
    return {**found, "invoice": another(delivered_order)}


def test_every_order_has_the_one_reason_that_its_guard_names(one_of_each, django_assert_num_queries):
    assert reasons() == {code: [one_of_each[code].pk] for code in closing.REASONS}
    assert {code: closing.reason_of(anew(order)) for code, order in one_of_each.items()} == {
        code: code for code in closing.REASONS
    }
    ours = set(closing.unclosed().values_list("pk", flat=True))
    assert ours == {order.pk for code, order in one_of_each.items() if code not in ("grace", "delivery")}
    blocked = {code for code, order in one_of_each.items() if anew(order).why_not("complete")}
    assert blocked == set(closing.REASONS) - {"ready"}

    the_page_says_why_and_offers_what_settles_it(one_of_each, django_assert_num_queries)


def test_the_close_completes_what_may_be_and_nothing_else(one_of_each):
    before = dict(Order.objects.values_list("pk", "status"))
    after_the_days = timezone.now() + timedelta(days=1)

    assert services.close_orders(after_the_days) == 1

    changed = {pk for pk, status in Order.objects.values_list("pk", "status") if status != before[pk]}
    assert changed == {one_of_each["ready"].pk}
    assert anew(one_of_each["ready"]).status == "completed"
    told = EventRecord.objects.filter(name="orders.day_closed").get()
    assert told.payload == {"closed": 1, "on": timezone.localdate(after_the_days).isoformat()}
    assert services.close_orders(after_the_days) == 0
    assert [name for _code, name, ask in questions() if ask().breaches] == []


def test_a_parcel_nobody_speaks_of_counts_as_arrived_after_the_days_of_its_channel(shop):
    waiting = sent_with_grace()
    assert waiting.closes_on == timezone.localdate() + timedelta(days=3)
    assert "it counts as arrived on" in waiting.why_not("complete")
    assert waiting.status == "fulfilled"

    # Word that it arrived closes it at once.
    fulfillment.deliver_shipment(waiting.shipments.get().pk, actor=SYSTEM)

    assert anew(waiting).status == "completed"


def sent_with_grace():
    """Return an order that is paid and invoiced, on a channel that waits three days for word of the parcel."""
    make_seller()
    Channel.objects.update(grace_days=3)
    pricing.forget()
    order = shipped_order()
    run_debts()
    pay(order)
    return anew(order)


def the_page_says_why_and_offers_what_settles_it(one_of_each, django_assert_num_queries):
    boss = client_of(staff("boss", *SEES, "operate_order", "operate_payment", "view_returnrequest",
                           "view_orderexception", "release_hold", "view_shipment"))  # fmt: skip
    owed = one_of_each["balance"].money("balance_due").format("en_GB")
    boss.get(PAGE)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        shown = boss.get(PAGE).content.decode()
    for _again in range(3):
        another(delivered_order)
    with django_assert_num_queries(len(asked)):
        more = boss.get(PAGE).content.decode()

    for words in ("Ask the boss", "Box was wet", f"{owed} is still to be paid.", "is open: Requested.",
                  "Not everything is on an invoice yet.", "Nothing is in the way.", "Close 1 order"):  # fmt: skip
        assert words in shown, words
    assert "/invoice/?next=/desk/close/" in shown
    assert one_of_each["grace"].number not in shown
    assert one_of_each["grace"].number in boss.get(PAGE, {"reason": "grace"}).content.decode()
    assert more.count('<tr><th scope="row">') == shown.count('<tr><th scope="row">') + 3


def test_one_button_closes_what_may_be_as_a_job_and_twice_is_once(shop):
    ready = sent_with_grace()
    Order.objects.update(closes_on=timezone.localdate())
    boss = client_of(staff("boss", *SEES, "operate_order"))

    first = boss.post(f"{PAGE}now/", {"token": "abc"})
    second = boss.post(f"{PAGE}now/", {"token": "abc"})

    job = BulkJob.objects.get()
    assert first.headers["Location"] == second.headers["Location"] == f"/admin/bulk/{job.key}/"
    assert list(job.rows.values_list("subject_id", "status")) == [(ready.pk, "done")]
    assert boss.post(f"{PAGE}now/", {"token": "def"}).headers["Location"] == PAGE
    assert BulkJob.objects.count() == 1


def test_who_may_not_may_not(shop):
    clerk = client_of(staff("clerk", *SEES))
    assert clerk.get(PAGE).status_code == 200
    assert clerk.post(f"{PAGE}now/").status_code == 403
    assert client_of(staff("guest", "view_order")).get(PAGE).status_code == 403


def test_pages_are_read_on_in_both_directions(shop, monkeypatch):
    monkeypatch.setattr("desk.selectors.closing.PER_PAGE", 2)
    numbers = [another(delivered_order).number for _n in range(3)]
    boss = client_of(staff("boss", *SEES))
    first = boss.get(PAGE).context["page"]
    second = boss.get(PAGE, {"after": first.after}).context["page"]
    back = boss.get(PAGE, {"before": second.before}).context["page"]

    assert [row.order.number for row in first.rows] == [row.order.number for row in back.rows] == numbers[:2]
    assert [row.order.number for row in second.rows] == numbers[2:]
    assert (first.before, second.after) == (None, None)
    assert boss.get(PAGE, {"after": "x", "reason": "y"}).status_code == 200
    assert count(closing.unclosed()) == 3
