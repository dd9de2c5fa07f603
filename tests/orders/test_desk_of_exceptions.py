"""The desk of exceptions: ten things that go wrong, each solved where it is seen, and what closes by itself."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from billing import services as billing
from core.actors import SYSTEM
from core.models import Delivery, EventRecord
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder, Shipment
from inventory import services as inventory
from orders import services
from orders.models import Order, OrderException, Replacement
from tests.scenarios import anew, confirmed_order, placed_order, run_debts, shipped_order

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/orderexception/"
YESTERDAY = timedelta(days=1)


def past_its_day(order):
    Order.objects.filter(pk=order.pk).update(promised_on=timezone.localdate() - YESTERDAY)


def solve(client, category, **said):
    """Solve the one open exception of a kind as somebody at the desk does; return how many clicks that took."""
    found = OrderException.objects.get(category=category, closed_at=None)
    listed = client.get(LIST, {"state": "open"}).content.decode()
    start = listed.index(f"{LIST}{found.pk}/do/")
    button = listed[start : listed.index('"', start)]
    shown = client.get(button)
    assert (shown.status_code, bool(shown.context_data["consequences"])) == (200, True), category
    # What stands in the form is sent as it is, as by a browser.
    fields = [shown.context_data["form"][name] for name in shown.context_data["form"].fields]
    usual = {field.html_name: field.value() for field in fields if field.value() not in (None, False)}
    done = client.post(button, {**usual, **said})
    assert done.status_code == 302, (category, done.context_data["form"].errors)
    found.refresh_from_db()
    assert (found.status, bool(found.resolution)) == ("resolved", True), category
    return 2


def test_ten_failures_are_solved_where_they_are_seen(shop, staff):
    clicks = {}
    # Failed check.
    checked = placed_order(expected_total=Decimal("22.00"), email="check@example.com")
    run_debts()
    clicks["check"] = solve(staff, "check", reason="agreed by phone")
    assert anew(checked).active_holds == 0

    # Failed payment.
    unpaid = placed_order(email="unpaid@example.com")
    billing.report_failed_payment(unpaid.pk, reason="card declined")
    clicks["payment_failed"] = solve(staff, "payment_failed")

    # A payment that will lapse.
    lapsing = placed_order(email="lapsing@example.com")
    Order.objects.filter(pk=lapsing.pk).update(payment_due_at=timezone.now() + timedelta(hours=3))
    assert (services.watch_late(), services.watch_late()) == (1, 0)
    clicks["payment_due"] = solve(staff, "payment_due")
    asked = EventRecord.objects.filter(name="orders.payment_requested").values_list("thread", flat=True)
    assert sorted(asked) == sorted([unpaid.history_thread(), lapsing.history_thread()])

    # Short pick.
    short = confirmed_order({"MUG-RED": 5}, email="short@example.com")
    run_debts()
    work = FulfillmentOrder.objects.get(order=short)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.start_picking(work.pk, actor=SYSTEM)
    fulfillment.pick(work.pk, picked={short.lines.get().pk: 3}, actor=SYSTEM)
    clicks["short_pick"] = solve(staff, "short_pick")
    assert FulfillmentOrder.objects.get(order=short, status="planned").warehouse_id != work.warehouse_id

    # Late order.
    late = confirmed_order({"TEA-1": 1}, email="late@example.com")
    past_its_day(late)
    assert services.watch_late() == 1
    clicks["late"] = solve(staff, "late")
    assert anew(late).promised_on > timezone.localdate()

    # Undeliverable, lost.
    for fail in (fulfillment.fail_delivery, fulfillment.lose_shipment):
        order = shipped_order({"TEA-1": 1}, email=f"{fail.__name__}@example.com")
        parcel = Shipment.objects.get(order=order)
        fail(parcel.pk, note="", actor=SYSTEM)
        kind = OrderException.objects.get(order=order).category
        clicks[kind] = solve(staff, kind)
    assert (Shipment.objects.filter(status="delivered").count(), Replacement.objects.count()) == (1, 1)

    # Given-up work.
    debt = Delivery.objects.order_by("pk").first()
    Delivery.objects.filter(pk=debt.pk).update(status=Delivery.Status.DEAD)
    services.open_exception(
        category="dead_debt", title="Given up", dedupe_key=f"debt:{debt.pk}", payload={"delivery": debt.pk}
    )
    clicks["dead_debt"] = solve(staff, "dead_debt")
    assert Delivery.objects.get(pk=debt.pk).status == Delivery.Status.PENDING

    # Stock that is not there, and what waits for it past its promise.
    wants = confirmed_order({"MUG-RED": 60}, email="wants@example.com")
    inventory.expect_receipt(
        product_id=shop.mug.pk,
        warehouse_id=shop.munich.pk,
        quantity=500,
        expected_on=timezone.localdate() + timedelta(days=9),
        reference="PO-1",
        actor=SYSTEM,
    )
    for shelf in shop.mug.stock_items.all():
        inventory.adjust_stock(stock_item_id=shelf.pk, change=-min(90, shelf.on_hand), reason="gone", actor=SYSTEM)
    run_debts()
    OrderException.objects.filter(category="shortfall").exclude(order=wants).update(closed_at=timezone.now())
    clicks["shortfall"] = solve(staff, "shortfall")
    assert OrderException.objects.get(order=wants).resolution.startswith("It waits for stock, promised for ")
    past_its_day(wants)
    assert services.watch_late() == 1
    clicks["backorder"] = solve(staff, "backorder")
    assert anew(wants).promised_on > timezone.localdate()

    assert len(clicks) == 10
    assert max(clicks.values()) <= 3


def test_what_is_solved_elsewhere_closes_by_itself(shop, staff):
    order = placed_order(expected_total=Decimal("22.00"))
    run_debts()
    assert OrderException.objects.get().category == "check"

    services.cancel_order(order.pk, reason="changed their mind", actor=SYSTEM)
    run_debts()

    assert (OrderException.objects.get().status, anew(order).open_exceptions) == ("resolved", 0)


def test_the_sweeper_closes_what_no_event_told(shop):
    order = confirmed_order()
    past_its_day(order)
    assert (services.watch_late(), services.watch_late()) == (1, 0)
    assert services.sweep_exceptions() == 0
    Order.objects.filter(pk=order.pk).update(promised_on=timezone.localdate() + YESTERDAY)

    assert services.sweep_exceptions() == 1
    assert anew(order).open_exceptions == 0


def test_the_tabs_say_whose_it_is_and_cost_the_same_however_many_there_are(
    shop, staff, django_user_model, django_assert_num_queries
):
    tom = django_user_model.objects.create_user("tom", is_staff=True)
    first, second, third = (
        services.open_exception(category="late", title=f"L{n}", dedupe_key=f"L{n}") for n in range(3)
    )
    services.take_exception(first.pk, owner_id=django_user_model.objects.get(username="maya").pk)
    services.take_exception(second.pk, owner_id=tom.pk)

    def shown(state):
        return [one.title for one in staff.get(LIST, {"state": state}).context_data["cl"].result_list]

    assert [shown(state) for state in ("mine", "queue", "nobody", "open")] == [
        ["L0"],
        ["L2"],
        ["L2"],
        ["L0", "L1", "L2"],
    ]
    services.close_exception(third.pk, resolution="done", actor=SYSTEM)
    assert shown("closed") == ["L2"]


def test_the_page_says_what_helps_and_tells_its_own_story(shop, staff):
    order = placed_order(expected_total=Decimal("22.00"))
    run_debts()
    found = OrderException.objects.get()
    page = reverse("admin:orders_orderexception_change", args=[found.pk])

    shown = staff.get(page).content.decode()
    assert "Let it pass" in shown
    assert "Cancel the order" in shown
    assert "Exception opened" in shown
    staff.post(f"{page.removesuffix('change/')}do/hand_over/", {"queue": "finance", "note": "ask Ines"})
    assert "Exception handed over to Finance. ask Ines" in staff.get(page).content.decode()

    services.cancel_order(order.pk, reason="x", actor=SYSTEM)
    run_debts()
    assert "Let it pass" not in staff.get(page).content.decode()
