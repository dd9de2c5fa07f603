"""A part of an order has left when a tax rate changes: it keeps its rate, and the rest gets a line of its own."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import Invoice
from core.actors import SYSTEM
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentLine
from inventory.models import Allocation
from orders import services as orders
from orders.models import Order, OrderLine
from pricing import services as pricing
from pricing.models import Channel
from tests.factories.shop import Shop, make_priced_product
from tests.orders.rates import priced, rate_begins
from tests.orders.test_edits import broken, edit, quantities
from tests.orders.test_supply import FINANCE, gross, opened, rates
from tests.scenarios import anew, confirmed_order, run_debts

pytestmark = pytest.mark.django_db


def half_left(*, gross_prices: bool = False, backordered: int = 0, **given: object) -> Order:
    """Return an order of ten jugs at 3.33, of which three have left at 19 % and are billed; then 16 % begins."""
    make_priced_product("JUG", "3.33", stock={"HAM": 3, "MUC": 7 - backordered}, backorder=bool(backordered))
    if gross_prices:
        gross()
    order = confirmed_order({"JUG": 10}, **given)
    fulfillment.fulfil_through(order.pk, through="shipped", places=["HAM"], actor=SYSTEM)
    run_debts()
    rate_begins("0.16", days_ago=1)
    return priced(order, days_ago=4)


def billed(order: Order) -> list[tuple[str, str, str, str]]:
    """Return what invoices say by rate: rate, net, tax with rounding, and the total of each invoice."""
    found = []
    for one in Invoice.objects.filter(order=order).order_by("pk"):
        for row in one.tax_breakdown:
            tax = Decimal(row["tax"]) + Decimal(row["rounding"])
            found.append((row["rate"], row["net"], f"{tax}", f"{one.total:.2f}"))
    return found


@pytest.mark.parametrize(
    ("gross_prices", "lines", "total", "said"),
    [
        (
            False,
            [(1, 3, "0.19", "9.99", "11.89"), (2, 7, "0.16", "23.31", "27.04")],
            "44.76",
            [("0.1900", "14.89", "2.83", "17.72"), ("0.1600", "23.31", "3.73", "27.04")],
        ),
        (
            True,
            [(1, 3, "0.19", "8.39", "9.99"), (2, 7, "0.16", "20.09", "23.31")],
            "38.20",
            [("0.1900", "12.51", "2.38", "14.89"), ("0.1600", "20.09", "3.22", "23.31")],
        ),
    ],
)
def test_what_has_left_keeps_its_rate_and_the_rest_gets_a_line_of_its_own(
    seller: Shop, gross_prices: bool, lines: list[object], total: str, said: list[object]
) -> None:
    order = half_left(gross_prices=gross_prices)
    assert broken() == []
    before = anew(order)
    orders.tax_anew(opened().pk, actor=FINANCE)
    now = anew(order)
    assert rates(order) == lines
    assert now.total == Decimal(total)
    assert now.invoiced_total == before.invoiced_total
    assert (now.promised_on, now.sourcing["parcels"][0]["lines"]) == (before.promised_on, {"1": 3})
    assert broken() == []
    kept, rest = OrderLine.objects.filter(order=order).order_by("position")
    assert (kept.shipped, kept.invoiced, kept.open, kept.allocated) == (3, 3, 0, 0)
    assert (rest.open, rest.allocated, rest.sku, rest.unit_price) == (7, 7, "JUG", Decimal("3.33"))
    # The work on it goes on where it was: nothing is planned anew.
    assert [(one.order_line_id, one.quantity) for one in FulfillmentLine.objects.filter(order_line=rest)] == [
        (rest.pk, 7)
    ]
    assert Allocation.objects.filter(reservation=order.reservation, key=2).get().open == 7

    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    assert billed(order) == said
    now = anew(order)
    assert sum(one.total for one in Invoice.objects.filter(order=order)) == now.total == now.invoiced_total
    assert now.invoice_status == "invoiced"
    assert [one["rate"] for one in now.tax_breakdown] == ["0.19", "0.16"]
    assert broken() == []


def test_what_is_awaited_is_awaited_by_the_new_line(seller: Shop) -> None:
    order = half_left(backordered=2)
    orders.tax_anew(opened().pk, actor=FINANCE)
    kept, rest = OrderLine.objects.filter(order=order).order_by("position")
    assert (kept.open, kept.backordered, rest.open, rest.allocated, rest.backordered) == (0, 0, 7, 5, 2)
    assert broken() == []


def test_what_was_cancelled_takes_nothing_along(seller: Shop) -> None:
    order = half_left()
    edit(order, quantities(line1=8))
    before = anew(order)
    orders.tax_anew(opened().pk, actor=FINANCE)
    kept, rest = OrderLine.objects.filter(order=order).order_by("position")
    assert (kept.quantity, kept.cancelled, kept.shipped, rest.quantity, rest.open) == (5, 2, 3, 5, 5)
    assert before.cancelled_total != 0
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    now = anew(order)
    assert sum(one.total for one in Invoice.objects.filter(order=order)) == now.total - now.cancelled_total
    assert now.invoice_status == "invoiced"
    assert broken() == []


def test_what_is_invoiced_as_a_whole_says_both_rates(seller: Shop) -> None:
    Channel.objects.filter(code="api").update(invoice_policy="per_order")
    pricing.forget()
    order = half_left()
    assert not Invoice.objects.exists()
    orders.tax_anew(opened().pk, actor=FINANCE)
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    invoice = Invoice.objects.get()
    assert [(one["rate"], one["net"]) for one in invoice.tax_breakdown] == [("0.1900", "11.46"), ("0.1600", "26.74")]
    assert invoice.total == anew(order).total
    assert broken() == []


def test_picked_goods_leave_on_the_new_line(seller: Shop) -> None:
    order = half_left()
    work = order.fulfillment_orders.exclude(status="shipped").get()
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    line = OrderLine.objects.get(order=order)
    fulfillment.pick(work.pk, picked={line.pk: 7}, actor=SYSTEM)
    orders.tax_anew(opened().pk, actor=FINANCE)
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    assert anew(order).fulfillment_status == "shipped"
    assert billed(order)[-1][:2] == ("0.1600", "23.31")
    assert broken() == []


def test_an_invoice_that_was_written_again_counts_once(seller: Shop) -> None:
    order = half_left()
    billing.rewrite_invoice(Invoice.objects.get().pk, reason="For the wrong party", actor=SYSTEM)
    run_debts()
    orders.tax_anew(opened().pk, actor=FINANCE)
    assert rates(order) == [(1, 3, "0.19", "9.99", "11.89"), (2, 7, "0.16", "23.31", "27.04")]
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    now = anew(order)
    assert now.total == now.invoiced_total == Decimal("44.76")
    assert broken() == []


def test_a_credit_says_the_rate_of_its_invoice(seller: Shop) -> None:
    order = half_left()
    orders.tax_anew(opened().pk, actor=FINANCE)
    line = OrderLine.objects.get(order=order, position=1)
    (note,) = billing.credit_return(order.pk, quantities={line.pk: 3}, reference="RMA-1", reason="", actor=SYSTEM)
    assert [(one["rate"], one["net"]) for one in note.tax_breakdown] == [("0.1900", "9.99")]


def test_delivery_follows_the_goods_alone_when_they_are_taxed_anew(seller: Shop) -> None:
    Channel.objects.filter(code="api").update(invoice_policy=Channel.InvoicePolicy.PER_ORDER)
    make_priced_product("CARE", "40.00", tax_class="reduced", kind="service")
    pricing.forget()
    make_priced_product("JUG", "3.33", stock={"HAM": 3, "MUC": 7})
    order = confirmed_order({"JUG": 10, "CARE": 1})
    fulfillment.fulfil_through(order.pk, through="shipped", places=["HAM"], actor=SYSTEM)
    run_debts()
    assert [one["rate"] for one in order.charges.get().taxes] == ["0.19"]
    rate_begins("0.16", days_ago=1)
    priced(order, days_ago=4)

    orders.tax_anew(opened().pk, actor=FINANCE)

    assert {line.tax_rate for line in order.lines.filter(sku="CARE")} == {Decimal("0.07")}
    assert [(one["rate"], one["net"]) for one in order.charges.get().taxes] == [("0.19", "1.47"), ("0.16", "3.43")]
    assert broken() == []
