"""A tax rate changes between the order and the day on which it leaves: who decides, and what becomes of the order."""

from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing.models import Invoice, InvoiceLine
from core.actors import SYSTEM, Actor
from core.models import EventRecord, OutgoingMail
from fulfillment import services as fulfillment
from orders import services as orders
from orders.errors import ChangeRefused, ExceptionNotOpen, OldTaxRate
from orders.models import Order, OrderException, OrderLine, OrderVersion
from orders.services.supply import refuse_old_rates
from orders.wishes import Wish
from pricing import services as pricing
from pricing.models import Channel
from tests.factories.shop import Shop
from tests.orders.rates import day, priced, rate_begins
from tests.orders.test_edits import broken, edit, quantities
from tests.scenarios import anew, confirmed_order, order_input, placed_order, run_debts

pytestmark = pytest.mark.django_db
FINANCE = Actor("staff", "fay", frozenset({"orders.tax_order"}))


def old_order(lines: dict[str, int] | None = None, **given: object) -> Order:
    """Return an order that was priced three days before a rate began, yesterday."""
    order = priced(confirmed_order(lines or {"MUG-RED": 4}, **given), days_ago=4)
    rate_begins("0.16", days_ago=1)
    return order


def opened() -> OrderException:
    """Look for what was priced before, and return the one exception that opens."""
    assert orders.watch_rates() == 1
    return OrderException.objects.get(category="tax_rate")


def rates(order: Order) -> list[tuple[int, int, str, str, str]]:
    """Return the lines: position, units, rate, net and total."""
    rows = OrderLine.objects.filter(order=order).order_by("position")
    return [
        (one.position, one.quantity, f"{one.tax_rate:.2f}", f"{one.net_total:.2f}", f"{one.total:.2f}") for one in rows
    ]


def gross() -> None:
    """Let prices include tax from now on."""
    Channel.objects.filter(code="api").update(prices_include_tax=True)
    pricing.forget()


# Who is asked


def test_what_was_priced_before_a_rate_began_is_put_before_finance(shop: Shop) -> None:
    order = old_order()
    exception = opened()
    assert (exception.order_id, exception.queue) == (order.pk, "finance")
    assert exception.title == f"The order says 19 % tax; it is 16 % in Germany since {day(1)}"
    assert anew(order).open_exceptions == 1
    assert rates(order) == [(1, 4, "0.19", "20.00", "23.80")]

    # Once: what is open, or was decided about, is not opened again.
    assert orders.watch_rates() == 0
    orders.keep_rates(exception.pk, reason="A rule of transition", actor=FINANCE)
    assert orders.watch_rates() == 0
    assert OrderException.objects.get().resolution == "The rate is kept: A rule of transition"

    # Another change is another question.
    rate_begins("0.18")
    assert orders.watch_rates() == 1
    assert OrderException.objects.filter(category="tax_rate").count() == 2


def test_nobody_is_asked_where_the_rate_is_no_other(shop: Shop) -> None:
    confirmed_order({"MUG-RED": 1})
    reduced = priced(confirmed_order({"TEA-1": 1}), days_ago=4)
    abroad = priced(confirmed_order({"MUG-RED": 1}), days_ago=4)
    rate_begins("0.16", days_ago=1)
    rate_begins("0.25", days_ago=1, country="FR")
    gone = priced(placed_order({"MUG-RED": 1}), days_ago=4)
    orders.cancel_order(gone.pk, reason="", actor=SYSTEM)
    left = confirmed_order({"MUG-RED": 2})
    fulfillment.fulfil_through(left.pk, through="shipped", actor=SYSTEM)
    Order.objects.filter(pk=left.pk).update(taxed_on=day(4))
    Order.objects.filter(pk=abroad.pk).update(shipping_address={"country": "CH"})
    assert orders.watch_rates() == 0
    assert anew(reduced).open_exceptions == 0


def test_a_rate_that_comes_back_closes_what_it_opened(shop: Shop) -> None:
    order = old_order()
    exception = opened()
    rate_begins("0.19")
    orders.sweep_exceptions()
    exception = OrderException.objects.get(pk=exception.pk)
    assert (exception.status, exception.resolution) == ("resolved", "The cause is gone")
    assert orders.watch_rates() == 0
    assert anew(order).open_exceptions == 0


def test_orders_of_before_this_was_kept_bear_the_rates_of_their_day(shop: Shop) -> None:
    order = old_order()
    Order.objects.filter(pk=order.pk).update(taxed_on=None)
    # It was placed today, at rates that hold today.
    assert orders.watch_rates() == 0
    Order.objects.filter(pk=order.pk).update(placed_at=anew(order).created_at.replace(year=2025))
    assert opened().order_id == order.pk


def test_a_thousand_orders_are_looked_through_in_a_handful_of_statements(
    shop: Shop, django_assert_num_queries: object
) -> None:
    for _one in range(3):
        old_order_of_reduced()
    rate_begins("0.16", days_ago=1)
    pricing.channels()
    # One batch of orders and its lines, and that there is no other batch.
    with django_assert_num_queries(3):  # type: ignore[operator]
        assert orders.watch_rates() == 0


def old_order_of_reduced() -> Order:
    """Return an order on which the standard rate has no effect, priced before it began."""
    return priced(confirmed_order({"TEA-1": 1}), days_ago=4)


# Nothing leaves before somebody has decided


def test_nothing_leaves_at_a_rate_that_holds_no_more(shop: Shop) -> None:
    order = old_order()
    with pytest.raises(OldTaxRate, match="A tax rate changed on"):
        fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    assert not Invoice.objects.exists()
    assert anew(order).fulfillment_status == "unfulfilled"

    orders.tax_anew(opened().pk, actor=FINANCE)
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    assert anew(order).fulfillment_status == "shipped"


def test_what_is_kept_leaves_at_its_rate(seller: Shop) -> None:
    order = old_order()
    orders.keep_rates(opened().pk, reason="Taxed with the deposit", actor=FINANCE)
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    assert Invoice.objects.get().tax_breakdown[0]["rate"] == "0.1900"
    assert rates(order) == [(1, 4, "0.19", "20.00", "23.80")]


def test_a_shipment_costs_no_statement_more_while_no_rate_changes(
    shop: Shop, django_assert_num_queries: object
) -> None:
    order = anew(confirmed_order({"MUG-RED": 1}))
    lines = list(OrderLine.objects.filter(order=order))
    pricing.channels()
    with django_assert_num_queries(0):  # type: ignore[operator]
        refuse_old_rates(order, lines, {lines[0].pk: 1}, at=timezone.now())


# Taxed anew: nothing of it has left


def test_prices_without_tax_stay_and_the_total_moves(shop: Shop) -> None:
    order = old_order({"MUG-RED": 4, "TEA-1": 1})
    before = anew(order)
    exception = opened()
    orders.tax_anew(exception.pk, actor=FINANCE)
    now = anew(order)
    assert rates(order) == [(1, 4, "0.16", "20.00", "23.20"), (2, 1, "0.07", "4.20", "4.49")]
    assert (before.subtotal, now.subtotal, now.shipping_total) == (now.subtotal, Decimal("24.20"), Decimal("4.90"))
    assert (before.total, now.total) == (Decimal("34.02"), Decimal("33.30"))
    assert now.balance_due == now.total
    assert [one["rate"] for one in now.tax_breakdown] == ["0.16", "0.07"]
    assert (now.taxed_on, now.version) == (day(0), before.version + 1)
    assert OrderVersion.objects.filter(order=order).exists()
    assert OrderException.objects.get(pk=exception.pk).resolution == f"Taxed by the rates of {day(0)}"
    assert now.open_exceptions == 0
    assert broken() == []
    # Who pays another amount is told.
    run_debts()
    assert OutgoingMail.objects.filter(kind="order_changed").count() == 1


def test_prices_with_tax_stay_and_only_the_tax_in_them_moves(shop: Shop) -> None:
    gross()
    order = old_order()
    before = anew(order)
    orders.tax_anew(opened().pk, actor=FINANCE)
    now = anew(order)
    assert rates(order) == [(1, 4, "0.16", "17.24", "20.00")]
    assert (before.total, now.total) == (Decimal("24.90"), Decimal("24.90"))
    assert (before.tax_total, now.tax_total) == (Decimal("3.98"), Decimal("3.43"))
    run_debts()
    assert not OutgoingMail.objects.filter(kind="order_changed").exists()


def test_an_edit_after_that_stays_with_the_day(shop: Shop) -> None:
    order = old_order()
    orders.tax_anew(opened().pk, actor=FINANCE)
    edit(order, quantities(line1=2))
    assert rates(order) == [(1, 2, "0.16", "10.00", "11.60")]
    assert anew(order).taxed_on == day(0)


def test_an_edit_before_that_stays_with_the_day_of_the_order(shop: Shop) -> None:
    order = old_order()
    edit(order, quantities(line1=2))
    assert rates(order) == [(1, 2, "0.19", "10.00", "11.90")]
    assert opened().order_id == order.pk


def test_a_quotation_that_is_accepted_after_the_change_is_asked_about(shop: Shop) -> None:
    draft = orders.save_draft(order_input({"MUG-RED": 2}, payment_terms="net14"), actor=SYSTEM)
    priced(draft, days_ago=4)
    rate_begins("0.16", days_ago=1)
    assert orders.watch_rates() == 0
    order = orders.place_draft(draft.pk, actor=SYSTEM)
    assert rates(order) == [(1, 2, "0.19", "10.00", "11.90")]
    exception = opened()
    # And it can be edited, at the rates it was offered with.
    edit(order, quantities(line1=1))
    assert rates(order) == [(1, 1, "0.19", "5.00", "5.95")]
    orders.tax_anew(exception.pk, actor=FINANCE)
    assert rates(order) == [(1, 1, "0.16", "5.00", "5.80")]


def test_who_has_not_paid_all_of_it_then_is_asked_for_the_rest(shop: Shop) -> None:
    order = priced(placed_order({"MUG-RED": 4}), days_ago=4)
    billing.record_payment(order.pk, method="card", amount=order.total, reference="P-1", actor=SYSTEM)
    rate_begins("0.21", days_ago=1)
    assert anew(order).status == "confirmed"
    orders.tax_anew(opened().pk, actor=FINANCE)
    now = anew(order)
    assert now.balance_due == Decimal("0.50")
    assert now.hold_reason == "Waiting for another 0.5 EUR after a change of the order"


def test_who_paid_more_gets_it_back(shop: Shop) -> None:
    order = priced(placed_order({"MUG-RED": 4}), days_ago=4)
    billing.record_payment(order.pk, method="card", amount=order.total, reference="P-1", actor=SYSTEM)
    rate_begins("0.16", days_ago=1)
    orders.tax_anew(opened().pk, actor=FINANCE)
    run_debts()
    now = anew(order)
    assert (now.total, now.balance_due, now.refunded_total) == (Decimal("28.88"), Decimal(0), Decimal("0.75"))


# What cannot be taxed anew is said, with what is done instead


def test_what_was_billed_in_advance_keeps_its_invoice(seller: Shop) -> None:
    order = priced(confirmed_order({"MUG-RED": 4}), days_ago=4)
    billing.invoice_order(order.pk, actor=SYSTEM)
    run_debts()
    rate_begins("0.16", days_ago=1)
    exception = opened()
    with pytest.raises(ChangeRefused, match="What was billed in advance keeps its invoice"):
        orders.tax_anew(exception.pk, actor=FINANCE)
    # It is on its invoice, and leaves.
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    assert Invoice.objects.get().tax_breakdown[0]["rate"] == "0.1900"
    orders.sweep_exceptions()
    assert OrderException.objects.get(pk=exception.pk).status == "resolved"


def test_who_may_not_decide_is_told_so(shop: Shop) -> None:
    order = old_order()
    with pytest.raises(ChangeRefused, match="You may not decide on its tax"):
        orders.tax_anew(opened().pk, actor=Actor("staff", "dora", frozenset({"orders.change_order"})))
    assert rates(order) == [(1, 4, "0.19", "20.00", "23.80")]


@pytest.mark.parametrize("days_ago", [-1, 4, 5])
def test_a_day_to_come_or_before_that_of_its_rates_is_refused(shop: Shop, days_ago: int) -> None:
    order = old_order()
    refusals = orders.preview_change(order.pk, Wish(taxed_on=day(days_ago))).refusals
    # The day of its rates is no other day.
    assert [(one["pointer"], one["code"]) for one in refusals] == (
        [] if days_ago == 4 else [("/taxed_on", "invalid_day")]
    )


def test_another_trouble_is_not_taxed(shop: Shop) -> None:
    order = confirmed_order()
    other = orders.open_exception(category="late", title="Late", dedupe_key="x", order_id=order.pk)
    for step in (orders.tax_anew, lambda pk, **given: orders.keep_rates(pk, reason="", **given)):
        with pytest.raises(ExceptionNotOpen, match="This is about no tax rate"):
            step(other.pk, actor=FINANCE)


def test_it_is_written_down_who_decided(shop: Shop) -> None:
    order = old_order()
    orders.tax_anew(opened().pk, actor=FINANCE)
    row = EventRecord.objects.get(name="orders.amended", thread=order.history_thread())
    assert (row.actor, row.payload["before"]["taxed_on"]) == ("staff:fay", day(4).isoformat())
    assert row.payload["after"]["tax_total"] == "3.98"
    assert InvoiceLine.objects.count() == 0
