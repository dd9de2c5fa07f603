"""A credit note says what was decided about the money when it was issued: on paper, in its XML, and for good."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from billing import chain
from billing import services as billing
from billing.models import CreditNote, Invoice, Refund
from billing.proofs import official
from billing.services import wording
from core.actors import SYSTEM, Actor
from core.money import Money
from orders import services as orders
from orders.wishes import LineWish, Wish
from pricing import reference
from pricing.models import Channel
from tests.billing.en16931 import SETTLED, Reading, breaches
from tests.factories.billing import again, line_of, pdf_text, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
INES = Actor("user", "ines")
Overpaid = CreditNote.Overpaid
REDUCES = "It reduces what is still to be paid on the invoice"
WORDS = {
    Overpaid.NOTHING: f"{REDUCES}.",
    Overpaid.GOES_BACK: f"{REDUCES}; what is paid too much goes back to you.",
    Overpaid.STORE_CREDIT: f"{REDUCES}; what is paid too much becomes your store credit.",
    Overpaid.STAYS: f"{REDUCES}; what is paid too much stays with the order as credit.",
}
OLDER = f"{REDUCES}; what you paid already goes back to you."


def billed(run_debts, *, paid="22.06", **given):
    """Return an invoice of 22.06 in advance, of which so much is paid."""
    order = place(historic=True, **given)
    invoice = billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    if D(paid):
        billing.record_payment(order.pk, method="cash", amount=D(paid), actor=SYSTEM)
    run_debts()
    return Invoice.objects.select_related("order").get(pk=invoice.pk)


def given_back(invoice, run_debts, *, refund, amount="5.00"):
    note = billing.give_back(invoice.pk, amount=D(amount), refund=refund, reference="k", reason="sorry", actor=INES)
    run_debts()
    return CreditNote.objects.get(pk=note.pk)


def said(note):
    """Return what paper and XML say of the money; they agree, and keep the rules."""
    paper = pdf_text(billing.render_credit_note_pdf(note.pk))
    content = billing.credit_note_xml(note.pk)[1]
    told = Reading(content).text(f"{SETTLED}/SpecifiedTradePaymentTerms/Description")
    assert breaches(content) == []
    assert told in paper
    assert [words for words in {*WORDS.values(), OLDER} if words in paper] == [told]
    return told


def stands(note):
    """Return what was decided, and what is said of it."""
    note.refresh_from_db(fields=["overpaid"])
    return Overpaid(note.overpaid), said(note)


@pytest.mark.parametrize(("refund", "becomes", "refunds"), [(False, Overpaid.STAYS, 0), (True, Overpaid.GOES_BACK, 1)])
def test_what_was_chosen_is_said(refund, becomes, refunds, run_debts):
    note = given_back(billed(run_debts), run_debts, refund=refund)

    assert stands(note) == (becomes, WORDS[becomes])
    assert Refund.objects.count() == refunds
    assert official.faults(billing.credit_note_xml(note.pk)[1]) == []


@pytest.mark.parametrize("refund", [False, True])
def test_where_nothing_is_paid_it_only_reduces_what_is_owed(refund, run_debts):
    note = given_back(billed(run_debts, paid="0"), run_debts, refund=refund)

    assert stands(note) == (Overpaid.NOTHING, WORDS[Overpaid.NOTHING])


@pytest.mark.parametrize(("amount", "becomes"), [("10.00", Overpaid.NOTHING), ("15.00", Overpaid.GOES_BACK)])
def test_of_a_part_payment_what_is_beyond_it_counts(amount, becomes, run_debts):
    note = given_back(billed(run_debts, paid="10.00"), run_debts, refund=True, amount=amount)

    assert stands(note) == (becomes, WORDS[becomes])


def test_a_credit_without_a_refund_promises_none(run_debts):
    note = billing.credit_invoice(billed(run_debts).pk, reference="API-1", actor=INES)
    run_debts()

    assert stands(note) == (Overpaid.STAYS, WORDS[Overpaid.STAYS])
    assert not Refund.objects.exists()


@pytest.mark.parametrize(("to_credit", "becomes"), [(False, Overpaid.GOES_BACK), (True, Overpaid.STORE_CREDIT)])
def test_what_is_promised_for_the_same_cause_counts(to_credit, becomes, run_debts):
    order = billed(run_debts).order
    [note] = billing.credit_return(
        order.pk, quantities={line_of(order, "MUG-RED").pk: 1}, reference="RMA-7", actor=INES
    )
    billing.request_refund(
        order.pk, amount=Money(note.total, "EUR"), reference="RMA-7", to_credit=to_credit, actor=INES
    )
    run_debts()

    assert stands(note) == (becomes, WORDS[becomes])


def test_what_is_sent_back_later_does_not_change_it(run_debts):
    Channel.objects.update(quiet=True)
    reference.forget()
    note = given_back(billed(run_debts), run_debts, refund=False)
    billing.request_refund(
        note.order_id,
        amount=Money(note.total, "EUR"),
        reference="later",
        credit_note_id=note.pk,
        actor=INES,
    )
    run_debts()
    note = CreditNote.objects.get(pk=note.pk)

    assert (note.status, note.pdf) == ("refunded", None)
    assert stands(note) == (Overpaid.STAYS, WORDS[Overpaid.STAYS])


def test_of_an_order_that_is_cancelled_all_goes_back(run_debts):
    invoice = billed(run_debts)
    orders.cancel_order(invoice.order_id, reason="x", actor=INES)
    run_debts()

    assert again(invoice.order).refunded_total == D("22.06")
    assert stands(CreditNote.objects.get()) == (Overpaid.GOES_BACK, WORDS[Overpaid.GOES_BACK])


def test_of_an_edit_what_is_paid_too_much_goes_back(run_debts):
    order = billed(run_debts).order
    wish = Wish(lines=(LineWish(position=1, quantity=1),))
    orders.amend_order(order.pk, wish, expected_version=again(order).version, reason="One is enough", actor=SYSTEM)
    run_debts()

    note = CreditNote.objects.get()
    assert again(order).refunded_total == note.total
    assert stands(note) == (Overpaid.GOES_BACK, WORDS[Overpaid.GOES_BACK])


def test_it_is_said_in_the_language_of_the_paper(run_debts):
    note = given_back(billed(run_debts, language="de"), run_debts, refund=False)
    told = "Sie mindert den noch offenen Rechnungsbetrag; was zu viel bezahlt ist, bleibt als Guthaben beim Auftrag."

    assert told in pdf_text(billing.render_credit_note_pdf(note.pk))
    assert told in billing.credit_note_xml(note.pk)[1].decode()


def test_it_is_part_of_what_never_changes(run_debts):
    note = given_back(billed(run_debts), run_debts, refund=False)
    head = {name: getattr(note, name) for name in chain.HEAD[chain.CREDIT_NOTE]}

    assert chain.digest_of(chain.CREDIT_NOTE, "CN", head, []) != chain.digest_of(
        chain.CREDIT_NOTE, "CN", {**head, "overpaid": "goes_back"}, []
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        CreditNote.objects.filter(pk=note.pk).update(overpaid="goes_back")
    assert CreditNote.objects.get(pk=note.pk).overpaid == "stays"


def test_one_that_is_older_is_hashed_and_speaks_as_it_did(run_debts):
    note = given_back(billed(run_debts), run_debts, refund=True)
    head = {name: getattr(note, name) for name in chain.HEAD[chain.CREDIT_NOTE]}
    older = {**head, "overpaid": ""}

    assert '"overpaid"' not in chain.text_of(chain.CREDIT_NOTE, "CN", older, [])
    assert wording.what_credit_does(CreditNote(overpaid="")) == OLDER
