"""An invoice says what was so when it was issued, whenever somebody draws it first: on paper, in the XML, in its code.

Twins are issued: one is drawn at once, the others long after something happened to them.
"""

import re
from datetime import timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from billing import services as billing
from billing import typesetting
from billing.models import Invoice, InvoicePayment
from billing.proofs import official
from billing.services import documents
from core.actors import SYSTEM, Actor
from core.money import Money
from orders import services as orders
from orders.inputs import PaymentInput
from pricing import reference
from pricing.models import Channel
from tests.billing.en16931 import SETTLED, SUMS, Reading, breaches
from tests.factories.billing import again, pdf_text, place, ship

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken", "quiet")]
D = Decimal
INES = Actor("user", "ines")
ALL = D("22.06")


@pytest.fixture
def quiet(seller):
    """Nobody is written to, so no paper is drawn before somebody asks for it."""
    Channel.objects.update(quiet=True)
    reference.forget()


def came(order, amount, method="cash", **given):
    return billing.record_payment(order.pk, method=method, amount=D(amount), actor=SYSTEM, **given)


def unpaid():
    # Placed twice within an hour, it would wait for somebody to say that it is no duplicate.
    return place(historic=True)


def paid_in_part():
    order = unpaid()
    came(order, "10.00")
    return order


def paid_in_advance():
    order = unpaid()
    came(order, "12.06")
    came(order, "10.00", method="bank_transfer")
    return order


def held():
    order = unpaid()
    billing.authorize_payment(order.pk, method="card", amount=ALL, reference="", actor=SYSTEM)
    return order


def held_and_paid():
    order = unpaid()
    came(order, "2.00")
    billing.authorize_payment(order.pk, method="card", amount=D("10.00"), reference="", actor=SYSTEM)
    return order


KINDS = {
    unpaid: (ALL, ()),
    paid_in_part: (D("12.06"), (("cash", "-€10.00"),)),
    paid_in_advance: (D("0.00"), (("cash", "-€12.06"), ("bank transfer", "-€10.00"))),
    held: (D("0.00"), (("card", "-€22.06"),)),
    held_and_paid: (D("10.06"), (("cash", "-€2.00"), ("card", "-€10.00"))),
}


def issued(order, run_debts):
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference=f"SH-{order.pk}")
    run_debts()
    return Invoice.objects.get(order=order)


def is_paid(invoice):
    if invoice.open_amount:
        came(invoice.order, str(invoice.open_amount))


def is_credited_in_part(invoice):
    credited(invoice, amount=D("5.00"))


def is_credited_in_full(invoice):
    credited(invoice)


def is_credited_and_paid_back(invoice):
    note = credited(invoice)
    back = min(note.total, again(invoice.order).paid_total)
    if back:
        money = Money(back, "EUR")
        billing.request_refund(invoice.order_id, amount=money, reference="back", credit_note_id=note.pk, actor=INES)


def is_written_off(invoice):
    if invoice.open_amount:
        billing.write_off_invoice(invoice.pk, reason="insolvent", actor=INES)


def is_replaced(invoice):
    billing.rewrite_invoice(invoice.pk, reason="Wrong company", actor=INES)


LATER = (
    is_paid,
    is_credited_in_part,
    is_credited_in_full,
    is_credited_and_paid_back,
    is_written_off,
    is_replaced,
)


def credited(invoice, **what):
    note = billing.credit_invoice(invoice.pk, reference="g", reason="goodwill", actor=INES, **what)
    return billing.issue_credit_note(note.pk, actor=INES)


def euro(amount):
    return f"€{amount:.2f}"


def said(invoice):
    """Return the words of the paper and the XML inside, without the numbers that tell twins apart."""
    paper = pdf_text(billing.render_invoice_pdf(invoice.pk))
    content = billing.invoice_xml(invoice.pk)[1].decode()
    names = {invoice.number: "INV", invoice.order.number: "SO"}
    for name, short in names.items():
        paper, content = paper.replace(name, short), content.replace(name, short)
    return paper, content


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_long_after_says_what_is_drawn_at_once(kind, run_debts):
    at_once = said(issued(kind(), run_debts))

    for happens in LATER:
        twin = issued(kind(), run_debts)
        happens(twin)
        run_debts()
        assert Invoice.objects.get(pk=twin.pk).pdf is None
        assert said(twin) == at_once, happens.__name__


# On two sides of the date line it is never the same day.
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_it_does_not_matter_where_in_the_world_somebody_draws_it(zone, run_debts):
    at_once, twin = said(issued(paid_in_part(), run_debts)), issued(paid_in_part(), run_debts)

    with timezone.override(zone):
        assert said(twin) == at_once


@pytest.mark.parametrize("kind", KINDS)
def test_paper_xml_and_code_ask_for_the_same_amount(kind, run_debts, monkeypatch):
    due, money = KINDS[kind]
    drawn = []
    draw = typesetting.draw_document
    monkeypatch.setattr(documents.typesetting, "draw_document", lambda content: drawn.append(content) or draw(content))
    invoice = issued(kind(), run_debts)
    is_credited_in_part(invoice)
    paper, content = said(invoice)
    day = f"{invoice.issued_on.day} {invoice.issued_on:%B} {invoice.issued_on.year}"
    one = Reading(content.encode())

    assert breaches(content.encode()) == []
    assert re.findall(r"Paid by ([a-z ]+) on " + re.escape(day) + r" (-€[\d.]+)", paper) == list(money)
    assert one.amount(f"{SUMS}/DuePayableAmount") == due
    assert one.amount(f"{SUMS}/TotalPrepaidAmount") == ALL - due
    due_on = one.text(f"{SETTLED}/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString")
    [state] = [content["state"] for content in drawn]
    if due:
        until = f"{invoice.due_on.day} {invoice.due_on:%B} {invoice.due_on.year}"
        assert f"Please pay {euro(due)} by {until}" in paper
        assert f"Pay by {until}" in paper
        assert due_on == f"{invoice.due_on:%Y%m%d}"
        assert state["code"] == typesetting.payment_code(
            name="Kettle & Co. GmbH",
            iban="DE02120300000000202051",
            bic="BYLADEM1001",
            amount=str(due),
            text=invoice.number,
        )
    else:
        assert "Paid in full. Thank you!" in paper
        assert "Pay by" not in paper
        assert (due_on, state["code"]) == (None, "")
    assert ("Still to pay" in paper) == bool(money)
    assert f"Still to pay {euro(due)}" in paper or not money


@pytest.mark.parametrize("happens", [is_paid, is_credited_in_part, is_written_off])
def test_what_is_drawn_late_keeps_the_published_rules(happens, run_debts):
    invoice = issued(paid_in_part(), run_debts)
    happens(invoice)

    assert official.faults(billing.invoice_xml(invoice.pk)[1]) == []


def test_nobody_who_was_given_up_is_thanked_for_paying(run_debts):
    invoice = issued(unpaid(), run_debts)
    is_written_off(invoice)

    paper = pdf_text(billing.render_invoice_pdf(invoice.pk))
    assert "Paid in full" not in paper
    assert "Please pay €22.06 by" in paper


def test_money_that_came_later_is_not_on_it_though_it_is_told_of_an_earlier_day(run_debts):
    invoice = issued(unpaid(), run_debts)
    came(invoice.order, "22.06", at=invoice.issued_at - timedelta(days=3))

    paper = pdf_text(billing.render_invoice_pdf(invoice.pk))
    assert Invoice.objects.get(pk=invoice.pk).status == "paid"
    assert "Please pay €22.06 by" in paper
    assert "Paid by" not in paper


def test_it_is_known_before_the_money_is_matched(run_debts):
    order = paid_in_part()
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    assert Invoice.objects.get(pk=invoice.pk).paid_total == 0

    assert "Please pay €12.06 by" in said(invoice)[0]
    run_debts()
    assert Invoice.objects.get(pk=invoice.pk).paid_total == D("10.00")
    assert InvoicePayment.objects.get().amount == InvoicePayment.objects.get().on_paper == D("10.00")


def test_of_one_that_is_cancelled_before_its_first_print_it_says_what_was_paid(run_debts):
    order = paid_in_part()
    billing.issue_invoice(billing.invoice_order(order.pk, actor=INES).pk)
    orders.cancel_order(order.pk, reason="x", actor=INES)
    run_debts()

    invoice = Invoice.objects.get()
    paper = said(invoice)[0]
    assert (invoice.status, again(order).refunded_total) == ("cancelled", D("10.00"))
    assert "Please pay €12.06 by" in paper
    assert "Paid in full" not in paper


def test_money_serves_the_older_invoice_first(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    first = Invoice.objects.get()
    came(order, "20.00")
    ship(order, {"TEA-1": 1}, reference="SH-2")
    run_debts()
    second = Invoice.objects.exclude(pk=first.pk).get()
    left = D("20.00") - first.total

    assert f"Please pay {euro(first.total)} by" in said(first)[0]
    assert f"Please pay {euro(second.total - left)} by" in said(second)[0]


def test_of_two_that_are_issued_together_each_says_what_is_left_for_it(run_debts):
    order = place()
    came(order, "20.00")
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    ship(order, {"TEA-1": 1}, reference="SH-2")
    first, second = (billing.issue_for_shipment(order.pk, reference) for reference in ("SH-1", "SH-2"))
    first, second = (billing.issue_invoice(draft.pk) for draft in (first, second))
    left = D("20.00") - first.total

    assert "Paid in full. Thank you!" in said(first)[0]
    assert f"Please pay {euro(second.total - left)} by" in said(second)[0]
    run_debts()
    assert Invoice.objects.get(pk=second.pk).open_amount == second.total - left


def test_what_stays_with_the_order_as_credit_is_on_its_next_invoice(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    first = Invoice.objects.get()
    is_paid(first)
    billing.give_back(first.pk, amount=D("5.00"), refund=False, reference="k", reason="sorry", actor=INES)
    run_debts()
    ship(order, {"TEA-1": 1}, reference="SH-2")
    run_debts()
    second = Invoice.objects.exclude(pk=first.pk).get()
    back = Invoice.objects.get(pk=first.pk).credited_total

    assert second.open_amount == max(D(0), second.total - back)
    paper = said(second)[0]
    assert f"-{euro(min(back, second.total))}" in paper
    assert "Paid by cash on" in paper


def test_a_transfer_that_was_anothers_stays_on_the_paper_that_named_it(run_debts):
    def booked():
        order = unpaid()
        return order, came(order, "10.00", method="bank_transfer")

    order, _payment = booked()
    at_once = said(issued(order, run_debts))
    order, payment = booked()
    twin = issued(order, run_debts)
    undoing = import_module("billing.services.undoing")
    take_back = undoing.service(undoing._take_payment_back)
    take_back(again(order), payment, reason="It was Bob's", actor=INES, at=timezone.now())

    assert Invoice.objects.get(pk=twin.pk).open_amount == ALL
    assert said(twin) == at_once


def test_an_order_placed_with_its_money_says_so(run_debts):
    order = place(payments=(PaymentInput(method="card", amount=D("10.00"), reference="", status="captured"),))

    assert "Please pay €12.06 by" in said(issued(order, run_debts))[0]


@pytest.mark.parametrize(("days", "asked"), [(0, False), (-2, False), (3, True)])
def test_history_says_what_was_paid_by_the_day_of_issue(days, asked, run_debts):
    order = place(historic=True)
    at = timezone.now() - timedelta(days=30)
    [invoice] = billing.bill_and_pay_through(
        order.pk, issued_at=at, paid_at=at + timedelta(days=days), method="cash", actor=SYSTEM
    )

    assert ("Please pay €22.06 by" in said(invoice)[0]) == asked


@pytest.mark.parametrize("days", [0, 3])
def test_history_of_an_order_that_paid_some_before_says_that_too(days, run_debts):
    order = paid_in_part()
    at = timezone.now() + timedelta(seconds=1)
    [invoice] = billing.bill_and_pay_through(
        order.pk, issued_at=at, paid_at=at + timedelta(days=days), method="cash", actor=SYSTEM
    )

    paper = said(invoice)[0]
    assert Invoice.objects.get(pk=invoice.pk).status == "paid"
    assert ("Please pay €12.06 by" if days else "Paid in full. Thank you!") in paper


def test_a_replacement_says_what_was_paid_on_the_one_before(run_debts):
    old = issued(unpaid(), run_debts)
    came(old.order, "10.00")
    new = billing.rewrite_invoice(old.pk, reason="Wrong company", actor=INES)
    came(new.order, "12.06")

    assert "Please pay €22.06 by" in said(old)[0]
    assert "Please pay €12.06 by" in said(new)[0]


def test_the_upgrade_reads_it_from_the_matches_that_are_there(run_debts):
    invoice = issued(paid_in_part(), run_debts)
    came(invoice.order, "12.06")
    upgrade = import_module("billing.migrations.0030_what_papers_say")

    InvoicePayment.objects.update(on_paper=0)
    upgrade.tell(apps, None)
    assert [one.on_paper for one in InvoicePayment.objects.order_by("pk")] == [D("10.00"), D(0)]
    # What was taken back and came again is in two columns; never more than the invoice is said to be paid.
    with transaction.atomic():
        InvoicePayment.objects.update(taken_back=D("20.00"))
        upgrade.tell(apps, None)
        assert [one.on_paper for one in InvoicePayment.objects.order_by("pk")] == [ALL, D(0)]
        transaction.set_rollback(True)
