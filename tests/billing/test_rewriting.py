"""An invoice that names the wrong party is taken back and written again, and nothing else moves."""

import pytest
from django.utils import timezone

from billing import services as billing
from billing.errors import AlreadyReplaced, NotIssued, NotRewritable, ReasonMissing
from billing.models import CreditNote, Invoice, Payment, Refund
from core.actors import SYSTEM
from core.models import EventRecord, OutgoingMail
from orders import services as orders
from orders.inputs import LineInput
from orders.models import Movement
from tests.billing.en16931 import BUYER, SETTLED, SUMS, Reading, breaches
from tests.billing.rewritings import INES, WORKS, D, books, figures, pay, rewrite, said, stands
from tests.factories.billing import again, line_of, pdf_text, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


@pytest.fixture
def invoiced(run_debts):
    order = place()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()
    return order


def test_it_is_taken_back_and_written_again_for_the_right_party(invoiced, run_debts):
    pay(invoiced, "10.00")
    run_debts()
    old, before, there = Invoice.objects.get(), figures(invoiced), books()
    mails = OutgoingMail.objects.count()

    new = rewrite(old, billing_address=WORKS, purchase_order_number="PO-8")
    run_debts()

    note, new = CreditNote.objects.get(), Invoice.objects.get(pk=new.pk)
    assert (new.number, new.replaces, new.issued_on) == ("INV-000002", old, timezone.localdate())
    assert new.buyer == {**old.buyer, "address": WORKS.as_dict(), "purchase_order_number": "PO-8"}
    assert said(new) == said(old) == said(note)
    assert (new.ship_to, new.supplied_on, new.source_reference) == (old.ship_to, old.supplied_on, "SH-1")
    assert (note.number, note.status, note.invoice, note.reason) == ("CN-000001", "applied", old, "Wrong company")
    assert note.buyer == old.buyer
    assert stands(old) == ("cancelled", D(0), D("22.06"), 0)
    assert stands(new) == ("partially_paid", D("10.00"), D(0), D("12.06"))
    assert Invoice.objects.get(pk=old.pk).successor == new

    # The order, the books and the customer's account are as they were.
    assert figures(invoiced) == before
    assert books() == there
    assert not Refund.objects.exists()
    assert Payment.objects.get().kept == D("10.00")
    # And one mail says all of it.
    [mail] = OutgoingMail.objects.order_by("pk")[mails:]
    assert (mail.kind, mail.to) == ("invoice", "ada@example.com")
    assert sorted(file.name for file in mail.attachments.all()) == ["CN-000001.pdf", "INV-000002.pdf"]
    assert "It replaces the invoice INV-000001, which the credit note CN-000001 takes back in full" in mail.text
    assert "Please pay €12.06 by" in mail.text


def test_the_order_says_who_is_billed_from_then_on(invoiced, run_debts):
    version = again(invoiced).version
    rewrite(Invoice.objects.get(), customer_name="Ada King", billing_address=WORKS, language="de")
    order = again(invoiced)

    assert (order.customer_name, order.bill_to, order.language) == ("Ada King", WORKS, "de")
    assert (order.surname_key, order.ship_to.city, order.version) == ("king ada", "Berlin", version + 1)
    told = EventRecord.objects.get(name="orders.party_corrected")
    assert (told.actor, told.note, told.payload["before"]["language"]) == ("staff:ines", "Wrong company", "en")
    assert sorted(told.payload["after"]) == ["billing_address", "customer_name", "language"]
    run_debts()
    new = Invoice.objects.get(replaces__isnull=False)
    assert new.language == "de"
    assert new.notes.startswith("Diese Rechnung ersetzt die Rechnung INV-000001 vom ")
    # The credit note speaks as the invoice does that it takes back.
    assert CreditNote.objects.get().language == "en"


def test_what_it_replaces_stands_on_paper_and_in_the_xml(invoiced, run_debts):
    rewrite(Invoice.objects.get(), billing_address=WORKS)
    run_debts()
    new, note = Invoice.objects.get(replaces__isnull=False), CreditNote.objects.get()

    text = pdf_text(new.pdf)
    assert "This invoice replaces invoice INV-000001 of" in text
    assert "Engine Works Ltd Ada Byron 2 Mill Lane" in text
    content = billing.invoice_xml(new.pk)[1]
    one = Reading(content)
    assert breaches(content) == []
    assert one.text("ExchangedDocument/TypeCode") == "380"
    assert one.text(f"{BUYER}/Name") == "Engine Works Ltd"
    assert one.text(f"{SETTLED}/InvoiceReferencedDocument/IssuerAssignedID") == "INV-000001"
    assert one.text("ExchangedDocument/IncludedNote/Content").startswith("This invoice replaces invoice INV-000001")
    assert one.text(f"{SUMS}/DuePayableAmount") == "22.06"

    text = pdf_text(note.pdf)
    for words in ("Reason: Wrong company", "It is written again as invoice INV-000002.", "counts for the new one"):
        assert words in text
    assert "goes back to you" not in text
    assert breaches(billing.credit_note_xml(note.pk)[1]) == []


def test_programs_and_the_history_hear_of_it(invoiced):
    old = Invoice.objects.get()
    rewrite(old)

    fact = EventRecord.objects.get(name="billing.invoice_replaced")
    assert (fact.public, fact.thread, fact.actor) == (True, invoiced.history_thread(), "staff:ines")
    assert {name: fact.payload[name] for name in ("invoice", "replaced_by", "credit_note")} == {
        "invoice": "INV-000001",
        "replaced_by": "INV-000002",
        "credit_note": "CN-000001",
    }
    assert not EventRecord.objects.filter(name="orders.party_corrected").exists()


def test_of_one_that_is_credited_in_part_only_what_is_left_is_written_again(invoiced, run_debts):
    mug = line_of(invoiced, "MUG-RED")
    billing.credit_return(invoiced.pk, quantities={mug.pk: 1}, reference="G-1", actor=SYSTEM)
    old = Invoice.objects.get()
    before = again(invoiced).total, again(invoiced).invoiced_total
    # The first credit has no number yet; it gets it before anything is written again.
    new = rewrite(old)
    run_debts()

    first, second = CreditNote.objects.order_by("pk")
    assert (first.number, first.total, second.total) == ("CN-000001", D("5.95"), D("16.11"))
    assert (new.total, said(new)) == (D("16.11"), said(second))
    assert (again(invoiced).total, again(invoiced).invoiced_total) == before
    assert (again(invoiced).credited_total, again(invoiced).balance_due) == (D("5.95"), D("16.11"))
    assert (line_of(invoiced, "MUG-RED").invoiced, line_of(invoiced, "MUG-RED").credited) == (2, 1)
    # What comes back later is credited on the new one.
    [third] = billing.credit_return(invoiced.pk, quantities={mug.pk: 1}, reference="G-2", actor=SYSTEM)
    assert third.invoice == new
    run_debts()
    assert line_of(invoiced, "MUG-RED").credited == 2


def test_an_amount_that_was_credited_stays_credited(invoiced, run_debts):
    old = Invoice.objects.get()
    billing.credit_invoice(old.pk, amount=D("3.00"), reference="G-1", reason="Late", actor=SYSTEM)
    run_debts()
    new = rewrite(old)

    left = D("22.06") - CreditNote.objects.order_by("pk")[0].total
    assert (new.total, new.open_amount, again(invoiced).balance_due) == (left, left, left)
    assert breaches(billing.invoice_xml(new.pk)[1]) == []


def test_one_that_was_replaced_is_not_replaced_again_and_its_successor_is(invoiced, run_debts):
    old, before = Invoice.objects.get(), figures(invoiced)
    new = rewrite(old, billing_address=WORKS)
    with pytest.raises(AlreadyReplaced, match="INV-000001 was written again as INV-000002") as refusal:
        rewrite(old)
    assert refusal.value.details["replaced_by"] == "INV-000002"

    newest = rewrite(new, customer_name="Ada King")
    run_debts()
    assert (newest.replaces, newest.number) == (new, "INV-000003")
    assert [note.invoice for note in CreditNote.objects.order_by("pk")] == [old, new]
    assert figures(invoiced) == before
    assert [stands(one)[0] for one in (old, new, newest)] == ["cancelled", "cancelled", "issued"]


def test_one_that_was_credited_first_is_written_again_for_the_same_units(invoiced, run_debts):
    pay(invoiced, "22.06")
    old, before, there = Invoice.objects.get(), figures(invoiced), books()
    billing.credit_invoice(old.pk, reference="CR-1", reason="Wrong address", actor=INES)
    run_debts()
    assert (again(invoiced).balance_due, line_of(invoiced, "MUG-RED").credited) == (D("-22.06"), 2)
    note = CreditNote.objects.get()

    new = rewrite(old, billing_address=WORKS)
    run_debts()
    assert (new.replaces, said(new)) == (old, said(note))
    assert list(CreditNote.objects.all()) == [note]
    assert stands(new) == ("paid", D("22.06"), D(0), 0)
    assert figures(invoiced) == before
    assert books() == there
    moved = Movement.objects.filter(kind="credited", line__sku="MUG-RED").order_by("pk")
    assert list(moved.values_list("quantity", "reference")) == [(2, "CR-1"), (-2, "SH-1")]
    with pytest.raises(AlreadyReplaced):
        rewrite(old)


def test_units_that_came_back_or_were_cancelled_are_not_billed_again(run_debts):
    order = place()
    ship_all(order)
    run_debts()
    mug, old = line_of(order, "MUG-RED"), Invoice.objects.get()
    back = {mug.pk: 1}
    orders.record_return_request(order.pk, authorized=back, actor=SYSTEM)
    orders.record_return_request(order.pk, returned=back, actor=SYSTEM)
    billing.credit_invoice(old.pk, reference="RMA-1", actor=SYSTEM)
    run_debts()

    with pytest.raises(NotRewritable, match=r"Of what CN-000001 takes back, some of Red mug was returned"):
        rewrite(old, customer_name="Ada King")
    assert again(order).customer_name == "Ada Byron"
    assert not billing.is_rewritable(Invoice.objects.get())

    other = place()
    draft = billing.invoice_order(other.pk, actor=SYSTEM)
    with pytest.raises(NotIssued):
        rewrite(draft)
    billing.issue_invoice(draft.pk)
    orders.cancel_order(other.pk, reason="no", actor=SYSTEM)
    with pytest.raises(NotRewritable, match="is over"):
        rewrite(draft)
    assert Invoice.objects.count() == 2


def test_it_takes_a_reason(invoiced):
    with pytest.raises(ReasonMissing) as refusal:
        rewrite(Invoice.objects.get(), reason="  ")
    assert refusal.value.errors[0]["pointer"] == "/reason"
    assert Invoice.objects.get().status == "issued"


def test_the_rest_of_the_order_is_billed_as_if_nothing_had_been_written_again(run_debts):
    discount = LineInput(sku="MUG-RED", quantity=3, discount=D("1.00"))
    order = place(lines=(discount, LineInput(sku="TEA-1", quantity=2)))
    ship(order, {"MUG-RED": 1, "TEA-1": 2}, reference="SH-1")
    run_debts()
    rewrite(Invoice.objects.get(), billing_address=WORKS)
    ship(order, {"MUG-RED": 2}, reference="SH-2")
    run_debts()

    last = Invoice.objects.order_by("pk").last()
    assert (last.source_reference, last.lines.get().quantity) == ("SH-2", 2)
    assert last.buyer["address"] == WORKS.as_dict()
    order = again(order)
    assert (order.invoiced_total, order.credited_total, order.invoice_status) == (order.total, D(0), "invoiced")
    living = Invoice.objects.filter(order=order).exclude(status="cancelled")
    assert sum(one.total for one in living) == order.total
