"""A customer comes in by password or by a link in a mail; nobody learns who else is a customer."""

import re

import pytest

from core.models import OutgoingMail
from customers.models import Customer
from orders.models import Order
from tests.portal.visitors import text_of
from tests.scenarios import placed_order


def link_in_mail() -> str:
    found = re.search(r"/sign-in/link/\S+/", OutgoingMail.objects.latest("pk").text)
    assert found
    return found[0]


@pytest.mark.parametrize("name", ["ada", "ada@example.com", " Ada@Example.com "])
def test_user_name_and_e_mail_address_both_open_the_account(client, ada, name):
    answer = client.post("/sign-in/", {"username": name, "password": "kettle-and-tea"})

    assert answer.status_code == 302
    assert answer.url == "/orders/"


def test_a_wrong_password_and_an_unknown_name_are_refused_in_the_same_words(client, ada):
    wrong = client.post("/sign-in/", {"username": "ada", "password": "coffee"})
    unknown = client.post("/sign-in/", {"username": "nobody@example.com", "password": "coffee"})

    assert wrong.status_code == unknown.status_code == 400
    words = "This name and password do not belong together."
    assert words in text_of(wrong)
    assert words in text_of(unknown)


def test_signing_in_leads_to_the_page_that_was_asked_for_but_never_to_another_site(client, ada):
    answers = {"username": "ada", "password": "kettle-and-tea"}

    assert client.post("/sign-in/", {**answers, "next": "/shop/"}).url == "/shop/"
    assert client.post("/sign-in/", {**answers, "next": "https://evil.example/"}).url == "/orders/"


def test_a_link_from_a_mail_signs_in_once(client, ada):
    client.post("/sign-in/link/", {"email": "ADA@example.com"})
    link = link_in_mail()

    client.get(link)
    assert "_auth_user_id" not in client.session

    assert client.post(link).url == "/orders/"
    assert client.session["_auth_user_id"] == str(ada.user.pk)
    assert client.post(link).status_code == 410


def test_opening_the_link_changes_nothing_however_often(client, ada):
    client.post("/sign-in/link/", {"email": "ada@example.com"})
    link = link_in_mail()

    assert [client.get(link).status_code for _ in range(3)] == [200, 200, 200]
    assert client.post(link).status_code == 302


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client, ada):
    known = client.post("/sign-in/link/", {"email": "ada@example.com"})
    unknown = client.post("/sign-in/link/", {"email": "eve@example.com"})

    assert known.status_code == unknown.status_code == 200
    assert text_of(known).replace("ada@", "eve@") == text_of(unknown)
    assert OutgoingMail.objects.count() == 1


def test_a_buyer_without_an_account_gets_one_with_the_first_link(client):
    placed_order()
    buyer = Customer.objects.get(email="ada@example.com")
    assert buyer.user is None

    client.post("/sign-in/link/", {"email": "ada@example.com"})
    client.post(link_in_mail())

    buyer.refresh_from_db()
    assert buyer.user.username == buyer.number
    assert not buyer.user.has_usable_password()
    assert Order.objects.get().number in text_of(client.get("/orders/"))


def test_staff_never_come_in_by_a_link(client, ada):
    ada.user.is_staff = True
    ada.user.save()

    client.post("/sign-in/link/", {"email": "ada@example.com"})

    assert OutgoingMail.objects.count() == 0


def test_the_page_of_the_sent_link_can_be_read_again(client):
    assert client.get("/sign-in/link/").url == "/sign-in/"


def test_signing_out_forgets_the_account_and_every_opened_order(signed_in):
    order = placed_order()
    assert signed_in.get(f"/orders/{order.number}/").status_code == 200

    signed_in.post("/sign-out/")

    assert signed_in.get(f"/orders/{order.number}/").status_code == 404
    assert signed_in.get("/orders/").url == "/sign-in/?next=/orders/"


def test_the_reader_chooses_the_language(client):
    assert '<html lang="en">' in client.get("/").content.decode()

    assert client.post("/i18n/setlang/", {"language": "de", "next": "/shop/"}).url == "/shop/"

    assert '<html lang="de">' in client.get("/").content.decode()
