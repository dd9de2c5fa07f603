"""Money that is held, comes in, settles invoices, and is let go."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing import services as billing
from billing.errors import (
    AmountInvalid,
    CaptureExceedsAuthorization,
    OrderTakesNoMoney,
    ReferenceTaken,
    UnknownGateway,
)
from billing.models import Invoice, InvoicePayment, Payment, Refund
from core.actors import SYSTEM, Actor
from core.errors import TransitionRefused
from core.models import EventRecord, OutgoingMail
from orders import services as orders
from orders.inputs import PaymentInput
from orders.models import OrderException
from tests.factories.billing import again, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
MAYA = Actor("staff", "maya")


def pay(order, amount, **given):
    given = {"method": "bank_transfer", "reference": "", "actor": MAYA, **given}
    return billing.record_payment(order.pk, amount=Decimal(amount), **given)


def hold(order, amount, **given):
    given = {"method": "card", "reference": "ch_1", "actor": MAYA, **given}
    return billing.authorize_payment(order.pk, amount=Decimal(amount), **given)


def money(order):
    order = again(order)
    return (order.payment_status, str(order.authorized_total), str(order.paid_total), str(order.balance_due))


def states():
    return [(invoice.status, str(invoice.paid_total)) for invoice in Invoice.objects.order_by("pk")]


def test_money_that_is_held_confirms_a_prepaid_order_and_is_taken_with_the_invoice(run_debts):
    order = place(terms="prepaid")
    assert order.status == "verified"

    payment = hold(order, "22.06")
    assert (payment.status, money(order)) == ("authorized", ("authorized", "22.060", "0.000", "22.060"))
    assert again(order).status == "confirmed"

    run_debts()
    ship_all(order)
    run_debts()

    payment = Payment.objects.get()
    assert (payment.status, payment.captured) == ("captured", Decimal("22.06"))
    assert money(order) == ("paid", "0.000", "22.060", "0.000")
    assert states() == [("paid", "22.060")]
    assert again(order).status == "completed"
    assert EventRecord.objects.filter(name="billing.payment_captured").count() == 1


def test_two_parcels_take_what_each_costs_and_never_more_than_was_held(run_debts):
    order = place(terms="prepaid")
    hold(order, "22.06")
    ship(order, {"MUG-RED": 1, "TEA-1": 1}, reference="SH-1")
    run_debts()

    payment = Payment.objects.get()
    assert (payment.status, payment.captured, payment.held) == (
        "partially_captured",
        Decimal("16.11"),
        Decimal("5.95"),
    )
    assert money(order) == ("partially_paid", "5.950", "16.110", "5.950")

    ship(order, {"MUG-RED": 1}, reference="SH-2")
    run_debts()
    assert Payment.objects.get().status == "captured"
    assert states() == [("paid", "16.110"), ("paid", "5.950")]


def test_what_is_held_covers_only_its_part(run_debts):
    order = place()
    hold(order, "10.00")
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    run_debts()

    assert states() == [("partially_paid", "10.000")]
    pay(order, "12.06")
    assert states() == [("paid", "22.060")]
    assert list(InvoicePayment.objects.order_by("pk").values_list("amount", flat=True)) == [
        Decimal("10.00"),
        Decimal("12.06"),
    ]


def test_the_oldest_open_invoice_is_settled_first(run_debts):
    order = place()
    ship(order, {"MUG-RED": 1, "TEA-1": 1}, reference="SH-1")
    run_debts()
    ship(order, {"MUG-RED": 1}, reference="SH-2")
    run_debts()

    pay(order, "18.00")
    assert states() == [("paid", "16.110"), ("partially_paid", "1.890")]
    pay(order, "4.06")
    assert states() == [("paid", "16.110"), ("paid", "5.950")]
    assert money(order) == ("paid", "0.000", "22.060", "0.000")


def test_money_that_came_first_settles_the_invoice_that_comes_later(run_debts):
    order = place(terms="prepaid")
    pay(order, "22.06", at=datetime(2026, 1, 5, tzinfo=UTC))
    run_debts()
    ship_all(order)
    run_debts()

    assert states() == [("paid", "22.060")]
    assert again(order).status == "completed"
    assert Payment.objects.get().captured_at == datetime(2026, 1, 5, tzinfo=UTC)


def test_more_than_is_owed_is_taken_and_shown(run_debts):
    order = place()
    ship_all(order)
    run_debts()
    pay(order, "30.00")

    assert money(order) == ("overpaid", "0.000", "30.000", "-7.940")
    assert states() == [("paid", "22.060")]
    assert InvoicePayment.objects.get().amount == Decimal("22.06")


def test_a_reference_stands_for_one_payment_of_an_order(run_debts):
    order = place()
    payment = pay(order, "10.00", reference="BANK-1")

    assert pay(order, "10.00", reference="BANK-1") == payment
    with pytest.raises(ReferenceTaken) as refusal:
        pay(order, "12.06", reference="BANK-1")
    assert refusal.value.message == (
        "Under BANK-1, 10.00 EUR came in already; another payment needs a reference of its own"
    )
    assert refusal.value.details == {
        "reference": "BANK-1",
        "payment": payment.code,
        "amount": "10.00",
        "currency": "EUR",
    }
    assert money(order) == ("partially_paid", "0.000", "10.000", "12.060")

    pay(order, "1.00", reference="BANK-1", method="cash")
    pay(order, "1.00")
    pay(order, "1.00")
    pay(place(), "3.00", reference="BANK-1")
    assert money(order) == ("partially_paid", "0.000", "13.000", "9.060")


def test_a_reference_stands_for_one_hold_of_an_order():
    order = place(terms="prepaid")
    payment = hold(order, "20.00")

    assert hold(order, "20.00") == payment
    with pytest.raises(ReferenceTaken) as refusal:
        hold(order, "22.06")
    assert refusal.value.message == (
        "Under ch_1, 20.00 EUR is held already; another payment needs a reference of its own"
    )
    with pytest.raises(ReferenceTaken):  # it is held, not taken
        pay(order, "20.00", method="card", reference="ch_1")
    billing.capture_payment(payment.pk, actor=MAYA)
    assert pay(order, "20.00", method="card", reference="ch_1") == payment
    assert money(order) == ("partially_paid", "0.000", "20.000", "2.060")


def test_a_hold_that_was_let_go_frees_its_reference():
    order = place()
    billing.void_payment(hold(order, "20.00").pk, actor=MAYA)

    assert hold(order, "22.06").status == "authorized"


@pytest.mark.parametrize("amount", ["0", "-1.00", "1.001", "NaN"])
def test_amounts_that_cannot_be_are_refused(amount):
    order = place()

    with pytest.raises(AmountInvalid):
        pay(order, amount)
    assert not Payment.objects.exists()


def test_a_provider_that_nobody_connected_is_refused():
    order = place()

    with pytest.raises(UnknownGateway):
        pay(order, "1.00", gateway="paymill")
    with pytest.raises(UnknownGateway):
        hold(order, "1.00", gateway="paymill")


def test_capturing_takes_what_is_asked_and_no_more_than_is_held():
    order = place()
    payment = hold(order, "22.06")

    billing.capture_payment(payment.pk, Decimal("2.06"), actor=MAYA)
    with pytest.raises(CaptureExceedsAuthorization) as refusal:
        billing.capture_payment(payment.pk, Decimal("20.01"), actor=MAYA)
    assert refusal.value.details == {"held": "20.00", "currency": "EUR"}
    billing.capture_payment(payment.pk, actor=MAYA)
    with pytest.raises(TransitionRefused):
        billing.capture_payment(payment.pk, actor=MAYA)
    assert Payment.objects.get().captured == Decimal("22.06")


def test_what_is_held_is_let_go_when_the_order_is_cancelled(run_debts):
    order = place(terms="prepaid")
    hold(order, "22.06")
    orders.cancel_order(order.pk, reason="changed their mind", actor=MAYA)
    run_debts()

    assert Payment.objects.get().status == "voided"
    assert money(order)[1:3] == ("0.000", "0.000")


def test_what_came_in_goes_back_when_the_order_is_cancelled(run_debts):
    order = place(terms="prepaid")
    pay(order, "20.00")
    hold(order, "2.06")
    orders.cancel_order(order.pk, reason="changed their mind", actor=MAYA)
    run_debts()

    refund = Refund.objects.get()
    assert (refund.status, refund.amount, refund.reference) == (
        "succeeded",
        Decimal("20.00"),
        f"cancel-{order.number}",
    )
    order = again(order)
    assert (order.paid_total, order.refunded_total, order.balance_due) == (20, 20, 0)
    run_debts()
    assert Refund.objects.count() == 1


def test_voiding_what_was_partly_taken_lets_go_of_the_rest_only():
    order = place()
    payment = hold(order, "22.06")
    billing.capture_payment(payment.pk, Decimal("2.06"), actor=MAYA)
    billing.void_payment(payment.pk, reason="rest not needed", actor=MAYA)

    payment = Payment.objects.get()
    assert (payment.status, payment.captured, payment.held) == ("captured", Decimal("2.06"), 0)
    with pytest.raises(TransitionRefused):
        billing.void_payment(payment.pk, actor=MAYA)


def test_nothing_is_held_for_an_order_that_is_over_but_money_that_came_is_written_down():
    order = place(terms="prepaid")
    orders.cancel_order(order.pk, reason="no", actor=MAYA)

    with pytest.raises(OrderTakesNoMoney):
        hold(order, "22.06")
    pay(order, "22.06")
    assert again(order).paid_total == Decimal("22.06")
    assert OrderException.objects.get(order=order, category="payment").status == "open"


def test_money_that_comes_after_the_order_was_cancelled_goes_back_by_a_refund_of_its_own(run_debts):
    order = place(terms="prepaid", language="de")
    pay(order, "20.00")
    orders.cancel_order(order.pk, reason="changed their mind", actor=MAYA)
    run_debts()
    first = pay(order, "2.06")
    second = pay(order, "1.00")
    assert (again(order).open_exceptions, again(order).balance_due) == (1, Decimal("-3.06"))
    run_debts()

    sent = Refund.objects.order_by("pk").values_list("reference", "amount", "status")
    assert list(sent) == [
        (f"cancel-{order.number}", Decimal("20.00"), "succeeded"),
        (f"late-{first.code}", Decimal("2.06"), "succeeded"),
        (f"late-{second.code}", Decimal("1.00"), "succeeded"),
    ]
    late = Refund.objects.get(payment=first)
    assert late.reason == "Die Bestellung war storniert, bevor Ihre Zahlung kam"
    assert OutgoingMail.objects.filter(kind="refunded").count() == 3
    order = again(order)
    assert (order.paid_total, order.refunded_total, order.balance_due, order.open_exceptions) == (
        Decimal("23.06"),
        Decimal("23.06"),
        0,
        0,
    )
    told = OrderException.objects.get(category="payment")
    assert (told.status, told.resolution, told.closed_by) == ("resolved", "The money went back", "system")


def test_the_debts_of_late_money_paid_again_send_it_once(run_debts):
    order = place(terms="prepaid")
    pay(order, "20.00")
    orders.cancel_order(order.pk, reason="no", actor=MAYA)
    run_debts()
    late = pay(order, "2.06")
    for _ in range(2):
        billing.return_late_money(late.pk)
        billing.void_payments(order.pk, reason="no")
        run_debts()

    assert sorted(Refund.objects.values_list("amount", flat=True)) == [Decimal("2.06"), Decimal("20.00")]


@pytest.mark.parametrize("first", ["void_payments", "return_late_money"])
def test_money_that_comes_while_the_cancellation_is_worked_off_goes_back_once(run_debts, first):
    order = place(terms="prepaid")
    pay(order, "20.00")
    orders.cancel_order(order.pk, reason="no", actor=MAYA)
    late = pay(order, "2.06")
    if first == "void_payments":
        billing.void_payments(order.pk, reason="no")
    else:
        billing.return_late_money(late.pk)
    run_debts()

    assert sum(Refund.objects.values_list("amount", flat=True)) == Decimal("22.06")
    assert (again(order).refunded_total, again(order).open_exceptions) == (Decimal("22.06"), 0)


def test_a_cancellation_worked_off_again_takes_along_late_money_too(run_debts):
    order = place(terms="prepaid")
    pay(order, "20.00")
    orders.cancel_order(order.pk, reason="no", actor=MAYA)
    run_debts()
    late = pay(order, "2.06")

    assert [one.reference for one in billing.void_payments(order.pk, reason="no")] == [f"late-{late.code}"]


def test_money_for_an_order_that_ran_out_of_time_waits_for_a_person(run_debts):
    order = place(terms="prepaid")
    orders.expire_order(order.pk, at=order.payment_due_at)
    run_debts()
    late = pay(order, "22.06")
    billing.return_late_money(late.pk)
    run_debts()

    assert not Refund.objects.exists()
    assert OrderException.objects.get(order=order).status == "open"
    billing.refund_payment(late.pk, reason="too late", actor=MAYA)
    run_debts()
    assert (again(order).open_exceptions, OrderException.objects.get().status) == (0, "resolved")


def test_payments_that_come_with_an_order_are_written_down_with_it(run_debts):
    paid = PaymentInput(method="card", amount=Decimal("20.00"), reference="ch_7", status="captured")
    held = PaymentInput(method="paypal", amount=Decimal("2.06"), reference="pp_8", status="authorized")
    order = place(terms="prepaid", payments=(paid, held))

    assert order.status == "confirmed"
    assert money(order) == ("partially_paid", "2.060", "20.000", "2.060")
    assert list(Payment.objects.order_by("pk").values_list("method", "status", "reference")) == [
        ("card", "captured", "ch_7"),
        ("paypal", "authorized", "pp_8"),
    ]
    ship_all(order)
    run_debts()
    assert states() == [("paid", "22.060")]


def test_a_provider_that_says_no_leaves_a_failed_payment(run_debts):
    order = place(terms="prepaid")
    payment = Payment.objects.create(order=order, method="card", currency="EUR", amount=Decimal("22.06"))
    billing.fail_payment(payment.pk, reason="insufficient funds", actor=SYSTEM)

    payment = Payment.objects.get()
    assert (payment.status, payment.failure) == ("failed", "insufficient funds")
    assert money(order) == ("unpaid", "0.000", "0.000", "22.060")
