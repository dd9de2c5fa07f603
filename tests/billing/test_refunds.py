"""Money goes back once per cause, never more than came in, and is told once."""

from decimal import Decimal

import pytest

from billing import gateways
from billing import services as billing
from billing.errors import AmountInvalid, CurrencyDiffers, ReferenceTaken, RefundExceedsCaptured
from billing.gateways import Answer, Outcome
from billing.gateways.manual import ManualGateway
from billing.models import CreditNote, Invoice, Payment, Refund
from core.actors import SYSTEM
from core.errors import TransitionRefused
from core.models import EventRecord, OutgoingMail
from core.money import Money
from orders import services as orders
from orders.models import OrderException
from tests.factories.billing import again, line_of, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]


def eur(text):
    return Money(Decimal(text), "EUR")


def paid_order(*amounts, **given):
    order = place(**given)
    for amount in amounts:
        billing.record_payment(order.pk, method="card", amount=Decimal(amount), reference="", actor=SYSTEM)
    return order


def refund(order, amount, reference="RMA-000001", **given):
    return billing.request_refund(
        order.pk, amount=eur(amount), reference=reference, reason="broken", actor=SYSTEM, **given
    )


class Provider(ManualGateway):
    """A provider outside that refuses as often as it is told to, and remembers what it was asked."""

    code = "provider"

    def __init__(self, refuse=0):
        self.refuse = refuse
        self.asked = []

    def refund(self, *, reference, amount, key):
        self.asked.append((reference, str(amount), key))
        if len(self.asked) <= self.refuse:
            return Answer(outcome=Outcome.REFUSED, reason="account closed")
        return super().refund(reference=reference, amount=amount, key=key)


@pytest.fixture
def provider():
    yield gateways.connect(Provider())
    gateways._GATEWAYS.pop("provider")


def test_a_refund_is_promised_sent_and_told_once(run_debts):
    order = paid_order("22.06")
    [promised] = refund(order, "5.00")
    assert (promised.status, again(order).refunded_total) == ("approved", 0)

    run_debts()
    settled = Refund.objects.get()
    assert (settled.status, settled.amount) == ("succeeded", Decimal("5.00"))
    assert Payment.objects.get().refunded == Decimal("5.00")
    assert (again(order).refunded_total, again(order).payment_status) == (Decimal("5.00"), "partially_refunded")
    told = EventRecord.objects.get(name="billing.refund_settled")
    assert told.payload == {
        "order_id": order.pk,
        "quiet": False,
        "refund_id": settled.pk,
        "reference": "RMA-000001",
        "amount": "5.00",
        "currency": "EUR",
    }
    mail = OutgoingMail.objects.get(kind="refunded")
    assert mail.subject == f"Your refund of €5.00 for order {order.number}"


def test_the_same_cause_asked_twice_sends_money_once(run_debts):
    order = paid_order("22.06")
    first = refund(order, "5.00")
    assert refund(order, "5.00") == first
    run_debts()
    assert refund(order, "5.00") == first
    billing.settle_refund(first[0].pk)
    run_debts()

    assert Payment.objects.get().refunded == Decimal("5.00")
    assert EventRecord.objects.filter(name="billing.refund_settled").count() == 1


def test_a_reference_that_sent_money_back_stands_for_that_refund_alone(run_debts):
    order = paid_order("10.00", "12.06")
    first, second = Payment.objects.order_by("pk")
    promised = refund(order, "15.00")
    run_debts()
    assert refund(order, "15.00") == promised

    for other in (eur("14.99"), eur("16.00"), Money(Decimal("15.00"), "GBP")):
        with pytest.raises(ReferenceTaken) as refusal:
            billing.request_refund(order.pk, amount=other, reference="RMA-000001", actor=SYSTEM)
    assert refusal.value.message == (
        "RMA-000001 stands for a refund of 15.00 EUR already; another one needs a reference of its own"
    )
    assert refusal.value.details == {
        "reference": "RMA-000001",
        "refund": promised[0].code,
        "amount": "15.00",
        "currency": "EUR",
    }
    for payment, amount in ((first, "10.00"), (second, "5.00"), (second, "15.00")):
        with pytest.raises(ReferenceTaken):
            billing.refund_payment(payment.pk, amount=eur(amount), reference="RMA-000001", actor=SYSTEM)
    assert [one.amount for one in Refund.objects.order_by("pk")] == [Decimal(10), Decimal(5)]


def test_a_reference_of_one_payment_is_not_another_payments(run_debts):
    paid_order("10.00", "12.06")
    first, second = Payment.objects.order_by("pk")
    promised = billing.refund_payment(first.pk, amount=eur("4.00"), reference="CASE-7", actor=SYSTEM)

    assert billing.refund_payment(first.pk, amount=eur("4.00"), reference="CASE-7", actor=SYSTEM) == promised
    with pytest.raises(ReferenceTaken):
        billing.refund_payment(second.pk, amount=eur("4.00"), reference="CASE-7", actor=SYSTEM)
    with pytest.raises(ReferenceTaken):
        billing.refund_payment(first.pk, reference="CASE-7", actor=SYSTEM)
    assert Refund.objects.get().payment == first


def test_all_that_is_left_of_a_payment_goes_back_once_per_reference(run_debts):
    paid_order("22.06")
    payment = Payment.objects.get()
    billing.refund_payment(payment.pk, amount=eur("2.06"), reference="CASE-1", actor=SYSTEM)
    promised = billing.refund_payment(payment.pk, reference="CASE-7", actor=SYSTEM)
    run_debts()

    assert billing.refund_payment(payment.pk, reference="CASE-7", actor=SYSTEM) == promised
    assert sum(one.amount for one in Refund.objects.all()) == Decimal("22.06")


def test_a_refund_of_nothing_is_not_a_refund_of_everything():
    paid_order("22.06")

    with pytest.raises(AmountInvalid):
        billing.refund_payment(Payment.objects.get().pk, amount=eur("0.00"), actor=SYSTEM)
    assert not Refund.objects.exists()


def test_a_refund_goes_back_the_ways_the_money_came_oldest_first(run_debts):
    order = paid_order("10.00", "12.06")
    refunds = refund(order, "15.00")
    assert [one.amount for one in refunds] == [Decimal(10), Decimal(5)]
    run_debts()

    assert list(Payment.objects.order_by("pk").values_list("refunded", flat=True)) == [Decimal(10), Decimal(5)]
    assert EventRecord.objects.get(name="billing.refund_settled").payload["amount"] == "15.00"
    assert OutgoingMail.objects.filter(kind="refunded").count() == 1


def test_no_more_goes_back_than_came_in():
    order = paid_order("22.06")
    refund(order, "20.00")

    with pytest.raises(RefundExceedsCaptured) as refusal:
        refund(order, "2.07", reference="RMA-000002")
    assert refusal.value.details == {"refundable": "2.06", "currency": "EUR"}
    refund(order, "2.06", reference="RMA-000002")
    assert Refund.objects.count() == 2


def test_money_of_another_currency_does_not_go_back():
    order = paid_order("22.06")

    with pytest.raises(CurrencyDiffers):
        billing.request_refund(order.pk, amount=Money(Decimal(1), "GBP"), reference="x", actor=SYSTEM)


def test_one_payment_is_sent_back_whole_unless_told_otherwise(run_debts):
    order = paid_order("10.00", "12.06")
    second = Payment.objects.order_by("pk").last()
    billing.refund_payment(second.pk, amount=eur("2.00"), reason="late", actor=SYSTEM)
    billing.refund_payment(second.pk, reason="late again", actor=SYSTEM)
    run_debts()

    assert list(Payment.objects.order_by("pk").values_list("refunded", flat=True)) == [0, Decimal("12.06")]
    with pytest.raises(RefundExceedsCaptured):
        billing.refund_payment(second.pk, amount=eur("0.01"), actor=SYSTEM)
    assert again(order).refunded_total == Decimal("12.06")


def test_the_provider_hears_our_reference_as_its_key(run_debts, provider):
    order = place()
    billing.record_payment(
        order.pk, method="card", amount=Decimal("22.06"), reference="ch_1", gateway="provider", actor=SYSTEM
    )
    [promised] = refund(order, "5.00")
    run_debts()

    assert provider.asked == [("ch_1", "5.00 EUR", f"RMA-000001-{promised.code}")]


def test_a_provider_that_refuses_leaves_work_for_a_person_and_can_be_asked_again(run_debts, provider):
    provider.refuse = 1
    order = place()
    billing.record_payment(
        order.pk, method="card", amount=Decimal("22.06"), reference="ch_1", gateway="provider", actor=SYSTEM
    )
    [promised] = refund(order, "22.06")
    run_debts()

    failed = Refund.objects.get()
    assert (failed.status, failed.failure, again(order).refunded_total) == ("failed", "account closed", 0)
    assert OrderException.objects.get(category="refund_failed").order == order

    billing.retry_refund(promised.pk, actor=SYSTEM)
    run_debts()
    assert (Refund.objects.get().status, again(order).refunded_total) == ("succeeded", Decimal("22.06"))
    # Under the old key a provider would say no again.
    key = f"RMA-000001-{promised.code}"
    assert [asked for *_, asked in provider.asked] == [key, f"{key}-1"]
    with pytest.raises(TransitionRefused):
        billing.retry_refund(promised.pk, actor=SYSTEM)


def test_late_money_that_the_provider_refuses_to_send_back_waits_for_a_person(run_debts, provider):
    provider.refuse = 1
    order = place(terms="prepaid")
    orders.cancel_order(order.pk, reason="no", actor=SYSTEM)
    run_debts()
    late = billing.record_payment(
        order.pk, method="card", amount=Decimal("22.06"), reference="ch_1", gateway="provider", actor=SYSTEM
    )
    run_debts()
    billing.return_late_money(late.pk)
    run_debts()

    refund = Refund.objects.get()
    assert (refund.status, refund.reference) == ("failed", f"late-{late.code}")
    assert sorted(OrderException.objects.values_list("category", "status")) == [
        ("payment", "open"),
        ("refund_failed", "open"),
    ]
    assert len(provider.asked) == 1


def test_money_that_went_elsewhere_meanwhile_does_not_go_back_twice(run_debts, provider):
    provider.refuse = 1
    order = place()
    billing.record_payment(
        order.pk, method="card", amount=Decimal("22.06"), reference="ch_1", gateway="provider", actor=SYSTEM
    )
    [failed] = refund(order, "22.06")
    run_debts()
    refund(order, "22.06", reference="RMA-000002")

    with pytest.raises(RefundExceedsCaptured):
        billing.retry_refund(failed.pk, actor=SYSTEM)


def test_a_refund_settles_the_credit_note_it_belongs_to(run_debts):
    order = paid_order("22.06")
    ship_all(order)
    run_debts()
    [note] = billing.credit_return(
        order.pk, quantities={line_of(order, "MUG-RED").pk: 1}, reference="RMA-000009", actor=SYSTEM
    )
    refund(order, str(note.total), reference="RMA-000009", credit_note_id=note.pk)
    run_debts()

    with pytest.raises(ReferenceTaken):
        refund(order, str(note.total), reference="RMA-000009")
    note = CreditNote.objects.get()
    assert (note.number, note.status, note.total) == ("CN-000001", "refunded", Decimal("5.95"))
    assert Invoice.objects.get().credited_total == Decimal("5.95")
    order = again(order)
    assert (order.credited_total, order.refunded_total, order.balance_due) == (Decimal("5.95"), Decimal("5.95"), 0)
    mail = OutgoingMail.objects.get(kind="refunded")
    assert [file.name for file in mail.attachments.all()] == ["CN-000001.pdf"]
