"""The customer's page at the desk."""

import pytest
from django.contrib.auth.models import Permission

from core.actors import SYSTEM
from core.models import EventRecord
from customers import services as customers
from customers.addresses import PostalAddress
from customers.models import Address, Contact, Customer, CustomerGroup
from customers.services import CustomerInput

pytestmark = pytest.mark.django_db
LIST = "/admin/customers/customer/"
PERSON = {
    "kind": "person",
    "name": "Ada Byron",
    "company": "",
    "email": "Ada@Example.com",
    "phone": "",
    "language": "en",
    "vat_id": "",
    "currency": "eur",
    "payment_terms": "prepaid",
    "credit_limit": "",
    "tags": "vip, early, vip",
    "notes": "Calls on Mondays.",
    "active": "on",
}


def forms_of(prefix, *rows, initial=0):
    """Return the rows of an inline as a browser sends them."""
    sent = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    return sent | {f"{prefix}-{place}-{name}": value for place, row in enumerate(rows) for name, value in row.items()}


NO_PARTS = forms_of("addresses") | forms_of("contacts")


@pytest.fixture
def ada():
    """Return a company with a site and a contact."""
    customers.create_group("trade", "Wholesale", actor=SYSTEM)
    given = CustomerInput(
        name="Ada Byron",
        company="Analytical Engines",
        email="ada@example.com",
        group="trade",
        tags=("vip",),
        notes="Calls on Mondays.",
    )
    row = customers.create_customer(given, actor=SYSTEM)
    customers.add_address(row.pk, PostalAddress(line1="1 Main St", city="Berlin"), label="Office", actor=SYSTEM)
    customers.add_contact(row.pk, name="Charles", role="Buyer", email="charles@example.com", actor=SYSTEM)
    return row


def page(customer, *rest):
    """Return an address of a customer's pages."""
    return "/".join([f"{LIST}{customer.pk}", *rest, ""])


def test_the_page_tells_all_we_know(ada, staff):
    text = staff.get(page(ada, "change")).content.decode()

    for known in (
        ada.number,
        "Analytical Engines",
        "ada@example.com",
        "Wholesale",
        "Berlin",
        "Charles",
        "Mondays",
        "Became a customer",
    ):
        assert known in text


def test_the_page_and_the_list_take_few_statements(
    ada, staff, django_assert_num_queries, django_assert_max_num_queries
):
    staff.get(LIST)
    with django_assert_num_queries(6):
        staff.get(LIST)
    for number in range(20):
        customers.create_customer(CustomerInput(name=f"Customer {number}", group="trade"), actor=SYSTEM)
    with django_assert_num_queries(6):
        staff.get(LIST)
    with django_assert_max_num_queries(36):
        staff.get(page(ada, "change"))


@pytest.mark.parametrize(
    ("term", "found"), [("ada@", 1), ("engines", 1), ("eng ada", 1), ("gines", 0), ("C-0000", 0), ("nobody", 0)]
)
def test_the_list_is_searched_as_everywhere(ada, staff, term, found):
    assert len(staff.get(f"{LIST}?q={term}").context["cl"].result_list) == found


def test_a_customer_is_written_down_with_a_site_and_a_contact(staff):
    sites = forms_of("addresses", {"line1": "1 Main St", "city": "Berlin", "country": "DE", "is_ship_to": "on"})
    contacts = forms_of("contacts", {"name": "Charles", "email": "Charles@Example.com"})

    response = staff.post(f"{LIST}add/", PERSON | sites | contacts)

    row = Customer.objects.get()
    assert response.status_code == 302
    assert (row.email, row.currency, row.tags) == ("ada@example.com", "EUR", ["vip", "early"])
    assert (row.addresses.get().city, row.contacts.get().email) == ("Berlin", "charles@example.com")
    assert EventRecord.objects.filter(name="customers.customer_created", actor="staff:maya").count() == 1


def test_the_form_changes_what_was_changed_and_tells_it(ada, staff):
    site, contact = ada.addresses.get(), ada.contacts.get()
    body = PERSON | {"kind": "company", "company": "Engines Ltd.", "tags": "vip", "group": ada.group_id, "_version": 0}
    sites = forms_of(
        "addresses",
        {"id": site.pk, "customer": ada.pk, "label": "Office", "line1": "2 Main St", "city": "Berlin",
         "is_ship_to": "on"},
        {"customer": ada.pk, "label": "Dock", "city": "Hamburg", "country": "DE"},
        initial=1,
    )  # fmt: skip
    people = forms_of("contacts", {"id": contact.pk, "customer": ada.pk, "name": "Charles", "DELETE": "on"}, initial=1)

    response = staff.post(page(ada, "edit"), body | sites | people)

    assert (response.status_code, response["Location"]) == (302, page(ada, "change"))
    row = Customer.objects.get()
    assert (row.company, row.version) == ("Engines Ltd.", 1)
    assert list(row.addresses.order_by("pk").values_list("label", "line1", "city")) == [
        ("Office", "2 Main St", "Berlin"),
        ("Dock", "", "Hamburg"),
    ]
    assert not Contact.objects.exists()
    told = EventRecord.objects.filter(name="customers.customer.changed", actor="staff:maya").order_by("pk")
    assert [set(record.payload["after"]) for record in told] == [{"company"}, {"site"}, {"site"}, {"contact"}]


def test_who_saves_over_somebody_elses_change_is_told_and_loses_nothing(ada, staff):
    customers.update_customer(ada.pk, {"phone": "+49 30 1"}, actor=SYSTEM)

    response = staff.post(page(ada, "edit"), PERSON | NO_PARTS | {"phone": "+49 30 2", "_version": 0})

    assert response.status_code == 200
    assert response.context["adminform"].form["phone"].value() == "+49 30 2"
    assert Customer.objects.get().phone == "+49 30 1"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"email": "nonsense"}, "email"), ({"currency": "EURO"}, "currency"), ({"credit_limit": "-1"}, "credit_limit")],
)
def test_what_is_wrong_is_said_beside_the_field(ada, staff, change, field):
    response = staff.post(page(ada, "edit"), PERSON | NO_PARTS | change)

    assert list(response.context["adminform"].form.errors) == [field]
    assert Customer.objects.get().version == 0


def test_a_site_that_is_wrong_undoes_the_whole_save(ada, staff):
    sites = forms_of("addresses", {"customer": ada.pk, "country": "XX"})

    response = staff.post(page(ada, "edit"), PERSON | sites | forms_of("contacts"))

    assert response.status_code == 200
    assert (Customer.objects.get().version, Address.objects.count()) == (0, 1)


def test_groups_are_kept(staff):
    url = "/admin/customers/customergroup/"
    assert staff.post(f"{url}add/", {"code": "trade", "name": "Trade"}).status_code == 302
    trade = CustomerGroup.objects.get()

    assert staff.post(f"{url}{trade.pk}/change/", {"name": "Wholesale"}).status_code == 302
    again = staff.post(f"{url}add/", {"code": "trade", "name": "Again"})

    assert (again.status_code, CustomerGroup.objects.get().name) == (200, "Wholesale")


def test_who_may_only_look_changes_nothing(ada, client, django_user_model):
    user = django_user_model.objects.create_user("ines", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_customer"))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(page(ada, "change")).status_code == 200
    assert client.get(page(ada, "edit")).status_code == 403
    assert client.post(page(ada, "edit"), PERSON).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert Customer.objects.get().version == 0


def test_one_box_finds_customers(ada, staff):
    assert staff.get(f"/admin/search/?q={ada.number}")["Location"] == page(ada, "change")
