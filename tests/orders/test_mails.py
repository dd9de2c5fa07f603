"""What customers read, in their language, once."""

from decimal import Decimal

import pytest

from core.actors import SYSTEM, Actor
from core.models import OutgoingMail
from orders import notifications, services
from orders.ports import payment_details
from pricing import reference
from pricing.models import Channel
from tests.factories.shop import make_priced_product
from tests.scenarios import confirmed_order, paid, placed_order

pytestmark = pytest.mark.django_db


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind__startswith="order_").order_by("pk"))


def test_who_must_pay_is_told_how(shop, run_debts, monkeypatch):
    monkeypatch.setattr(payment_details, "_tell", lambda order: [("IBAN", "DE02 1203 0000 0000 2020 51")])
    order = placed_order()

    run_debts()

    (mail,) = mails()
    assert (mail.to, mail.subject) == ("ada@example.com", f"We received your order {order.number}")
    for part in (
        "€22.06",
        f"Reference: {order.number}",
        "IBAN: DE02",
        "2 × Red mug",
        "VAT 19 %: €2.56",
        "10115 Berlin",
    ):
        assert part in mail.text.replace("\xa0", " ")
    assert "/track/" in mail.text
    assert "DE02 1203" in mail.html


def test_a_confirmed_order_tells_what_comes_when_and_until_when_it_may_change(shop, run_debts):
    order = confirmed_order()

    run_debts()

    (mail,) = mails()
    assert mail.subject == f"Your order {order.number} is confirmed"
    assert f"With you by {notifications.wording.day(order.promised_on, 'en')}" in mail.text
    assert f"at the latest on {notifications.wording.day(order.ship_by_on, 'en')}" in mail.text
    assert "Total: €22.06" in mail.text
    assert "Payment: by invoice, within 14 days" in mail.text


def test_each_parcel_has_its_own_day(shop, run_debts):
    make_priced_product("RARE", "9.00", name="Rare pot", backorder=True, stock={"HAM": 1})
    confirmed_order({"RARE": 3})

    run_debts()

    text = mails()[0].text
    assert "1 × Rare pot" in text.partition("Follows when in stock")[0]
    assert "2 × Rare pot" in text.partition("Follows when in stock")[2]


def test_pictures_are_shown_where_there_are_some(shop, run_debts):
    make_priced_product("POT", "9.00", image="demo/pot.svg", stock={"HAM": 1})
    confirmed_order({"POT": 1})

    run_debts()

    assert 'src="http://127.0.0.1:8000/static/demo/pot.svg"' in mails()[0].html


def test_amounts_and_days_are_written_in_the_language_of_the_customer(shop, run_debts):
    confirmed_order(language="de")

    run_debts()

    (mail,) = mails()
    assert (mail.language, "22,06\xa0€" in mail.text) == ("de", True)
    assert "Deutschland" in mail.text


def test_a_prepaid_order_gets_both_mails_one_after_the_other(shop, run_debts):
    order = placed_order()
    run_debts()
    paid(order)
    run_debts()

    assert [mail.kind for mail in mails()] == ["order_received", "order_confirmed"]


def test_who_paid_meanwhile_is_not_asked_again(shop, run_debts):
    paid(placed_order())

    run_debts()

    assert [mail.kind for mail in mails()] == ["order_confirmed"]


def test_nobody_is_asked_to_pay_what_is_on_hold(shop, run_debts):
    order = placed_order(expected_total=Decimal(1))
    run_debts()
    assert mails() == []

    services.waive_check(order.pk, "total", reason="ok", actor=SYSTEM)
    run_debts()
    assert [mail.kind for mail in mails()] == ["order_received"]


def test_a_cancelled_order_says_where_the_money_is(shop, run_debts):
    order = paid(placed_order())
    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    notifications.send_order_cancelled(order.pk)

    assert "The €22.06 you paid are on their way back to you." in mails()[-1].text


def test_a_cancelled_order_is_not_confirmed_afterwards(shop, run_debts):
    order = confirmed_order()
    services.cancel_order(order.pk, reason="typo", actor=SYSTEM)

    run_debts()

    assert [mail.kind for mail in mails()] == ["order_cancelled"]


def test_a_mail_is_written_once(shop, run_debts):
    order = confirmed_order()
    run_debts()

    notifications.send_order_confirmation(order.pk)
    run_debts()

    assert len(mails()) == 1


def test_quiet_orders_write_to_nobody(shop, run_debts):
    order = placed_order(notify=False)
    paid(order)
    run_debts()

    assert mails() == []


def test_who_left_no_address_gets_none(shop, run_debts):
    confirmed_order(email="", phone="123")

    run_debts()

    assert mails() == []


@pytest.mark.parametrize(
    ("language", "rows"),
    [
        ("en", "Goods: €14.20 Shipping: €4.90 Total: €19.10 including VAT 19 %: €2.15 including VAT 7 %: €0.37"),
        (
            "de",
            "Waren: 14,20 € Versand: 4,90 € Gesamt: 19,10 € inkl. USt. 19 %: 2,15 € inkl. USt. 7 %: 0,37 €",
        ),
    ],
)
def test_where_prices_include_tax_all_that_is_listed_adds_up_to_the_total(shop, run_debts, language, rows):
    Channel.objects.filter(code="api").update(prices_include_tax=True)
    reference.forget()
    confirmed_order(language=language)
    run_debts()

    assert rows in " ".join(mails()[-1].text.split())


def test_a_comment_to_the_customer_is_mailed_once_and_no_other_is(shop, run_debts):
    order = placed_order()
    services.add_comment(order.pk, "Difficult on the phone", actor=SYSTEM)
    services.add_comment(order.pk, "My bell is broken", public=True, actor=Actor("customer", "C-1"))
    comment = services.add_comment(order.pk, "The <red> one\nis sold out", public=True, actor=Actor("staff", "maya"))

    run_debts()
    again = notifications.send_comment(order.pk, comment_id=comment.pk)

    (mail,) = OutgoingMail.objects.filter(kind="order_comment")
    assert (again, mail.to) == (mail, "ada@example.com")
    assert mail.subject == f"A message about your order {order.number}"
    assert "The <red> one\nis sold out" in mail.text
    assert "The &lt;red&gt; one<br>is sold out" in mail.html
    assert "maya" not in mail.text.lower()
