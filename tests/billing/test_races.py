"""Two at once: numbers, refunds, payments and papers stay right. Each test fails without the guard it names."""

import threading
from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction

from billing import services as billing
from billing.errors import RefundExceedsCaptured
from billing.models import Invoice, InvoicePayment, Payment, Refund
from core import outbox
from core.actors import SYSTEM
from core.files import read_file
from core.models import Attachment, Delivery, EventRecord, NumberSeries
from core.money import Money
from orders import services as orders
from tests.factories.billing import again, make_seller, place, ship, ship_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.usefixtures("seller")]
THREADS = 8


class ForcedRollback(Exception):
    """Somebody pulls the plug after the number was drawn."""


@pytest.mark.postgres
def test_numbers_have_no_gap_and_no_double_whatever_is_rolled_back(concurrently, nothing_broken):
    """Eight threads issue 160 invoices in two series; every seventh transaction is thrown away and tried again.

    Guard: the row of the series, locked by `draw_number` until the transaction ends. Drawing the number in
    a transaction of its own instead leaves gaps here; reading and adding one leaves doubles.
    """
    first = [billing.invoice_order(place({"TEA-1": 1}).pk, actor=SYSTEM) for _ in range(120)]
    type(first[0].order.channel).objects.filter(code="api").update(document_series="B2B")
    drafts = [one.pk for one in first]
    drafts += [billing.invoice_order(place({"TEA-1": 1}).pk, actor=SYSTEM).pk for _ in range(40)]
    rolled_back = []

    def work(mine):
        for place_in_row, invoice_id in enumerate(mine):
            if place_in_row % 7 == 3:
                try:
                    with transaction.atomic():
                        billing.issue_invoice(invoice_id)
                        rolled_back.append(invoice_id)
                        raise ForcedRollback
                except ForcedRollback:
                    pass
            billing.issue_invoice(invoice_id)

    concurrently(*(partial(work, drafts[index::THREADS]) for index in range(THREADS)))

    assert len(rolled_back) > 15
    issued = Invoice.objects.order_by("number").values_list("number", flat=True)
    plain = sorted(number for number in issued if number.startswith("INV"))
    assert plain == [f"INV-{n:06d}" for n in range(1, 121)]
    assert sorted(set(issued) - set(plain)) == [f"B2B-INV-{n:06d}" for n in range(1, 41)]
    assert dict(NumberSeries.objects.values_list("key", "last")) == {"invoice:main:": 120, "invoice:main:B2B": 40}
    assert EventRecord.objects.filter(name="billing.invoice_issued").count() == 160


@pytest.mark.postgres
def test_a_debt_paid_by_eight_workers_makes_one_invoice(concurrently, nothing_broken):
    """Guard: the claim on the debt, the lock on the order, and one live invoice per shipment in the database."""
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    debt = Delivery.objects.get(handler="billing.handlers.draft_invoice").pk

    concurrently(
        *[partial(outbox.deliver, debt)] * 4,
        *[partial(billing.issue_for_shipment, order.pk, "SH-1")] * 4,
    )
    drafts = Delivery.objects.filter(handler="billing.handlers.issue_invoice")
    concurrently(*(partial(outbox.deliver, one.pk) for one in [*drafts] * 4))

    assert Invoice.objects.get().number == "INV-000001"
    assert EventRecord.objects.filter(name="billing.invoice_issued").count() == 1


@pytest.mark.postgres
def test_two_refunds_at_once_never_send_back_more_than_came_in(concurrently, nothing_broken):
    """Guard: the lock on the order in `take_order` (`locked()`); without it both see the whole amount free."""
    for _ in range(10):
        order = place()
        billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
        outcomes = concurrently(
            *(
                partial(
                    billing.request_refund,
                    order.pk,
                    amount=Money(Decimal("15.00"), "EUR"),
                    reference=f"RMA-{n}",
                    actor=SYSTEM,
                )
                for n in range(4)
            ),
            raising=False,
        )
        assert [type(one.error) for one in outcomes if one.error] == [RefundExceedsCaptured] * 3
        assert sum(Refund.objects.filter(order=order).values_list("amount", flat=True)) == Decimal("15.00")
    outbox.drain()
    assert set(Payment.objects.values_list("refunded", flat=True)) == {Decimal("15.00")}


@pytest.mark.postgres
def test_the_same_refund_settled_by_eight_at_once_goes_back_once(concurrently, nothing_broken):
    """Guard: the lock on the order, then `refunded + amount <= captured` inside the update itself."""
    order = place()
    billing.record_payment(order.pk, method="cash", amount=Decimal("22.06"), reference="", actor=SYSTEM)
    [refund] = billing.request_refund(order.pk, amount=Money(Decimal("9.00"), "EUR"), reference="RMA-1", actor=SYSTEM)
    concurrently(*[partial(billing.pay_out, refund.pk)] * THREADS)

    assert Payment.objects.get().refunded == Decimal("9.00")
    assert again(order).refunded_total == Decimal("9.00")
    assert EventRecord.objects.filter(name="billing.refund_settled").count() == 1


@pytest.mark.postgres
def test_late_money_that_crosses_its_cancellation_goes_back_once(concurrently, nothing_broken):
    """Guard: the lock on the order in `take_order`; without it two debts see the same money and send it twice."""
    for _ in range(8):
        order = place(terms="prepaid")
        billing.record_payment(order.pk, method="cash", amount=Decimal("20.00"), reference="", actor=SYSTEM)
        orders.cancel_order(order.pk, reason="no", actor=SYSTEM)
        late = billing.record_payment(order.pk, method="cash", amount=Decimal("2.06"), reference="", actor=SYSTEM)
        concurrently(
            *[partial(billing.return_late_money, late.pk)] * 3,
            *[partial(billing.void_payments, order.pk, reason="no")] * 3,
            partial(billing.record_payment, order.pk, method="cash", amount=Decimal(1), reference="", actor=SYSTEM),
        )
        outbox.drain()
        assert again(order).refunded_total == Decimal("23.06")
        assert sum(Refund.objects.filter(order=order).values_list("amount", flat=True)) == Decimal("23.06")
    assert set(Refund.objects.values_list("status", flat=True)) == {"succeeded"}


@pytest.mark.postgres
def test_payments_and_invoices_that_cross_still_meet(concurrently, nothing_broken):
    """Guard: whoever matches money holds the order; else payment and invoice miss each other and stay open."""
    for _ in range(10):
        order = place()
        draft = billing.invoice_order(order.pk, actor=SYSTEM).pk
        halves = [
            partial(
                billing.record_payment, order.pk, method="cash", amount=Decimal("11.03"), reference="", actor=SYSTEM
            )
        ] * 2

        def issue(draft=draft):
            billing.issue_invoice(draft)
            billing.collect_payment(draft)

        concurrently(*halves, issue)
        invoice = Invoice.objects.get(pk=draft)
        assert (invoice.status, invoice.paid_total) == ("paid", Decimal("22.06"))
        assert sum(InvoicePayment.objects.filter(invoice=invoice).values_list("amount", flat=True)) == invoice.total
        assert again(order).balance_due == 0


def test_a_paper_asked_for_by_many_at_once_is_kept_once(concurrently):
    """Guard: the second look at `pdf` under the lock in `_keep_once`."""
    order = place()
    draft = billing.invoice_order(order.pk, actor=SYSTEM)
    billing.issue_invoice(draft.pk)

    outcomes = concurrently(*[partial(billing.render_invoice_pdf, draft.pk)] * 6)

    assert len({one.value.pk for one in outcomes}) == 1
    kept = Attachment.objects.get(thread=f"orders.order:{order.pk}")
    assert read_file(kept).startswith(b"%PDF-")


def test_a_worker_that_stops_half_way_leaves_nothing_and_is_made_up_for(monkeypatch, nothing_broken):
    """The plug is pulled after the number was drawn; the next worker draws the same one."""
    order = place()
    ship_all(order)
    unplugged = threading.Event()
    advance = billing.invoicing.advance

    def stop_once(subject, *steps, **given):
        if isinstance(subject, Invoice) and not unplugged.is_set():
            unplugged.set()
            raise SystemError("the worker is gone")
        advance(subject, *steps, **given)

    monkeypatch.setattr(billing.invoicing, "advance", stop_once)
    outbox.drain()
    assert Invoice.objects.get().number is None
    assert not NumberSeries.objects.exists()

    Delivery.objects.filter(status="pending").update(due_at="2020-01-01T00:00Z")
    outbox.drain()
    assert Invoice.objects.get().number == "INV-000001"


def test_another_seller_has_numbers_of_his_own():
    make_seller(code="at", prefix="AT", is_default=False)
    billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)

    assert list(NumberSeries.objects.values_list("key", flat=True)) == ["invoice:main:"]
