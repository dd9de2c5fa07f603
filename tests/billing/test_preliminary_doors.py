"""Who may have the papers before the invoice, and by which door: nobody sees those of somebody else."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import services as billing
from core import roles
from core.actors import SYSTEM, Actor
from core.models import ApiKey, OutgoingMail, User
from customers.models import Customer
from orders import services as orders
from orders.models import Draft
from tests.factories.billing import place
from tests.scenarios import order_input

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seller")]
MAYA = Actor("staff", "maya")
API, WRITER = "/api/v1/orders/", "orders:read orders:write"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def offer(run_debts):
    draft = orders.save_draft(order_input(payment_terms="net14"), actor=MAYA)
    orders.offer_draft(draft.pk, valid_until=timezone.localdate() + timedelta(days=14), actor=MAYA)
    run_debts()
    return draft


def link():
    return re.search(r"/quotations/[^\s\"]+/", OutgoingMail.objects.get(kind="quotation").text)[0]


def is_pdf(answer):
    return (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")


def signed_in(email):
    customer = Customer.objects.filter(email=email).first() or Customer.objects.create(name=email, email=email)
    user = User.objects.create_user(email, password="x")
    Customer.objects.filter(pk=customer.pk).update(user=user)
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def member(*, groups, **limits):
    user = User.objects.create_user("ida", password="x", is_staff=True, limits=limits)
    user.groups.add(*(roles.group_of(code) for code in groups))
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_who_holds_the_link_of_an_offer_has_its_paper_until_it_says_something_else(offer):
    guest, mine = Client(), link()

    assert f"{mine}pdf/" in guest.get(mine).content.decode()
    assert is_pdf(guest.get(f"{mine}pdf/"))
    assert guest.get(f"{mine[:-3]}x/pdf/").status_code == 404
    Draft.objects.update(valid_until=timezone.localdate() - timedelta(days=1))
    orders.lapse_drafts()
    assert is_pdf(guest.get(f"{mine}pdf/"))
    assert f"{mine}pdf/" in guest.get(mine).content.decode()


def test_a_changed_offer_is_not_handed_out_by_the_old_link(offer):
    mine = link()
    orders.save_draft(order_input({"TEA-1": 3}, payment_terms="net14"), draft_id=offer.pk, actor=MAYA)
    assert Client().get(f"{mine}pdf/").status_code == 404
    orders.offer_draft(offer.pk, valid_until=timezone.localdate() + timedelta(days=14), actor=MAYA)
    assert Client().get(f"{mine}pdf/").status_code == 404


def test_customers_find_what_is_offered_to_them_and_nobody_else_does(offer):
    ada, bob = signed_in("ada@example.com"), signed_in("bob@example.com")

    (row,) = ada.get("/quotations/").context["offers"]
    assert row["order"] == offer
    assert is_pdf(ada.get(f"{row['url'].removeprefix('http://127.0.0.1:8000')}pdf/"))
    assert list(bob.get("/quotations/").context["offers"]) == []
    assert "No offer is open." in bob.get("/quotations/").content.decode()
    assert Client().get("/quotations/").status_code == 302


def test_an_order_hands_its_papers_to_its_customer_only(offer, run_debts):
    ada, bob = signed_in("ada@example.com"), signed_in("bob@example.com")
    papers = [f"/orders/{offer.number}/{kind}/" for kind in ("quotation", "proforma")]
    assert {ada.get(path).status_code for path in papers} == {404}, "a draft is no order"
    orders.accept_quotation(offer.pk, version=offer.version, actor=Actor("customer", "C-000001"))

    page = ada.get(f"/orders/{offer.number}/").content.decode()
    assert all(path in page and is_pdf(ada.get(path)) for path in papers)
    assert {bob.get(path).status_code for path in papers} == {404}
    assert {Client().get(path).status_code for path in papers} == {404}
    billing.issue_invoice(billing.invoice_order(offer.pk, actor=SYSTEM).pk)
    assert "/proforma/" not in ada.get(f"/orders/{offer.number}/").content.decode()
    assert ada.get(papers[1]).status_code == 404
    assert is_pdf(ada.get(papers[0]))


def test_staff_open_them_from_the_page_of_the_order_and_read_why_there_is_none(offer, staff):
    order = place()
    quotation = reverse("admin:billing_order_quotation", args=[offer.pk])
    proforma = reverse("admin:billing_order_proforma", args=[order.pk])

    assert quotation in staff.get(reverse("admin:orders_order_change", args=[offer.pk])).content.decode()
    assert is_pdf(staff.get(quotation))
    page = staff.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert proforma in page
    assert reverse("admin:billing_order_quotation", args=[order.pk]) not in page
    assert is_pdf(staff.get(proforma))
    billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)

    told = staff.get(proforma, follow=True).content.decode()
    assert "All of it is invoiced: INV-000001. The invoice is its paper." in told
    assert proforma not in told


def test_limited_staff_find_none_of_other_channels_nor_papers_of_money_they_may_not_see(offer):
    order = place()
    papers = [reverse(f"admin:billing_order_{kind}", args=[order.pk]) for kind in ("quotation", "proforma")]
    limited = member(groups=["manager", "finance"], channel=["portal"])
    packer = Client()
    packer.force_login(User.objects.create_user("tom", is_staff=True), backend=BACKEND)

    assert {limited.get(path).status_code for path in papers} == {404}
    assert {packer.get(path).status_code for path in papers} == {403}


def test_keys_have_them_by_scope_and_channel(offer, make_api):
    order = place()
    quotation, proforma = f"{API}{offer.number}/quotation/pdf/", f"{API}{order.number}/proforma/pdf/"
    reader, clerk, other = (make_api(*scopes.split()) for scopes in ("orders:read", WRITER, "invoices:read"))

    assert (is_pdf(reader.get(quotation)), reader.get(proforma).status_code) == (True, 403)
    assert (other.get(quotation).status_code, is_pdf(other.get(proforma))) == (403, True)
    assert b"/quotations/" not in reader.get(quotation).content
    assert b"/quotations/" in clerk.get(quotation).content
    assert clerk.get(f"{API}{order.number}/quotation/pdf/").json()["code"] == "not_offered"
    billing.issue_invoice(billing.invoice_order(order.pk, actor=SYSTEM).pk)
    refused = other.get(proforma)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_proforma")


def test_keys_of_another_channel_find_neither(offer, make_api):
    key, order = make_api("orders:read", "invoices:read"), place()
    ApiKey.objects.update(channels=["portal"])

    assert key.get(f"{API}{offer.number}/quotation/pdf/").status_code == 404
    assert key.get(f"{API}{order.number}/proforma/pdf/").status_code == 404


def test_the_list_of_offers_costs_the_same_statements_however_long(offer, django_assert_num_queries):
    ada = signed_in("ada@example.com")
    # Only the first page of a minute asks whether the shop has a logo.
    assert billing.shop_logo() is None
    with django_assert_num_queries(4):
        one = ada.get("/quotations/")
    for _more in range(3):
        draft = orders.save_draft(order_input(payment_terms="net14"), actor=MAYA)
        orders.offer_draft(draft.pk, valid_until=timezone.localdate(), actor=MAYA)
    with django_assert_num_queries(4):
        four = ada.get("/quotations/")

    assert [len(answer.context["offers"]) for answer in (one, four)] == [1, 4]
    assert four.context["offers"][-1]["order"] == offer
