"""The page about a customer: what one wants to know when the phone rings."""

from datetime import timedelta
from decimal import Decimal
from itertools import accumulate

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import accounts
from billing import services as billing
from billing.models import Invoice
from core.actors import SYSTEM
from core.errors import Invalid
from core.models import EventRecord
from core.money import Money
from customers import selectors
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Customer
from customers.services import CustomerInput
from orders import buying
from orders import services as orders
from orders.inputs import LineInput
from orders.models import Order
from tests.factories import billing as bills
from tests.factories import returns as rma

pytestmark = pytest.mark.django_db
SEES_ALL = ("view_customer", "change_customer", "view_order", "view_invoice", "view_payment", "view_returnrequest",
            "view_outgoingmail", "view_shipment", "operate_payment", "operate_return")  # fmt: skip
EUR, GBP = "EUR", "GBP"


@pytest.fixture
def ada(shop):
    """Return a company that buys on credit."""
    bills.make_seller()
    given = CustomerInput(
        name="Ada Byron",
        company="Analytical Engines",
        email="ada@example.com",
        phone="+49 (0)30 5550 17",
        credit_limit=Decimal(1000),
        payment_terms="net14",
        tags=("vip",),
        language="de",
    )
    return customers.create_customer(given, actor=SYSTEM)


@pytest.fixture
def desk(django_user_model):
    """Make a browser in which somebody with just these permissions is signed in."""

    def make(*names):
        user = django_user_model.objects.create_user("tom", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


def buy(customer, goods=None, **given):
    """Let a customer order."""
    return bills.place(goods, customer_id=customer.pk, **given)


def show(client, customer, query=""):
    """Return the page as its reader sees it."""
    response = client.get(reverse("admin:customers_customer_change", args=[customer.pk]) + query)
    assert response.status_code == 200
    return response.content.decode()


def cards(client, customer):
    """Return the text of each card by its title."""
    response = client.get(reverse("admin:customers_customer_change", args=[customer.pk]))
    return {str(card["title"]): card["body"] for card in response.context_data["cards"]}


@pytest.fixture
def history(ada, run_debts):
    """Let her buy in two currencies: one credited and sent back, one owed, one cancelled, one paid in pounds."""
    back = rma.delivered_order(customer_id=ada.pk)
    rma.resolved(back, {"MUG-RED": 1})
    owed = rma.delivered_order({"MUG-RED": 3}, customer_id=ada.pk, paid=False)
    gone = buy(ada, {"TEA-1": 5})
    orders.cancel_order(gone.pk, reason="changed her mind", actor=SYSTEM)
    tea = (LineInput(sku="TEA-1", quantity=10, unit_price=Decimal("3.00")),)
    pounds = rma.delivered_order(customer_id=ada.pk, currency=GBP, lines=tea, shipping_method="pickup", historic=True)
    run_debts()
    return {"back": back, "owed": owed, "gone": gone, "pounds": bills.again(pounds)}


def test_figures_are_exact_with_credits_refunds_cancelled_orders_and_two_currencies(ada, history):
    euros, pounds = buying.figures_of(ada)

    assert (euros.currency, euros.orders, euros.shipped, euros.came_back) == (EUR, 2, 2, 1)
    assert euros.value == Decimal("39.79"), "22.06 less a mug of 5.95, and 23.68; the cancelled order does not count"
    assert euros.average == Money(Decimal("19.90"), EUR)
    assert (euros.account, euros.on_credit) == (Decimal("23.68"), Decimal("23.68"))
    assert (pounds.currency, pounds.orders, pounds.account) == (GBP, 1, Decimal(0))
    assert pounds.value == history["pounds"].total
    [first, *_rest, last] = Order.objects.filter(customer=ada).exclude(pk=history["gone"].pk).order_by("placed_at")
    assert (euros.first_at, pounds.last_at) == (first.placed_at, last.placed_at)


def test_what_is_open_and_late_is_told_per_currency(ada, history):
    due_on = Invoice.objects.get(order=history["owed"]).due_on

    [today] = accounts.unpaid(ada)
    [late] = accounts.unpaid(ada, today=due_on + timedelta(days=1))

    assert (today.count, today.amount, today.overdue_count) == (1, Money(Decimal("23.68"), EUR), 0)
    assert (late.overdue_count, late.overdue) == (1, Money(Decimal("23.68"), EUR))
    assert Invoice.objects.get(pk=today.oldest_id).order_id == history["owed"].pk


def test_the_account_adds_up_from_the_first_posting_to_what_is_owed_now(ada, history):
    figures = buying.figures_of(ada)
    balances = {one.currency: one.account for one in figures}

    postings = accounts.statement(buying.newest(ada).numbers, balances=balances)

    told = [(one.amount.amount, one.balance.amount) for one in reversed(postings) if one.amount.currency == EUR]
    changes = [change for change, _after in told]
    assert changes[:2] == [Decimal("22.06"), Decimal("-22.06")], "invoiced, then paid"
    assert sorted(changes[2:4]) == [Decimal("-5.95"), Decimal("5.95")], "credited and sent back"
    assert changes[4:] == [Decimal("23.68")]
    assert [after for _change, after in told] == list(accumulate(changes))
    assert [one.balance.amount for one in postings if one.amount.currency == GBP] == [
        Decimal(0), history["pounds"].total,
    ]  # fmt: skip


def test_what_they_usually_buy_counts_what_was_not_cancelled(ada, history):
    latest = buying.newest(ada)

    tea, mug = buying.usual(latest.numbers)

    assert (tea.line.sku, tea.times, tea.quantity) == ("TEA-1", 2, 11)
    assert tea.price == Money(Decimal("3.00"), GBP), "the last time they paid in pounds"
    assert (mug.line.sku, mug.times, mug.quantity) == ("MUG-RED", 2, 5)
    assert mug.price == Money(Decimal("5.00"), EUR)
    assert mug.last_at == history["owed"].placed_at
    assert buying.usual(latest.numbers, now=timezone.now() + timedelta(days=731)) == []


def test_the_page_says_who_it_is_and_how_to_reach_them(ada, staff):
    shown = show(staff, ada)

    for known in (ada.number, "Analytical Engines", "Ada Byron", "vip", "German", 'href="tel:+4930555017"',
                  'href="mailto:ada@example.com"'):  # fmt: skip
        assert known in shown


def test_the_cards_say_what_stands_now(ada, history, staff):
    going = buy(ada, {"MUG-RED": 1})
    orders.place_hold(going.pk, kind="manual", reason="Call before it leaves", blocks=["release"], actor=SYSTEM)

    shown = cards(staff, ada)

    assert (going.number in shown["On its way"], "Call before it leaves" in shown["On its way"]) == (True, True)
    assert history["owed"].number not in shown["On its way"], "it has arrived"
    for said in ("1 open invoice", "€23.68", "They owe", "Credit left"):
        assert said in shown["Money"]
    for said in ("3 orders", "1 order", "£", "€51.57"):
        assert said in shown["Lifetime value"]
    assert "1 of 3" in shown["So far"]
    back = reverse("admin:returns_returnrequest_request", args=[history["pounds"].pk])
    assert (back in shown["Coming back"], f"Sent last: {history['pounds'].number}." in shown["Coming back"]) == (
        True,
        True,
    )
    record = reverse("admin:billing_order_do", args=[history["owed"].pk, "payment"])
    assert f"{record}?next={reverse('admin:customers_customer_change', args=[ada.pk])}" in shown["Money"]


def test_a_return_that_is_open_stands_instead_of_the_offer_to_take_one(ada, staff):
    found = rma.requested(rma.delivered_order(customer_id=ada.pk), {"MUG-RED": 1})

    shown = cards(staff, ada)["Coming back"]

    assert (found.number in shown, "Take something back" in shown) == (True, False)


def test_who_has_bought_nothing_is_told_what_comes_next(ada, staff):
    shown = show(staff, ada)

    for said in ("Nothing is under way", "They have not ordered yet", "Nothing was ordered yet", "No sites yet",
                 "After the first order", "The first invoice is written", "Nobody has spoken with them yet",
                 "No contacts yet"):  # fmt: skip
        assert said in shown
    assert "Still to pay" not in shown


def test_the_page_costs_the_same_with_one_order_and_with_two_hundred(ada, staff, run_debts):
    one = rma.delivered_order(customer_id=ada.pk, paid=False)
    orders.add_comment(one.pk, "Rang the bell", actor=SYSTEM)
    rma.requested(one, {"MUG-RED": 1})
    show(staff, ada)
    with CaptureQueriesContext(connection) as few:
        show(staff, ada)
    for number in range(6):
        two = rma.delivered_order({"MUG-RED": 3 + number}, customer_id=ada.pk, paid=False)
        rma.requested(two, {"MUG-RED": 1})
    template = Order.objects.get(pk=buy(ada, {"MUG-RED": 1}).pk)
    copies = [copy_of(template) for _number in range(193)]
    Order.objects.bulk_create(copies)

    with CaptureQueriesContext(connection) as many:
        show(staff, ada)

    assert Order.objects.filter(customer=ada).count() == 201
    assert len(many) == len(few)
    assert len(many) <= 36


def copy_of(order):
    """Return a row like another, not yet written."""
    values = {field.attname: getattr(order, field.attname) for field in Order._meta.concrete_fields}
    for name in ("id", "number", "reservation_id"):
        values.pop(name)
    return Order(**values)


def test_who_may_not_see_money_sees_none_of_it(ada, history, desk):
    reader = desk("view_customer", "view_order")

    shown, titles = show(reader, ada), set(cards(reader, ada))

    assert titles == {"Reach them", "On its way", "Last contact", "So far"}
    for hidden in ("Lifetime value", "39.79", "Balance", "INV-0000", "Record a payment", "?tell=money", "?tell=mails"):
        assert hidden not in shown
    assert history["owed"].number in shown


def test_who_may_not_see_orders_sees_the_record_alone(ada, history, desk):
    reader = desk("view_customer")

    shown = show(reader, ada)

    assert set(cards(reader, ada)) == {"Reach them", "Last contact"}
    assert "SO-0000" not in shown
    assert reverse("admin:customers_customer_do", args=[ada.pk, "note"]) not in shown
    assert reader.post(reverse("admin:customers_customer_do", args=[ada.pk, "note"]), {"text": "x"}).status_code == 403


def test_the_timeline_tells_everything_or_one_kind(ada, history, staff):
    customers.note_contact(ada.pk, "Wants the blue ones next time", actor=SYSTEM)
    orders.add_comment(history["owed"].pk, "Ring twice", actor=SYSTEM)

    def told(query=""):
        response = staff.get(reverse("admin:customers_customer_change", args=[ada.pk]) + query)
        return " | ".join(
            f"{one.text} {one.note}" for moment in response.context_data["around"] for one in moment.lines
        )

    everything = told()
    assert ("Ring twice" in everything, "blue ones" in everything) == (True, True)
    assert ("Ring twice" in told("?tell=comments"), "Order:" in told("?tell=comments")) == (True, False)
    assert ("Invoice:" in told("?tell=money"), "Ring twice" in told("?tell=money")) == (True, False)
    assert ("Order:" in told("?tell=orders"), "Invoice:" in told("?tell=orders")) == (True, False)
    assert history["owed"].number in told("?tell=mails")
    assert told("?tell=nonsense") == everything


def test_a_call_is_noted_and_is_the_last_contact(ada, staff):
    page = reverse("admin:customers_customer_do", args=[ada.pk, "note"])

    empty = staff.post(page, {"way": "call", "text": " "})
    done = staff.post(page, {"way": "call", "text": "Asked for the price of 40 mugs"})

    assert (empty.status_code, done.status_code) == (200, 302)
    record = EventRecord.objects.get(name="customers.call_noted")
    assert (record.note, record.actor, record.public) == ("Asked for the price of 40 mugs", "staff:maya", False)
    last = cards(staff, ada)["Last contact"]
    assert ("Phone call" in last, "40 mugs" in last, "Maya" in last) == (True, True, True)
    with pytest.raises(Invalid):
        customers.note_contact(ada.pk, "x", way="pigeon", actor=SYSTEM)


def test_a_mail_about_an_order_is_a_contact(ada, staff, run_debts):
    order = buy(ada)
    run_debts()

    assert order.number in cards(staff, ada)["Last contact"]


def test_sites_and_contacts_are_added_changed_and_removed_from_the_page(ada, staff):
    page = reverse("admin:customers_customer_change", args=[ada.pk])
    add = {name: reverse("admin:customers_customer_do", args=[ada.pk, name]) for name in ("site", "contact")}
    where = {"label": "Dock", "line1": "1 Main St", "city": "Hamburg", "country": "DE", "is_ship_to": "on"}

    answers = [staff.post(add["site"], where), staff.post(add["contact"], {"name": "Charles", "phone": "030 1"})]
    dock, charles = ada.addresses.get(), ada.contacts.get()
    change = reverse("admin:customers_address_do", args=[dock.pk, "change"])
    assert f"{change}?next={page}" in show(staff, ada)
    answers.append(staff.post(f"{change}?next={page}", {**where, "city": "Kiel"}))
    answers.append(staff.post(reverse("admin:customers_contact_do", args=[charles.pk, "remove"])))

    assert [answer["Location"] for answer in answers] == [page] * 4
    assert (ada.addresses.get().city, ada.contacts.count()) == ("Kiel", 0)
    wrong = staff.post(change, {**where, "country": "XX"})
    assert (wrong.status_code, "errorlist" in wrong.content.decode()) == (200, True)
    assert EventRecord.objects.filter(name="customers.customer.changed", actor="staff:maya").count() == 4


def test_who_may_only_look_changes_no_site(ada, desk):
    dock = customers.add_address(ada.pk, PostalAddress(city="Hamburg"), actor=SYSTEM)
    reader = desk("view_customer", "change_address", "delete_address")

    answers = [
        reader.post(reverse("admin:customers_address_do", args=[dock.pk, name]), {}) for name in ("change", "remove")
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert reverse("admin:customers_address_do", args=[dock.pk, "change"]) not in show(reader, ada)


def test_who_may_be_the_same_is_named_with_what_they_share(ada, staff):
    home = PostalAddress(line1="1 Main St", postal_code="10115", city="Berlin")
    twin = customers.create_customer(
        CustomerInput(name="A. Byron", email="ada@example.com", phone="+49 (0)30 5550 17"), actor=SYSTEM
    )
    neighbour = customers.create_customer(CustomerInput(name="Charles", email="c@example.com"), actor=SYSTEM)
    customers.create_customer(CustomerInput(name="Stranger", email="s@example.com"), actor=SYSTEM)
    for one in (ada, neighbour):
        customers.add_address(one.pk, home, actor=SYSTEM)

    found = selectors.doubles_of(ada, at=selectors.sites(ada))

    assert [(one.customer, one.alike) for one in found] == [
        (twin, ("email", "phone")),
        (neighbour, ("address",)),
    ]
    assert selectors.doubles_of(Customer.objects.get(name="Stranger"), at=[]) == []
    assert "same e-mail, same phone" in show(staff, ada)


def test_all_orders_of_a_customer_are_one_click_away(ada, staff, shop):
    mine, other = buy(ada), bills.place(email="b@example.com")
    url = f"{reverse('admin:orders_order_changelist')}?customer__id__exact={ada.pk}"

    assert url in show(staff, ada)
    listed = staff.get(url).content.decode()

    assert (mine.number in listed, other.number in listed) == (True, False)


def test_the_page_speaks_german(ada, history, staff, django_user_model):
    staff.cookies["django_language"] = "de"
    staff.get("/admin/", headers={"accept-language": "de"})
    django_user_model.objects.filter(username="maya").update(language="de")

    shown = show(staff, ada)

    for said in (
        "So erreichbar",
        "Unterwegs",
        "Letzter Kontakt",
        "Was sie meist kaufen",
        "Konto",
        "39,79",
        "Was geschah",
    ):
        assert said in shown
    assert "Reach them" not in shown


def test_a_written_balance_is_that_of_billing(ada, history):
    billing.record_payment(history["owed"].pk, method="cash", amount=Decimal("30.00"), actor=SYSTEM)

    euros = buying.figures_of(ada)[0]

    assert euros.account == Decimal("-6.32"), "they paid ahead"
    assert accounts.unpaid(ada) == []
