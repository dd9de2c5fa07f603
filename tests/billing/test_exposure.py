"""What counts against a credit limit: every invoice that is not paid, whatever its terms and its order, and once."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from billing import services as billing
from billing.models import Invoice
from core.actors import SYSTEM
from core.money import Money
from customers import services as customers
from customers.models import Customer
from orders import buying
from orders import services as orders
from orders.credit import exposure_of
from orders.models import Hold, Order
from tests.billing.checkouts import MAYA
from tests.billing.disputing import ALL, lose, paid_by_card
from tests.billing.rewritings import rewrite
from tests.factories.billing import again, place, ship, ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller", "nothing_broken")]
D = Decimal
NOTHING = (D("0.00"), D("0.00"), D("0.00"), D("0.00"))


@pytest.fixture
def linde():
    """Return a company that may owe 70 EUR; two mugs and a tea come to 22.06."""
    given = customers.CustomerInput(name="Linde", email="l@example.com", credit_limit=D(70))
    return customers.create_customer(given, actor=SYSTEM)


def buy(linde, goods=None, **given):
    """Place an order of a company, which is not the same one sent twice."""
    given = {"external_reference": f"PO-{Order.objects.count() + 1}", "customer_id": linde.pk, **given}
    return place(goods, **given)


def parts(linde):
    """Return what counts: unpaid, unbilled, open and waiting."""
    found = exposure_of(Customer.objects.get(pk=linde.pk))
    return found.unpaid, found.unbilled, found.open, found.waiting


def unpaid(amount):
    """Return the parts where nothing but this counts."""
    return (D(amount), *NOTHING[1:])


def glance_of(linde):
    """Return what the desk is told of a company."""
    return buying.at_a_glance([Customer.objects.get(pk=linde.pk)])[linde.pk].on_credit


def written_off_and_expected_again(linde, run_debts, **given):
    """Return an order of 22.06 EUR that was closed because nobody waited for its money, which somebody does again."""
    order = buy(linde, **given)
    run_debts()
    ship_all(order)
    run_debts()
    assert parts(linde) == unpaid("22.06")
    invoice = Invoice.objects.get(order=order)
    billing.write_off_invoice(invoice.pk, reason="Gone", actor=MAYA)
    run_debts()
    assert again(order).status == "completed"
    assert parts(linde) == NOTHING
    billing.expect_again(invoice.pk, reason="Pays after all", actor=MAYA)
    run_debts()
    return again(order)


def credit_holds(order):
    return Hold.objects.filter(order=order, kind="credit", status="active").count()


# Debts that came back


def test_a_payment_that_was_charged_back_is_lent_until_it_comes_again(linde, stripe, run_debts):
    payment = paid_by_card(stripe, run_debts, customer_id=linde.pk)
    assert parts(linde) == NOTHING
    billing.decide_dispute(lose(stripe, run_debts).pk, customer_owes=True, actor=MAYA)
    run_debts()
    owed = again(payment.order)
    assert (owed.status, owed.payment_terms, owed.balance_due) == ("completed", "prepaid", ALL)
    assert parts(linde) == unpaid("22.06")
    assert glance_of(linde) == ALL

    wish = buy(linde, {"MUG-RED": 8})
    assert (wish.status, wish.total, credit_holds(wish)) == ("placed", D("53.43"), 1)
    assert wish.hold_reason == "75.49 EUR on account would exceed the limit of 70.00 EUR"

    billing.record_payment(owed.pk, method="bank_transfer", amount=ALL, reference="B-1", actor=SYSTEM)
    run_debts()
    assert (again(wish).status, credit_holds(wish)) == ("confirmed", 0)
    assert parts(linde) == (D(0), D(0), D("53.43"), D(0))


@pytest.mark.parametrize("terms", ["net14", "on_delivery"])
def test_a_write_off_that_was_taken_back_is_lent_again(linde, run_debts, terms):
    order = written_off_and_expected_again(linde, run_debts, terms=terms)
    assert (order.status, order.balance_due) == ("completed", D("22.06"))
    assert parts(linde) == unpaid("22.06")
    assert glance_of(linde) == D("22.06")

    billing.record_payment(order.pk, method="cash", amount=D("20.00"), actor=SYSTEM)
    assert parts(linde) == unpaid("2.06")


# Nothing counts twice


def test_an_open_order_on_account_that_is_billed_in_part_counts_once(linde, run_debts):
    order = buy(linde)
    run_debts()
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    assert parts(linde) == (D("17.56"), D(0), D("4.50"), D(0))
    assert sum(parts(linde)) == again(order).balance_due == glance_of(linde) == D("22.06")


def test_of_an_order_to_be_paid_first_only_what_is_billed_and_not_paid_is_lent(linde, run_debts):
    order = buy(linde, terms="prepaid")
    billing.record_payment(order.pk, method="cash", amount=order.total, actor=SYSTEM)
    run_debts()
    ship(order, {"MUG-RED": 2}, reference="SH-1")
    run_debts()
    assert parts(linde) == NOTHING
    billing.refund_payment(order.payments.get().pk, amount=Money(D("10.00"), "EUR"), actor=MAYA)
    run_debts()
    assert (again(order).invoiced_total, again(order).paid_total) == (D("17.56"), D("22.06"))
    # 22.06 − 10.00 are here, 17.56 are billed; the tea has not left.
    assert parts(linde) == unpaid("5.50")


def test_money_that_is_held_pays_its_invoice_in_a_moment(linde, run_debts):
    order = buy(linde, terms="prepaid")
    billing.authorize_payment(order.pk, method="card", amount=order.total, actor=SYSTEM)
    run_debts()
    ship(order, {"MUG-RED": 2, "TEA-1": 1}, reference="SH-1")
    draft = billing.issue_for_shipment(order.pk, "SH-1")
    billing.issue_invoice(draft.pk)
    order = again(order)
    assert (order.invoiced_total, order.paid_total, order.authorized_total) == (D("22.06"), 0, D("22.06"))
    assert parts(linde) == NOTHING
    run_debts()
    assert again(order).paid_total == D("22.06")
    assert parts(linde) == NOTHING


def test_an_invoice_that_was_written_again_counts_once(linde, run_debts):
    order = buy(linde, terms="on_delivery")
    run_debts()
    ship_all(order)
    run_debts()
    rewrite(Invoice.objects.get(order=order))
    run_debts()
    assert Invoice.objects.filter(order=order).count() == 2
    assert parts(linde) == unpaid("22.06")


def test_what_is_credited_or_cancelled_is_lent_no_more(linde, run_debts):
    order = buy(linde, terms="prepaid")
    billing.invoice_order(order.pk, actor=SYSTEM)
    assert parts(linde) == NOTHING, "a draft is owed by nobody"
    run_debts()
    assert parts(linde) == unpaid("22.06")
    orders.cancel_order(order.pk, reason="No", actor=SYSTEM)
    run_debts()
    assert parts(linde) == NOTHING


def test_others_and_other_currencies_do_not_count(linde, run_debts):
    other = customers.create_customer(customers.CustomerInput(name="Ada", email="a@example.com"), actor=SYSTEM)
    ship_all(buy(other))
    run_debts()
    assert parts(linde) == NOTHING
    assert parts(other) == unpaid("22.06")
    Customer.objects.filter(pk=other.pk).update(currency="USD")
    assert parts(other) == NOTHING


# Where it is read


def test_the_page_of_a_customer_leads_to_the_closed_order_that_is_owed_again(staff, linde, run_debts):
    owed = written_off_and_expected_again(linde, run_debts)
    paid = buy(linde)
    run_debts()
    ship_all(paid)
    run_debts()
    billing.record_payment(paid.pk, method="cash", amount=paid.total, actor=SYSTEM)
    shown = staff.get(reverse("admin:customers_customer_change", args=[linde.pk])).content.decode()
    [link] = set(re.findall(r'href="(/admin/orders/order/\?customer[^"]+balance_due[^"]+)"', shown))
    listed = staff.get(link.replace("&amp;", "&")).content.decode()
    assert owed.number in listed
    assert paid.number not in listed
    for said in ("Invoices not paid", "€22.06", "€70.00", "€47.94"):
        assert said in shown, said


def test_one_statement_tells_all_of_it_however_much_is_owed(linde, run_debts, django_assert_num_queries):
    written_off_and_expected_again(linde, run_debts)
    buy(linde)
    exposure_of(linde)
    with django_assert_num_queries(1):
        assert exposure_of(linde).total == D("44.12")
