"""From goods that leave to an invoice that is final."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import services as billing
from billing.errors import NothingToInvoice
from billing.models import Invoice, InvoiceLine, Payment
from core.actors import SYSTEM
from core.models import Delivery, EventRecord
from orders import services as orders
from orders.inputs import LineInput
from orders.models import Movement
from orders.wishes import LineWish, Wish
from pricing.models import Channel
from tests.factories.billing import again, line_of, make_seller, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


def figures(invoice):
    return (invoice.net_total, invoice.tax_total, invoice.rounding, invoice.total)


def rows(invoice):
    return [
        (row.sku or row.name, row.quantity, str(row.net_total), str(row.tax_total))
        for row in InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    ]


def drop(order, sku):
    """Take off the order what of a line has not left."""
    line = line_of(order, sku)
    wish = Wish(lines=(LineWish(position=line.position, quantity=line.shipped),))
    orders.amend_order(order.pk, wish, expected_version=again(order).version, reason="Not wanted", actor=SYSTEM)


def test_goods_that_leave_are_invoiced_to_the_cent(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()

    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.status, invoice.source_reference) == ("INV-000001", "issued", "SH-1")
    assert figures(invoice) == (Decimal("19.10"), Decimal("2.96"), 0, Decimal("22.06"))
    assert rows(invoice) == [
        ("MUG-RED", 2, "10.000", "1.900"),
        ("TEA-1", 1, "4.200", "0.300"),
        ("Standard delivery", 1, "3.450", "0.660"),
        ("Standard delivery", 1, "1.450", "0.100"),
    ]
    assert invoice.tax_breakdown == [
        {"category": "S", "rate": "0.1900", "net": "13.45", "tax": "2.56", "rounding": "0.00"},
        {"category": "S", "rate": "0.0700", "net": "5.65", "tax": "0.40", "rounding": "0.00"},
    ]
    order = again(order)
    assert (order.invoiced_total, order.invoice_status) == (Decimal("22.06"), "invoiced")
    assert set(Movement.objects.filter(kind="invoiced").values_list("reference", flat=True)) == {"SH-1"}


def test_partial_shipments_add_up_and_shipping_is_on_the_first(run_debts):
    order = place({"MUG-RED": 3, "TEA-1": 2})
    for number, units in enumerate([{"MUG-RED": 1}, {"MUG-RED": 1, "TEA-1": 1}, {"MUG-RED": 1, "TEA-1": 1}], 1):
        ship(order, units, reference=f"SH-{number}")
        run_debts()

    invoices = list(Invoice.objects.order_by("pk"))
    assert [invoice.number for invoice in invoices] == ["INV-000001", "INV-000002", "INV-000003"]
    assert sum(invoice.total for invoice in invoices) == order.total
    assert [len(rows(invoice)) for invoice in invoices] == [3, 2, 2]
    assert again(order).invoice_status == "invoiced"


def test_the_same_shipment_heard_of_twice_is_invoiced_once(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    debts = Delivery.objects.filter(handler__in=["billing.handlers.draft_invoice", "billing.handlers.issue_invoice"])
    debts.update(status="pending", due_at=timezone.now())

    assert run_debts() >= 2
    assert billing.issue_for_shipment(order.pk, "SH-1") == Invoice.objects.get()
    assert Invoice.objects.get().number == "INV-000001"
    assert EventRecord.objects.filter(name="billing.invoice_issued").count() == 1


def test_a_cancelled_invoice_is_not_written_again(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    billing.credit_invoice(Invoice.objects.get().pk, reference="wrong", actor=SYSTEM)
    run_debts()

    assert billing.issue_for_shipment(order.pk, "SH-1").status == "cancelled"
    assert Invoice.objects.count() == 1


def test_by_order_it_waits_until_all_has_left(run_debts):
    Channel.objects.filter(code="api").update(invoice_policy="per_order")
    order = place()
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    assert not Invoice.objects.exists()

    ship(order, {"TEA-1": 1}, reference="SH-2")
    run_debts()
    invoice = Invoice.objects.get()
    assert (invoice.source_reference, invoice.total) == (order.number, Decimal("22.06"))


def test_by_order_it_is_billed_when_the_rest_is_not_wanted_any_more(run_debts):
    Channel.objects.filter(code="api").update(invoice_policy="per_order")
    order = place()
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    assert not Invoice.objects.exists()

    drop(order, "TEA-1")
    run_debts()
    order, invoice = again(order), Invoice.objects.get()
    assert (invoice.status, invoice.source_reference, invoice.total) == ("issued", order.number, Decimal("17.56"))
    assert [row[:2] for row in rows(invoice)] == [("MUG-RED", 2), ("Standard delivery", 1), ("Standard delivery", 1)]
    assert (order.status, order.invoice_status, order.balance_due) == ("fulfilled", "invoiced", Decimal("17.56"))

    assert billing.invoice_what_left(order.pk) == invoice


def test_what_is_held_for_an_order_billed_as_a_whole_is_taken_when_the_rest_is_not_wanted(run_debts):
    Channel.objects.filter(code="api").update(invoice_policy="per_order")
    order = place(terms="prepaid")
    held = billing.authorize_payment(order.pk, method="card", amount=Decimal("22.06"), actor=SYSTEM)
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()

    drop(order, "TEA-1")
    run_debts()
    order = again(order)
    assert Payment.objects.get(pk=held.pk).captured == Invoice.objects.get().total == Decimal("17.56")
    assert (order.payment_status, order.balance_due) == ("paid", 0)


def test_an_edit_bills_nothing_by_itself_where_every_parcel_has_its_invoice(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()

    drop(order, "TEA-1")
    run_debts()
    assert Invoice.objects.get().source_reference == "SH-1"
    assert billing.invoice_what_left(order.pk) is None


def test_what_was_billed_in_advance_is_not_billed_when_it_leaves(run_debts):
    order = place()
    billing.invoice_order(order.pk, actor=SYSTEM)
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()

    assert Invoice.objects.get().source_reference == order.number
    assert not Delivery.objects.exclude(status="done").exists()
    with pytest.raises(NothingToInvoice):
        billing.invoice_order(order.pk, actor=SYSTEM)


def test_the_invoice_is_dated_when_the_goods_left(run_debts):
    left = datetime(2026, 3, 2, 15, tzinfo=UTC)
    order = place(placed_at=datetime(2026, 3, 1, 9, tzinfo=UTC), historic=True)
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1", at=left)
    run_debts()

    invoice = Invoice.objects.get()
    assert (invoice.supplied_on, invoice.issued_on, invoice.due_on) == (
        date(2026, 3, 2),
        date(2026, 3, 2),
        date(2026, 3, 16),
    )
    assert invoice.issued_at == left
    issued = EventRecord.objects.get(name="billing.invoice.issue")
    assert (issued.at, issued.thread) == (left, f"orders.order:{order.pk}")


def test_issuing_twice_changes_nothing(run_debts):
    order = place()
    invoice = billing.invoice_order(order.pk, actor=SYSTEM)
    first = billing.issue_invoice(invoice.pk)

    assert billing.issue_invoice(invoice.pk).number == first.number == "INV-000001"
    assert again(order).invoiced_total == Decimal("22.06")


def test_series_and_sellers_count_for_themselves(run_debts, seller):
    first = billing.issue_invoice(billing.invoice_order(place().pk, actor=SYSTEM).pk)
    Channel.objects.filter(code="api").update(document_series="HIST")
    second = billing.issue_invoice(billing.invoice_order(place({"TEA-1": 2}).pk, actor=SYSTEM).pk)
    type(seller).objects.update(is_default=False)
    make_seller(code="at", name="Kettle Austria", prefix="AT")
    third = billing.issue_invoice(billing.invoice_order(place({"TEA-1": 3}).pk, actor=SYSTEM).pk)

    assert [first.number, second.number, third.number] == ["INV-000001", "HIST-INV-000001", "AT-HIST-INV-000001"]


def test_an_order_that_costs_nothing_has_a_paid_invoice(run_debts):
    free = LineInput(sku="MUG-RED", quantity=1, unit_price=Decimal(0))
    order = place(lines=(free,), shipping_price=Decimal(0), historic=True)
    ship_all(order)
    run_debts()

    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.status) == (0, "paid")
    assert again(order).status == "completed"


def test_the_draft_copies_what_it_says(run_debts, seller):
    order = place(purchase_order_number="PO-77")
    invoice = billing.invoice_order(order.pk, actor=SYSTEM)

    assert invoice.seller["vat_id"] == "DE123456788"
    assert invoice.buyer == {
        "name": "Ada Byron",
        "number": order.customer.number,
        "vat_id": "",
        "email": "ada@example.com",
        "address": order.ship_to.as_dict(),
        "order_number": order.number,
        "ordered_on": order.placed_at.date().isoformat(),
        "purchase_order_number": "PO-77",
        "payment_terms": "net14",
        "prices_include_tax": False,
    }
