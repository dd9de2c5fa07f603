"""Store credit: given, held for an order, spent, given back; in the ledger, and never below nothing."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from billing import ledgering
from billing import services as billing
from billing.errors import (
    CreditTooSmall,
    NobodysCredit,
    NothingToPay,
    PaymentExceedsDue,
    ReasonMissing,
    ReferenceTaken,
)
from billing.models import LedgerEntry, Payment, Refund, StoreCredit, StoreCreditGrant
from core.actors import SYSTEM, Actor
from core.models import EventRecord
from core.money import Money
from customers.models import Customer
from customers.services import may_be_forgotten
from orders import services as orders
from orders.inputs import PaymentInput
from orders.models import Order
from orders.wishes import LineWish, Wish
from tests.factories.billing import again, place, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
LENA = Actor("user", "lena")


def eur(amount):
    return Money(D(amount), "EUR")


@pytest.fixture
def ada(seller):
    return Customer.objects.get(pk=place({"TEA-1": 1}).customer_id)


def give(customer, amount, reference="G-1", **more):
    return billing.give_store_credit(
        customer.pk, amount=eur(amount), reason="Late parcel", reference=reference, actor=LENA, **more
    )


def stands(customer):
    """Return the balance and what of it is held, which is what the ledger keeps."""
    one = StoreCredit.objects.get(customer=customer, currency="EUR")
    sums = LedgerEntry.objects.filter(account__kind="store_credit", customer=customer).aggregate(sum=Sum("amount"))
    assert one.balance == -round(D(sums["sum"] or 0), 3)
    return one.balance, one.held


def bought(customer, **given):
    return place(terms="prepaid", customer_id=customer.pk, **given)


def test_credit_is_given_for_a_reason_once_and_taken_back_as_far_as_it_is_there(ada):
    with pytest.raises(ReasonMissing):
        billing.give_store_credit(ada.pk, amount=eur("5.00"), reason=" ", reference="G-0", actor=LENA)
    assert give(ada, "20.00") == give(ada, "20.00")
    with pytest.raises(ReferenceTaken):
        give(ada, "21.00")
    with pytest.raises(CreditTooSmall, match="20.00"):
        give(ada, "20.01", "G-2", take_back=True)
    give(ada, "5.00", "G-3", take_back=True)
    assert stands(ada) == (D("15.00"), D(0))
    assert [one.amount for one in StoreCreditGrant.objects.order_by("pk")] == [D("20.00"), D("-5.00")]
    assert ledgering.post_everything() == 0


def test_an_order_is_paid_from_credit_held_first_and_taken_with_the_invoice(ada, run_debts):
    give(ada, "30.00")
    order = bought(ada)
    assert order.status == "verified"
    payment = billing.pay_from_credit(order.pk, actor=SYSTEM)
    assert (payment.gateway, payment.amount, payment.status) == ("store_credit", order.total, "authorized")
    assert stands(ada) == (D("30.00"), order.total)
    assert again(order).status == "confirmed"
    ship_all(order)
    run_debts()
    assert stands(ada) == (D("30.00") - order.total, D(0))
    order = again(order)
    assert (order.status, order.payment_status, order.balance_due) == ("completed", "paid", D(0))
    assert ledgering.post_everything() == 0


def test_credit_pays_as_far_as_it_reaches_and_no_more_than_is_owed(ada):
    give(ada, "12.00")
    order = bought(ada)
    with pytest.raises(CreditTooSmall, match="12.00"):
        billing.authorize_payment(order.pk, method="store_credit", amount=D("12.01"), actor=SYSTEM)
    with pytest.raises(PaymentExceedsDue):
        billing.record_payment(order.pk, method="store_credit", amount=order.total + 1, actor=SYSTEM)
    billing.pay_from_credit(order.pk, actor=SYSTEM)
    assert again(order).status == "verified"
    assert stands(ada) == (D("12.00"), D("12.00"))
    with pytest.raises(NothingToPay):
        billing.pay_from_credit(order.pk, actor=SYSTEM)
    billing.record_payment(order.pk, method="bank_transfer", amount=order.total - 12, actor=SYSTEM)
    assert again(order).status == "confirmed"
    assert Payment.objects.filter(order=order).count() == 2


def test_a_cancelled_order_lets_go_of_what_is_held_and_gives_back_what_was_spent(ada, run_debts):
    give(ada, "30.00")
    order = bought(ada)
    billing.record_payment(order.pk, method="store_credit", amount=D("5.00"), actor=SYSTEM)
    billing.pay_from_credit(order.pk, actor=SYSTEM)
    assert stands(ada) == (D("25.00"), order.total - 5)
    orders.cancel_order(order.pk, reason="Changed my mind", actor=SYSTEM)
    run_debts()
    assert stands(ada) == (D("30.00"), D(0))
    assert Refund.objects.get().to_credit
    assert again(order).balance_due == 0


def test_money_goes_back_as_credit_where_that_is_wished_and_the_provider_is_never_asked(ada, run_debts):
    order = bought(ada)
    billing.record_payment(order.pk, method="bank_transfer", amount=order.total + 8, actor=SYSTEM)
    wish = {"amount": eur("8.00"), "reference": "RF-1", "to_credit": True, "actor": LENA}
    [refund] = billing.request_refund(order.pk, **wish)
    run_debts()
    assert stands(ada) == (D("8.00"), D(0))
    assert billing.request_refund(order.pk, **wish) == [refund]
    with pytest.raises(ReferenceTaken):
        billing.request_refund(order.pk, **{**wish, "to_credit": False})
    order = again(order)
    assert (order.balance_due, order.refunded_total) == (D(0), D("8.00"))
    assert ledgering.post_everything() == 0


def test_what_is_refunded_of_a_credit_payment_becomes_credit_again_and_the_rest_goes_the_way_it_came(ada, run_debts):
    give(ada, "10.00")
    order = bought(ada)
    billing.pay_from_credit(order.pk, actor=SYSTEM)
    billing.record_payment(order.pk, method="cash", amount=order.total - 10, actor=SYSTEM)
    ship_all(order)
    run_debts()
    assert stands(ada) == (D(0), D(0))
    billing.request_refund(order.pk, amount=eur("12.00"), reference="RF-2", actor=LENA)
    run_debts()
    assert stands(ada) == (D("10.00"), D(0))
    assert list(Refund.objects.order_by("pk").values_list("amount", "to_credit")) == [
        (D("10.00"), True),
        (D("2.00"), False),
    ]


def test_an_order_may_come_with_credit_or_not_at_all(ada):
    give(ada, "3.00")
    held = PaymentInput(method="store_credit", amount=D("4.00"), reference="", status="authorized")
    with pytest.raises(CreditTooSmall):
        bought(ada, payments=(held,))
    assert Order.objects.count() == 1
    assert stands(ada) == (D("3.00"), D(0))
    held = PaymentInput(method="store_credit", amount=D("3.00"), reference="", status="captured")
    order = bought(ada, payments=(held,))
    assert (again(order).paid_total, stands(ada)) == (D("3.00"), (D(0), D(0)))


def test_nobody_has_no_credit(run_debts):
    order = place(terms="prepaid", email="", phone="+49 40 1")
    Order.objects.filter(pk=order.pk).update(customer=None)
    with pytest.raises(NobodysCredit):
        billing.authorize_payment(order.pk, method="store_credit", amount=D("1.00"), actor=SYSTEM)
    billing.record_payment(order.pk, method="cash", amount=D("30.00"), actor=SYSTEM)
    with pytest.raises(NobodysCredit):
        billing.request_refund(order.pk, amount=eur("1.00"), reference="RF-3", to_credit=True, actor=SYSTEM)


def test_who_only_types_the_address_of_a_customer_spends_none_of_their_credit(ada):
    give(ada, "10.00")
    order = place(terms="prepaid", acts_for_customer=False)
    assert (order.customer_id, order.found_by_email) == (ada.pk, True)

    with pytest.raises(NobodysCredit) as refused:
        billing.authorize_payment(order.pk, method="store_credit", amount=D("1.00"), actor=SYSTEM)

    told = (str(refused.value.message), refused.value.details)
    assert ("10" in told[0], told[1]) == (False, {}), "it does not say what is there"
    assert (billing.payable_from_credit(order), stands(ada)) == (0, (D("10.00"), D(0)))


def test_credit_held_beyond_what_an_edited_order_comes_to_is_theirs_again(ada, run_debts):
    give(ada, "30.00")
    order = bought(ada, goods={"MUG-RED": 2})
    billing.authorize_payment(order.pk, method="store_credit", amount=again(order).total, actor=SYSTEM)
    assert stands(ada) == (D("30.00"), D("17.73"))

    wish = Wish(lines=(LineWish(position=1, quantity=1),))
    orders.amend_order(order.pk, wish, expected_version=again(order).version, actor=SYSTEM)
    run_debts()

    smaller = again(order)
    assert (smaller.total, smaller.authorized_total, smaller.balance_due) == (D("11.78"), D("11.78"), D("11.78"))
    assert stands(ada) == (D("30.00"), D("11.78"))
    payment = Payment.objects.get()
    assert (payment.status, payment.authorized, payment.amount) == ("authorized", D("11.78"), D("17.73"))
    told = EventRecord.objects.get(name="billing.hold_lowered")
    assert told.payload == {
        "before": {"authorized": "17.730"},
        "after": {"authorized": "11.780"},
        "currency": "EUR",
    }


@pytest.mark.django_db(transaction=True)
def test_two_orders_at_once_never_spend_the_same_credit(ada, concurrently):
    """Guard: the condition in `hold_credit`. Without it the second is an error of the database (its constraint)."""
    give(ada, "22.06")
    orders_of_ada = [bought(ada), bought(ada)]
    amount = orders_of_ada[0].total

    def pay(order):
        return lambda: billing.authorize_payment(order.pk, method="store_credit", amount=amount, actor=SYSTEM)

    ended = concurrently(*map(pay, orders_of_ada), raising=False)
    assert sorted(type(one.error).__name__ for one in ended) == ["CreditTooSmall", "NoneType"]
    assert stands(ada) == (D("22.06"), amount)
    assert Payment.objects.count() == 1


def test_the_api_sends_money_back_as_credit_and_reads_it(ada, make_api, run_debts):
    order = bought(ada)
    payment = billing.record_payment(order.pk, method="bank_transfer", amount=order.total + 8, actor=SYSTEM)
    key = make_api("payments:read", "payments:write")
    back = key.post(
        f"/api/v1/payments/{payment.code}/refund/",
        {"amount": "8.00", "to_credit": True},
        format="json",
        headers={"Idempotency-Key": "k-1"},
    )
    assert (back.status_code, back.json()["to_credit"]) == (201, True)
    run_debts()
    [row] = key.get(f"/api/v1/store-credits/?customer={ada.number}").json()["results"]
    assert row == {"customer": ada.number, "currency": "EUR", "balance": "8.00", "held": "0.00", "free": "8.00"}


def test_staff_give_credit_on_the_page_of_a_customer_once_for_each_form(ada, staff):
    url = f"/admin/billing/payment/of-customer/{ada.pk}/store-credit/"
    form = {"amount": "5.00", "reason": "Late parcel", "reference": "SC-form"}
    assert staff.get(url).status_code == 200
    for _twice in range(2):
        assert staff.post(url, form).status_code == 302
    assert stands(ada) == (D("5.00"), D(0))
    taken = staff.post(url, {**form, "reference": "SC-2", "amount": "6.00", "take_back": "on"})
    assert b"5.00" in taken.content
    assert stands(ada) == (D("5.00"), D(0))


def test_nobody_is_forgotten_who_has_credit(ada):
    everybody = Customer.objects.all()
    assert may_be_forgotten(everybody).count() == everybody.count()
    give(ada, "5.00")
    assert ada not in may_be_forgotten(everybody)


# The order of locks ----------------------------------------------------------------------------------

TOUCHED = re.compile(
    r'"(customers_customer|billing_storecredit)".*(?:FOR NO KEY UPDATE)|UPDATE "(billing_storecredit)"'
)


def touched(act):
    """Return in which order a unit takes the customer and their credit."""
    with CaptureQueriesContext(connection) as told:
        act()
    found = [TOUCHED.search(one["sql"] or "") for one in told.captured_queries]
    return [hit[1] or hit[2] for hit in found if hit]


@pytest.mark.postgres
def test_the_customer_is_locked_before_their_credit_whoever_comes(ada, run_debts):
    """Guard: `take_owner`. Without it a capture takes the credit, then waits for the customer whom a giver has."""
    steps = {"give": lambda: give(ada, "60.00")}
    first, second = bought(ada), bought(ada)
    hold = {"method": "store_credit", "amount": first.total, "actor": SYSTEM}
    steps["hold"] = lambda: billing.authorize_payment(first.pk, **hold)
    steps["take"] = lambda: billing.capture_payment(Payment.objects.get(order=first).pk, actor=SYSTEM)
    steps["spend"] = lambda: billing.record_payment(second.pk, **hold)
    steps["send back"] = lambda: billing.settle_refund(
        billing.refund_payment(Payment.objects.get(order=first).pk, actor=SYSTEM)[0].pk
    )
    for name, act in steps.items():
        order = touched(act)
        assert "billing_storecredit" in order, name
        assert order[0] == "customers_customer", name


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_giving_and_spending_at_once_never_wait_for_each_other(ada, concurrently):
    give(ada, "60.00")
    orders_of_ada = [bought(ada), bought(ada)]

    def spend(order):
        return lambda: billing.record_payment(order.pk, method="store_credit", amount=order.total, actor=SYSTEM)

    acts = [spend(one) for one in orders_of_ada] + [lambda n=n: give(ada, "1.00", f"G-{n}") for n in range(2, 6)]
    ended = concurrently(*acts, raising=False)
    assert [one.error for one in ended] == [None] * 6
    assert stands(ada) == (D("64.00") - 2 * orders_of_ada[0].total, D(0))
