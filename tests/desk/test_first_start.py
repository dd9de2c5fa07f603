"""The checklist of the first start: every line tells the truth, and its button leads to what is missing."""

import smtplib

import pytest
from django.contrib.auth.models import Group
from django.core import mail

from billing.models import CreditNote, Invoice
from core import milestones, outbox
from core.actors import SYSTEM
from core.models import User
from desk import services
from desk.selectors import first_start
from inventory import services as inventory
from inventory.models import StockItem, Warehouse
from orders.admin.today import taken_today
from orders.models import Order
from pricing import services as pricing
from pricing.models import Channel
from reports import measures
from reports.forms import default_period
from tests.factories.billing import make_seller
from tests.factories.catalog import make_warehouse
from tests.scenarios import delivered_order

pytestmark = pytest.mark.django_db
ADDRESS = {"line1": "Kehrwieder 8", "postal_code": "20457", "city": "Hamburg"}


@pytest.fixture(autouse=True)
def _settings_are_read_anew():
    pricing.forget()


def line(code):
    return next(one for one in first_start.checklist().lines if one.code == code)


def place():
    return services.place_test_order(name="Maya Lindner", email="maya@example.com", actor=SYSTEM)


def test_nothing_works_in_an_empty_house_and_every_line_says_what_is_missing(staff):
    checklist = first_start.checklist()

    assert (checklist.done, len(checklist.lines)) == (0, 8)
    assert [one.code for one in checklist.lines if one.said and (one.deed or one.more)] == [
        "company",
        "tax",
        "warehouse",
        "shipping",
        "products",
        "mail",
        "people",
        "test",
    ]


def test_the_company_is_done_when_its_invoices_would_be_complete(db):
    seller = make_seller(iban="", vat_id="")
    assert line("company").said == "Missing: VAT id, IBAN."

    type(seller).objects.update(iban="DE02120300000000202051", vat_id="DE123456788")

    assert line("company").done


def test_tax_and_delivery_are_entered_by_one_button_each(staff):
    assert [line("tax").deed.post, line("tax").done] == ["defaults", False]

    staff.post("/desk/first-start/defaults/")
    make_warehouse("HAM", address=ADDRESS)
    pricing.forget()
    assert (line("tax").done, line("tax").said) == (True, "Germany: 19 %, 7 %.")
    assert (line("shipping").done, line("shipping").deed.post) == (False, "transits")

    staff.post("/desk/first-start/transits/")

    assert line("shipping").done
    assert line("shipping").said == "Standard delivery to Germany costs €4.90."


def test_goods_taxed_from_another_country_than_the_companys_are_named(shop):
    make_seller(address={**ADDRESS, "country": "AT"})

    found = line("tax")

    assert not found.done
    assert found.said.startswith("The company is in Austria, but goods of API, ")
    channel = Channel.objects.get(code="api").pk
    assert found.deed.url == f"/admin/pricing/channel/{channel}/change/?next=/desk/first-start/"


def test_a_warehouse_without_a_street_cannot_print_labels(staff):
    made = make_warehouse("HAM")
    assert line("warehouse").said == "HAM Warehouse HAM has no street or city; labels need them."

    url = f"/admin/inventory/warehouse/{made.pk}/change/"
    form = {"name": made.name, "country": "DE", "priority": "50", "active": "on", "open_days": ["mon"], **ADDRESS}
    assert staff.post(url, form).status_code == 302

    assert line("warehouse").done
    assert Warehouse.objects.get().address == ADDRESS


def test_a_form_opened_from_the_list_leads_back_to_it_and_nowhere_else(staff):
    form = {"code": "HAM", "name": "Hamburg", "country": "DE", "priority": "50", "open_days": ["mon"], **ADDRESS}

    back = staff.post("/admin/inventory/warehouse/add/?next=/desk/first-start/", form)
    elsewhere = staff.post("/admin/inventory/warehouse/add/?next=https://evil.example/", {**form, "code": "MUC"})

    assert back.headers["Location"] == "/desk/first-start/"
    assert elsewhere.headers["Location"] == "/admin/inventory/warehouse/"


def test_products_are_done_when_one_can_be_bought_and_shipped(shop):
    assert line("products").said == "2 products are for sale."

    StockItem.objects.all().update(on_hand=0)

    assert line("products").said == "No product has both a price and stock on a shelf."


def test_people_are_done_with_two_roles_and_two_steps(staff, django_user_model):
    assert line("people").said.startswith("You are alone.")

    tom = django_user_model.objects.create_user("tom", is_staff=True)
    assert line("people").said == "tom has no role yet and can do nothing."

    tom.groups.add(Group.objects.get(name="Warehouse"))
    assert line("people").said == "maya may do everything and signs in by password alone."

    User.objects.filter(username="maya").update(second_step_since="2026-01-01T00:00Z")
    assert line("people").said == "2 people work here."
    assert line("people").done


def test_a_test_mail_that_went_out_makes_mail_green(staff, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert line("mail").said == "No test mail went out yet."

    answer = staff.post("/desk/first-start/test-mail/", {"to": "maya@example.com"})

    assert answer.status_code == 302
    assert [sent.to for sent in mail.outbox] == [["maya@example.com"]]
    assert line("mail").done


def test_what_the_mail_server_refuses_is_shown_in_its_own_words(staff, settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    def refuse(*_):
        raise smtplib.SMTPAuthenticationError(535, b"5.7.8 Bad credentials")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)

    answer = staff.post("/desk/first-start/test-mail/", {"to": "maya@example.com"})

    assert answer.status_code == 400
    assert "535 5.7.8 Bad credentials" in answer.content.decode()
    assert not line("mail").done


def test_without_a_mail_server_nobody_is_told_that_mail_works(staff, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    assert line("mail").said.startswith("EMAIL_URL is not set")


def test_a_test_order_goes_all_the_way_and_back_and_leaves_nothing_behind(shop):
    make_seller()
    before = StockItem.objects.get(product=shop.mug, warehouse=shop.hamburg).on_hand

    order = place()
    outbox.drain()
    assert (line("test").done, line("test").deed.post) == (False, "ship")
    assert place().pk == order.pk, "a double click is one order"

    services.ship_test_order(actor=SYSTEM)
    outbox.drain()
    assert line("test").done
    assert Invoice.objects.get().number.startswith("TEST-")
    assert measures.revenue(default_period(), "month") == [], "it counts in no figure"
    assert [figure.value for figure in taken_today() if figure.label == "Orders"] == ["0"]

    services.take_test_order_back(actor=SYSTEM)
    outbox.drain()
    assert line("test").done
    assert StockItem.objects.get(product=shop.mug, warehouse=shop.hamburg).on_hand == before
    assert CreditNote.objects.get().total == Invoice.objects.get().total
    assert Invoice.objects.get().open_amount == 0
    assert Order.objects.get().balance_due == 0


def test_a_test_order_needs_something_to_sell_and_says_so(staff):
    staff.post("/desk/first-start/defaults/")
    pricing.forget()

    answer = staff.post("/desk/first-start/order/", follow=True)

    assert "No product has a price, and stock where it needs any" in answer.content.decode()
    assert not Order.objects.exists()


def test_administrators_land_there_until_it_is_put_away(client, django_user_model, shop):
    django_user_model.objects.create_superuser("maya", "maya@example.com", "a-long-secret")
    said = {"username": "maya", "password": "a-long-secret"}

    assert client.post("/admin/login/", said).headers["Location"] == "/desk/first-start/"
    assert b"of the first start" in client.get("/admin/").content
    client.post("/desk/first-start/dismiss/")
    client.post("/admin/logout/")

    assert client.post("/admin/login/", said).headers["Location"] == "/admin/"
    assert milestones.reached(first_start.DISMISSED)


def test_a_house_that_served_a_customer_is_not_sent_back_to_the_start(shop):
    assert first_start.left() > 0

    delivered_order()

    assert first_start.left() == 0


def test_the_page_is_for_who_sets_the_house_up(client, django_user_model):
    user = django_user_model.objects.create_user("tom", is_staff=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    for ask in (client.get, client.post):
        assert ask("/desk/first-start/").status_code in (403, 405)
    assert client.post("/desk/first-start/defaults/").status_code == 403
    assert not Channel.objects.exists()


def test_the_page_asks_the_same_number_of_questions_whatever_there_is(staff, shop, django_assert_max_num_queries):
    make_seller()
    for n in range(30):
        inventory.create_product(inventory.ProductInput(sku=f"P-{n}", name="P"), actor=SYSTEM)
    staff.get("/desk/first-start/")

    with django_assert_max_num_queries(30):
        assert staff.get("/desk/first-start/").status_code == 200
