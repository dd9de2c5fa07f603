"""Customers are found, made and changed in one place."""

from decimal import Decimal

import pytest

from core.actors import SYSTEM, Actor
from core.errors import Invalid, Stale
from core.models import EventRecord
from customers import selectors
from customers import services as customers
from customers.addresses import PostalAddress
from customers.errors import DuplicateGroup, UnknownCustomer, UnknownSite, UserTaken
from customers.models import Address, Customer

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")
BERLIN = PostalAddress(name="Ada Byron", line1="1 Main St", city="Berlin", postal_code="10115", country="DE")


def make(**given):
    """Write a customer down."""
    given.setdefault("name", "Ada Byron")
    return customers.create_customer(customers.CustomerInput(**given), actor=SYSTEM)


def test_a_customer_has_a_number_from_the_first_moment():
    ada = make(email="ada@example.com")

    assert ada.number == f"C-{ada.pk:06d}"
    assert selectors.by_number(ada.number.lower()) == ada


def test_a_company_is_one_because_it_has_a_name_of_its_own():
    assert make(company="Kettle & Co.").kind == "company"
    assert make().kind == "person"


def test_an_address_known_in_other_capitals_finds_the_same_customer():
    first = customers.find_or_create(email="Ada@Example.com", name="Ada", actor=SYSTEM)

    again = customers.find_or_create(email=" ada@example.COM ", name="Somebody else", actor=SYSTEM)

    assert again == first
    assert Customer.objects.get().name == "Ada"


def test_of_several_with_one_address_the_oldest_active_wins():
    retired, oldest, youngest = (make(email="ada@example.com", name=name) for name in ("A", "B", "C"))
    customers.update_customer(retired.pk, {"active": False}, actor=MAYA)

    assert customers.find_or_create(email="ada@example.com", name="", actor=SYSTEM) == oldest
    assert youngest.pk > oldest.pk


def test_without_an_address_there_is_nobody_to_find():
    first = customers.find_or_create(email="", name="Guest", actor=SYSTEM)
    second = customers.find_or_create(email="", name="Guest", actor=SYSTEM)

    assert first != second


def test_finding_costs_one_statement(django_assert_num_queries):
    make(email="ada@example.com")

    with django_assert_num_queries(1):
        customers.find_or_create.__wrapped__(email="ada@example.com", name="Ada", actor=SYSTEM)


def test_a_change_says_who_and_what_was_before():
    ada = make(email="ada@example.com", credit_limit=Decimal("100"))

    changed = customers.update_customer(
        ada.pk, {"name": "Ada Lovelace", "credit_limit": Decimal("250.50"), "language": "en"}, actor=MAYA
    )

    record = EventRecord.objects.get(name="customers.customer.changed")
    assert changed.version == 1
    assert (record.thread, record.actor) == (f"customers.customer:{ada.pk}", "staff:maya")
    assert record.payload == {
        "before": {"name": "Ada Byron", "credit_limit": "100"},
        "after": {"name": "Ada Lovelace", "credit_limit": "250.5"},
        "currency": "EUR",
    }


def test_a_change_that_changes_nothing_leaves_no_trace():
    ada = make(email="ada@example.com", tags=("vip",))

    same = customers.update_customer(ada.pk, {"email": "ADA@example.com ", "tags": ["vip", "vip"]}, actor=MAYA)

    assert same.version == 0
    assert not EventRecord.objects.filter(name__startswith="customers.customer.changed").exists()


def test_a_stale_change_is_refused():
    ada = make()
    customers.update_customer(ada.pk, {"notes": "calls on Mondays"}, actor=MAYA)

    with pytest.raises(Stale) as refused:
        customers.update_customer(ada.pk, {"notes": "never calls"}, expected_version=0, actor=MAYA)

    assert refused.value.details == {"version": 1}
    assert Customer.objects.get().notes == "calls on Mondays"


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "not an address"), ("name", ""), ("group", "nobody"), ("kind", "robot"), ("phone", "1" * 41)],
)
def test_what_can_never_be_right_is_refused_with_the_name_of_the_field(field, value):
    ada = make(email="ada@example.com")

    with pytest.raises(Invalid) as refused:
        customers.update_customer(ada.pk, {field: value}, actor=MAYA)

    assert [fault["pointer"] for fault in refused.value.errors] == [f"/{field}"]
    assert Customer.objects.get().email == "ada@example.com"


def test_number_and_version_are_not_for_changing():
    ada = make()

    with pytest.raises(Invalid, match="number cannot be changed here"):
        customers.update_customer(ada.pk, {"number": "C-1"}, actor=MAYA)


def test_nobody_is_changed_who_does_not_exist():
    with pytest.raises(UnknownCustomer):
        customers.update_customer(404, {"name": "Nobody"}, actor=MAYA)
    with pytest.raises(UnknownCustomer):
        selectors.by_number("C-000404")


def test_a_group_is_named_once():
    trade = customers.create_group("Trade", "Wholesale", actor=MAYA)

    assert make(group="trade").group == trade
    with pytest.raises(DuplicateGroup):
        customers.create_group("trade", "Again", actor=MAYA)


def test_a_sign_in_belongs_to_one_customer(django_user_model):
    user = django_user_model.objects.create_user("ada")
    ada, eve = make(), make(name="Eve")
    customers.link_user(ada.pk, user.pk, actor=SYSTEM)

    with pytest.raises(UserTaken):
        customers.link_user(eve.pk, user.pk, actor=SYSTEM)

    assert user.customer == ada


def test_sites_tell_where_invoices_and_goods_go():
    ada = make()
    office = customers.add_address(ada.pk, BERLIN, label="Office", is_bill_to=True, is_ship_to=False, actor=MAYA)
    customers.add_address(ada.pk, PostalAddress(line1="Dock 4", city="Hamburg", country="de"), actor=MAYA)

    bill_to, ship_to = selectors.default_addresses(ada)

    assert bill_to == BERLIN
    assert (ship_to.city, ship_to.country) == ("Hamburg", "DE")
    customers.update_address(office.pk, {"line1": "2 Main St"}, actor=MAYA)
    assert Address.objects.get(pk=office.pk).line1 == "2 Main St"
    customers.remove_address(office.pk, actor=MAYA)
    told = list(
        EventRecord.objects.filter(name="customers.customer.changed").order_by("pk").values_list("payload", flat=True)
    )
    assert [set(one["before"]) for one in told] == [{"site"}] * 4
    was, becomes = told[2]["before"]["site"], told[2]["after"]["site"]
    assert becomes == {
        **BERLIN.as_dict(),
        "line1": "2 Main St",
        "label": "Office",
        "is_bill_to": True,
        "is_ship_to": False,
    }
    assert {name for name in was if was[name] != becomes[name]} == {"line1"}
    assert told[3]["after"]["site"] == ""


def test_what_somebody_else_wrote_while_we_waited_for_the_lock_stays(monkeypatch):
    site = customers.add_address(make().pk, BERLIN, actor=MAYA)
    wait = Customer.objects.locked

    def wait_for_another():
        Address.objects.filter(pk=site.pk).update(city="Potsdam")
        return wait()

    monkeypatch.setattr(Customer.objects, "locked", wait_for_another)

    customers.update_address(site.pk, {"label": "Office"}, actor=MAYA)

    found = Address.objects.get(pk=site.pk)
    assert (found.label, found.city) == ("Office", "Potsdam")


def test_a_site_that_is_gone_is_missing():
    site = customers.add_address(make().pk, BERLIN, actor=MAYA)
    customers.remove_address(site.pk, actor=MAYA)

    with pytest.raises(UnknownSite):
        customers.update_address(site.pk, {"label": "Office"}, actor=MAYA)
    with pytest.raises(UnknownSite):
        customers.remove_address(site.pk, actor=MAYA)


def test_a_country_is_two_letters_or_unknown():
    ada = make()

    assert customers.add_address(ada.pk, PostalAddress(city="Somewhere"), actor=MAYA).country == ""
    with pytest.raises(Invalid):
        customers.add_address(ada.pk, PostalAddress(country="D1"), actor=MAYA)


def test_a_contact_belongs_to_a_site_of_the_same_customer():
    ada, eve = make(), make(name="Eve")
    site = customers.add_address(eve.pk, BERLIN, actor=MAYA)

    contact = customers.add_contact(eve.pk, name="Bob", role="Buyer", email="Bob@Example.com", site=site, actor=MAYA)

    assert contact.email == "bob@example.com"
    with pytest.raises(Invalid):
        customers.add_contact(ada.pk, name="Bob", site=site, actor=MAYA)
    with pytest.raises(Invalid):
        customers.update_contact(contact.pk, {"email": "nonsense"}, actor=MAYA)
    customers.remove_contact(contact.pk, actor=MAYA)
    assert not eve.contacts.exists()


def test_text_finds_number_mail_name_and_company():
    ada = make(email="ada@example.com", company="Analytical Engines")
    make(name="Eve")

    found = [list(selectors.customers(text=text)) for text in (ada.number, "ADA@", "byron", "engines")]

    assert found == [[ada]] * 4
