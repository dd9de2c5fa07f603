"""Staff answer a dispute: what they say arrives once, whatever gets lost, and is asked for before its day."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from billing import services as billing
from billing.errors import EvidenceNotTaken, InvalidEvidence
from billing.models import Dispute, DisputeFile, Payment
from core.models import Attachment, EventRecord
from core.uploads import NewFile
from orders.models import OrderException, OrderFile
from tests.billing.checkouts import MAYA, begin, come_back
from tests.factories.billing import place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
PDF = b"%PDF-1.7 signed by the customer \xff\xfe\r\n--"
SLIP = NewFile("Lieferschein für Ada.pdf", PDF, "application/pdf")
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def disputed(stripe, run_debts) -> Dispute:
    """A dispute over 22.06 EUR of an order that is completed and invoiced."""
    order = place(terms="prepaid")
    payment = begin(order)
    run_debts()
    stripe.pay(payment.code)
    come_back(order, run_debts)
    ship_all(order)
    run_debts()
    stripe.dispute("pi_1", reason="product_not_received")
    look(payment)
    run_debts()
    return Dispute.objects.get()


def look(payment: Payment) -> None:
    billing.look_after_payment(payment.pk)


def later(**by: int) -> None:
    billing.look_after_money(timezone.now() + timedelta(**by))


def answer(dispute: Dispute, text: str = "It arrived.") -> Dispute:
    """Give words, the invoice of the order, and a new proof of delivery."""
    invoice = billing.evidence_at_hand(dispute)[0]
    pieces = [billing.Piece("invoice", attachment=invoice.pk), billing.Piece("delivery", file=SLIP)]
    return billing.give_evidence(dispute.pk, text=text, pieces=pieces, actor=MAYA)


def heard(stripe) -> tuple[str, int, int]:
    """Return how the dispute stands at Stripe, how often evidence came in, and how many files."""
    there = stripe.disputes["dp_1"]
    return there["status"], there["evidence_details"].get("submission_count", 0), len(stripe.files)


def state() -> tuple[bool, bool, str]:
    dispute = Dispute.objects.get()
    return dispute.is_on_its_way, dispute.evidence_sent, dispute.evidence_failure


def open_exceptions() -> list[str]:
    return list(OrderException.objects.filter(category="dispute", closed_at=None).values_list("title", flat=True))


def names(subject: str = "billing.evidence") -> list[str]:
    rows = EventRecord.objects.filter(name__startswith=subject).order_by("pk")
    return list(rows.values_list("name", flat=True))


def test_what_staff_say_is_with_the_bank_and_nobody_is_asked_any_more(disputed, stripe, run_debts):
    assert len(open_exceptions()) == 1
    answer(disputed)
    assert state() == (True, False, "")
    run_debts()

    assert heard(stripe) == ("under_review", 1, 2)
    said = stripe.disputes["dp_1"]["evidence"]
    assert said["uncategorized_text"] == "It arrived."
    invoice, slip = stripe.files[said["receipt"]], stripe.files[said["shipping_documentation"]]
    assert (slip["filename"], slip["type"]) == ("Lieferschein_f_r_Ada.pdf", "application/pdf")
    assert bytes.fromhex(slip["content"]) == PDF
    assert bytes.fromhex(invoice["content"]).startswith(b"%PDF")
    assert (state(), open_exceptions()) == ((False, True, ""), [])
    assert names() == ["billing.evidence_given", "billing.evidence_taken"]
    # What is new is kept with the order; what is given stays as it was given.
    assert OrderFile.objects.get(order=disputed.order).attachment.name == SLIP.name
    assert DisputeFile.objects.filter(dispute=disputed, number=1).count() == 2

    with pytest.raises(EvidenceNotTaken):
        answer(disputed)
    later(days=1)
    run_debts()
    assert heard(stripe) == ("under_review", 1, 2)


@pytest.mark.parametrize("losing", [1, 2, 3, 4])
def test_an_answer_that_is_lost_anywhere_is_asked_for_and_evidence_is_given_once(disputed, stripe, run_debts, losing):
    """The first asks how it stands, two are files, the last gives it."""
    answer(disputed)
    run_debts_with_one_lost(stripe, run_debts, nth=losing)
    assert state() == (True, False, "")
    later(minutes=30)
    run_debts()

    assert heard(stripe) == ("under_review", 1, 2)
    assert (state(), open_exceptions()) == ((False, True, ""), [])
    assert names() == ["billing.evidence_given", "billing.evidence_taken"]


def test_what_was_heard_is_not_given_again_when_its_keys_are_forgotten(disputed, stripe, run_debts):
    """Stripe forgets keys after a day; how a dispute stands it knows for good."""
    answer(disputed)
    run_debts_with_one_lost(stripe, run_debts, nth=4)
    assert (heard(stripe), state()) == (("under_review", 1, 2), (True, False, ""))
    stripe.keys.clear()
    later(days=2)
    assert (heard(stripe), state()) == (("under_review", 1, 2), (False, True, ""))
    assert names() == ["billing.evidence_given", "billing.evidence_taken"]


def run_debts_with_one_lost(stripe, run_debts, *, nth: int) -> None:
    """Lose the nth answer, and none before."""
    count = iter(range(1, 100))
    stripe.loses = lambda: next(count) == nth
    run_debts()
    del stripe.loses


def test_in_a_storm_it_is_given_once(disputed, stripe, run_debts):
    answer(disputed)
    stripe.losing, stripe.dawdling = 0.4, 0.2
    for hours in range(1, 40):
        run_debts()
        later(hours=hours)
    stripe.losing = stripe.dawdling = 0
    stripe.arrive()
    later(days=3)
    run_debts()

    assert heard(stripe) == ("under_review", 1, 2)
    assert (state(), open_exceptions()) == ((False, True, ""), [])
    assert names() == ["billing.evidence_given", "billing.evidence_taken"]


def test_what_the_provider_does_not_take_is_said_and_answered_once_more(disputed, stripe, run_debts, monkeypatch):
    answer(disputed)
    monkeypatch.setattr("billing.proofs.stripe_bank.LARGEST", 10)
    run_debts()
    assert state() == (False, False, "The file is of a type or size that is not supported")
    assert heard(stripe) == ("needs_response", 0, 0)
    assert len(open_exceptions()) == 1
    monkeypatch.undo()

    billing.give_evidence(disputed.pk, text="It arrived, see the tracking.", pieces=[], actor=MAYA)
    run_debts()
    assert (heard(stripe), state()) == (("under_review", 1, 0), (False, True, ""))
    assert names() == [
        "billing.evidence_given",
        "billing.evidence_refused",
        "billing.evidence_given",
        "billing.evidence_taken",
    ]


def test_a_second_click_gives_nothing_and_what_is_over_takes_none(disputed, stripe, run_debts):
    answer(disputed)
    with pytest.raises(EvidenceNotTaken):
        answer(disputed)
    assert DisputeFile.objects.count() == 2
    # Decided before it was given.
    stripe.decide("dp_1", "lost")
    run_debts()
    assert heard(stripe) == ("lost", 0, 0)
    assert not Dispute.objects.get().is_on_its_way
    with pytest.raises(EvidenceNotTaken):
        answer(disputed)


@pytest.mark.parametrize(
    ("text", "file", "field"),
    [
        (" ", SLIP, "/text"),
        ("x" * 5001, SLIP, "/text"),
        ("Fine", NewFile("a.zip", b"PK\x03\x04", "application/zip"), "/delivery_file"),
        ("Fine", NewFile("a.png", PNG + b"x" * 4_500_000, "image/png"), "/delivery_file"),
    ],
)
def test_what_no_bank_reads_is_refused_and_leaves_nothing(disputed, text, file, field):
    before = Attachment.objects.count()
    with pytest.raises(InvalidEvidence) as refused:
        billing.give_evidence(disputed.pk, text=text, pieces=[billing.Piece("delivery", file=file)], actor=MAYA)
    assert [one["pointer"] for one in refused.value.errors] == [field]
    assert (Attachment.objects.count(), state()) == (before, (False, False, ""))


def test_documents_of_another_order_are_none(disputed, run_debts):
    other = place(email="b@example.com", customer_name="Grace Hopper")
    ship_all(other)
    run_debts()
    theirs = other.invoices.get().pdf_id
    pieces = [billing.Piece("invoice", attachment=theirs)]
    with pytest.raises(InvalidEvidence) as refused:
        billing.give_evidence(disputed.pk, text="Fine", pieces=pieces, actor=MAYA)
    assert [one["pointer"] for one in refused.value.errors] == ["/invoice"]


def test_two_days_before_its_day_somebody_is_reminded_once(disputed, stripe, run_debts):
    day = disputed.evidence_due_at
    assert billing.watch_disputes(day - timedelta(days=2, minutes=1)) == 0
    assert billing.watch_disputes(day - timedelta(days=2)) == 1
    assert billing.watch_disputes(day - timedelta(days=1)) == 0
    said = OrderException.objects.get(dedupe_key=f"dispute:{disputed.code}:due")
    local = timezone.localdate(day).isoformat()
    order = disputed.order
    assert said.title == f"Until {local} the bank takes evidence for 22.06 EUR of {order.number}: answer it"
    assert (said.queue, said.severity, said.due_at) == ("finance", "critical", day - timedelta(hours=4))

    answer(disputed)
    run_debts()
    assert open_exceptions() == []


def test_nobody_is_reminded_of_what_is_answered_or_over(disputed, stripe, run_debts):
    answer(disputed)
    assert billing.watch_disputes(disputed.evidence_due_at - timedelta(days=1)) == 0
    run_debts()
    assert billing.watch_disputes(disputed.evidence_due_at - timedelta(days=1)) == 0
    assert billing.watch_disputes(disputed.evidence_due_at + timedelta(days=1)) == 0


# The page ----------------------------------------------------------------------------------------


def test_its_page_asks_for_words_and_documents_and_shows_what_became_of_it(disputed, stripe, run_debts, staff):
    page = f"/admin/billing/dispute/{disputed.pk}"
    form = staff.get(f"{page}/do/answer/").content.decode()
    [invoice] = billing.evidence_at_hand(disputed)
    assert f'<option value="{invoice.pk}" selected>{invoice.name}</option>' in form
    assert f"Order {disputed.order.number} of " in form
    assert "What you send is final" in form

    slip = SimpleUploadedFile("slip.pdf", PDF, "application/pdf")
    sent = {"text": "It arrived.", "invoice": str(invoice.pk), "delivery_file": slip}
    shown = staff.post(f"{page}/do/answer/", sent, follow=True).content.decode()
    assert "Your answer is on its way to the provider." in shown
    assert "What you said to the bank" in shown
    assert "slip.pdf" in shown
    assert f"{page}/do/answer/" not in shown
    run_debts()
    assert heard(stripe) == ("under_review", 1, 2)
    assert "The bank has your evidence and decides" in staff.get(f"{page}/change/", follow=True).content.decode()


@pytest.mark.parametrize(
    ("field", "file", "said"),
    [
        ("letters_file", SimpleUploadedFile("a.pdf", b"no pdf"), "“a.pdf” is not what its name says."),
        ("letters_file", SimpleUploadedFile("a.gif", b"GIF89a"), "Banks read PDF, PNG and JPEG."),
        ("delivery_file", SimpleUploadedFile("a.exe", b"MZ"), "“a.exe” is of a type that is not taken."),
        ("other_file", SimpleUploadedFile("a.png", PNG + b"x" * 4_500_000), "may have at most 4.3"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(disputed, staff, field, file, said):
    file.seek(0)
    answer = staff.post(f"/admin/billing/dispute/{disputed.pk}/do/answer/", {"text": "Fine", field: file})
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert said in str(form.errors[field][0]).replace("\xa0", " ")
    assert state() == (False, False, "")
