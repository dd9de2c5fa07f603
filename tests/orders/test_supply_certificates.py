"""A certificate ends between the order and the day on which it leaves: the tax is that of the day of supply."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Invoice
from core.actors import SYSTEM
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Customer, TaxCertificate
from fulfillment import services as fulfillment
from orders import services as orders
from orders.errors import ChangeRefused, OldTaxRate
from orders.models import Order, OrderException
from tests.factories.shop import Shop
from tests.orders.rates import day, priced
from tests.orders.test_edits import broken
from tests.orders.test_supply import FINANCE, opened, rates
from tests.orders.test_supply_parted import half_left
from tests.scenarios import anew, confirmed_order, run_debts

pytestmark = pytest.mark.django_db


def exempt(*, since: date | None = None) -> Customer:
    """Return a customer who is exempt in Germany."""
    known = customers.create_customer(customers.CustomerInput(name="Mission", email="m@example.com"), actor=SYSTEM)
    certify(known, "X1", since=since or day(300))
    return known


def certify(known: Customer, number: str, *, since: date) -> None:
    """Write a certificate of a customer down."""
    given = customers.CertificateInput(number=number, country="DE", reason="Diplomatic mission", valid_from=since)
    customers.add_certificate(known.pk, given, actor=SYSTEM)


def four_mugs(known: Customer) -> Order:
    """Return an order that was priced four days ago, by what was known of its customer then."""
    return priced(confirmed_order({"MUG-RED": 4}, customer_id=known.pk), days_ago=4)


def dated(order: Order, **days: date) -> None:
    """Let the certificate of the customer, and what the order remembers of it, be of other days since ever."""
    said = {name: one.isoformat() for name, one in days.items()}
    TaxCertificate.objects.update(**days)
    known = Customer.objects.get(pk=order.customer_id)
    told = [one | said for one in known.exemptions]
    Customer.objects.filter(pk=known.pk).update(exemptions=told)
    explanation = anew(order).explanation
    for one in explanation:
        if "buyer" in one:
            one["buyer"]["exemptions"] = told
    Order.objects.filter(pk=order.pk).update(explanation=explanation)


@pytest.fixture
def ended(seller: Shop) -> Order:
    """Return an order of four days ago, whose customer was exempt until the day before yesterday."""
    order = four_mugs(exempt())
    dated(order, valid_until=day(2))
    return order


def test_who_is_exempt_no_more_is_put_before_finance_and_nothing_leaves(ended: Order) -> None:
    assert rates(ended) == [(1, 4, "0.00", "20.00", "20.00")]
    with pytest.raises(OldTaxRate, match="The customer is not exempt since"):
        fulfillment.fulfil_through(ended.pk, through="shipped", actor=SYSTEM)

    exception = opened()

    assert (exception.order_id, exception.queue) == (ended.pk, "finance")
    said = f"The order says no tax, by a certificate that ended; it is 19 % in Germany since {day(1)}"
    assert exception.title == said
    assert orders.watch_rates() == 0
    assert not Invoice.objects.exists()


def test_taxed_anew_it_bears_tax_and_its_papers_name_no_certificate(ended: Order) -> None:
    orders.tax_anew(opened().pk, actor=FINANCE)

    assert rates(ended) == [(1, 4, "0.19", "20.00", "23.80")]
    fulfillment.fulfil_through(ended.pk, through="shipped", actor=SYSTEM)
    run_debts()
    (part,) = Invoice.objects.get().tax_breakdown
    assert (part["category"], part["rate"], part["tax"], part.get("reason")) == ("S", "0.1900", "4.73", None)
    assert broken() == []


def test_kept_for_a_reason_it_leaves_without_tax(ended: Order) -> None:
    orders.keep_rates(opened().pk, reason="The new one is on its way", actor=FINANCE)

    fulfillment.fulfil_through(ended.pk, through="shipped", actor=SYSTEM)
    run_debts()
    (part,) = Invoice.objects.get().tax_breakdown
    assert (part["category"], part["reason"]) == ("E", "Diplomatic mission")


def test_a_certificate_that_was_renewed_is_nobodys_question(ended: Order) -> None:
    certify(Customer.objects.get(), "X2", since=day(1))

    assert orders.watch_rates() == 0
    fulfillment.fulfil_through(ended.pk, through="shipped", actor=SYSTEM)
    assert anew(ended).fulfillment_status == "shipped"


def test_one_that_is_renewed_after_all_closes_the_question(ended: Order) -> None:
    exception = opened()
    certify(Customer.objects.get(), "X2", since=day(1))

    orders.sweep_exceptions()

    assert OrderException.objects.get(pk=exception.pk).resolution == "The cause is gone"


def test_on_its_last_day_a_certificate_still_exempts(seller: Shop) -> None:
    order = four_mugs(exempt())
    dated(order, valid_until=day(0))

    assert orders.watch_rates() == 0
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    assert anew(order).fulfillment_status == "shipped"


def test_one_that_was_ended_by_hand_still_holds_for_what_was_sold_under_it(seller: Shop) -> None:
    order = four_mugs(exempt())
    customers.end_certificate(TaxCertificate.objects.get().pk, actor=SYSTEM)

    assert orders.watch_rates() == 0
    assert rates(order) == [(1, 4, "0.00", "20.00", "20.00")]


def test_one_that_was_known_and_has_begun_since_takes_the_tax_off(seller: Shop) -> None:
    order = four_mugs(exempt(since=day(-30)))
    assert rates(order) == [(1, 4, "0.19", "20.00", "23.80")]
    dated(order, valid_from=day(1))

    exception = opened()
    assert exception.title == f"The order says 19 % tax; it is 0 % in Germany since {day(1)}"
    orders.tax_anew(exception.pk, actor=FINANCE)

    assert rates(order) == [(1, 4, "0.00", "20.00", "20.00")]
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    assert Invoice.objects.get().tax_breakdown[0]["reason"] == "Diplomatic mission"


def test_one_that_is_written_down_afterwards_changes_nothing_of_what_was_sold(seller: Shop) -> None:
    known = customers.create_customer(customers.CustomerInput(name="Mission", email="m@example.com"), actor=SYSTEM)
    four_mugs(known)
    certify(known, "X1", since=day(1))

    assert orders.watch_rates() == 0


def test_what_has_left_stays_exempt_and_the_rest_is_taxed(seller: Shop) -> None:
    order = half_left(customer_id=exempt().pk)
    dated(order, valid_until=day(2))

    orders.tax_anew(opened().pk, actor=FINANCE)

    assert [row[:3] for row in rates(order)] == [(1, 3, "0.00"), (2, 7, "0.16")]
    fulfillment.fulfil_through(order.pk, through="shipped", actor=SYSTEM)
    run_debts()
    first, second = Invoice.objects.filter(order=order).order_by("pk")
    assert [part["category"] for part in first.tax_breakdown] == ["E"]
    assert [(part["category"], part["rate"]) for part in second.tax_breakdown] == [("S", "0.1600")]
    assert anew(order).total == first.total + second.total
    assert broken() == []
    assert second.total == Decimal("27.04")


def test_abroad_what_is_taxed_in_two_ways_is_placed_anew(seller: Shop) -> None:
    vienna = PostalAddress(name="Mission", line1="Ring 1", city="Wien", postal_code="1010", country="AT")
    known = exempt()
    TaxCertificate.objects.update(country="AT")
    Customer.objects.update(exemptions=[one | {"country": "AT"} for one in Customer.objects.get().exemptions])
    order = half_left(customer_id=known.pk, shipping_address=vienna)
    assert {line.tax_category for line in order.lines.all()} == {"E"}
    dated(order, valid_until=day(2))

    with pytest.raises(ChangeRefused, match="place another one for it"):
        orders.tax_anew(opened().pk, actor=FINANCE)
    assert [row[:3] for row in rates(order)] == [(1, 10, "0.00")]
