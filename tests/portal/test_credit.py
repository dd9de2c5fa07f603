"""Store credit in the portal: seen by its owner, used at the check-out and on the page of an order, by nobody else."""

from decimal import Decimal

import pytest

from billing import services as billing
from billing.models import Payment, StoreCredit
from core.actors import SYSTEM
from core.money import Money
from orders.models import Order
from tests.portal.visitors import ADDRESS, text_of

D = Decimal


@pytest.fixture
def purse(ada):
    """Give Ada 12.00 of credit."""
    billing.give_store_credit(
        ada.pk, amount=Money(D("12.00"), "EUR"), reason="Late parcel", reference="G-1", actor=SYSTEM
    )
    return StoreCredit.objects.get()


def order_with(browser, **more):
    browser.post("/cart/put/", {"quantity:MUG-RED": "2", "quantity:TEA-1": "1"})
    token = browser.get("/checkout/").context["form"]["token"].value()
    return browser.post("/checkout/", {**ADDRESS, "token": token, "place": "1", **more}, follow=True)


def test_credit_is_used_at_the_check_out_and_the_rest_is_left_to_pay(signed_in, purse):
    signed_in.post("/cart/put/", {"quantity:MUG-RED": "2", "quantity:TEA-1": "1"})
    page = signed_in.get("/checkout/")
    assert "Use your store credit: €12.00" in text_of(page)
    token = page.context["form"]["token"].value()
    shown = signed_in.post("/checkout/", {**ADDRESS, "token": token, "update": "1", "use_credit": "on"})
    assert (shown.context["from_credit"], shown.context["left_to_pay"]) == (D("12.00"), D("10.06"))
    assert not Order.objects.exists()

    order_with(signed_in, use_credit="on")

    order = Order.objects.get()
    assert (order.authorized_total, order.balance_due) == (D("12.00"), D("22.06"))
    purse.refresh_from_db(fields=["balance", "held"])
    assert (purse.balance, purse.held) == (D("12.00"), D("12.00"))
    assert "You have €0.00 to spend." in text_of(signed_in.get("/credit/"))


def test_credit_that_covers_an_order_confirms_it(signed_in, ada, purse):
    billing.give_store_credit(ada.pk, amount=Money(D("20.00"), "EUR"), reason="More", reference="G-2", actor=SYSTEM)
    order_with(signed_in, use_credit="on")
    assert Order.objects.get().status == "confirmed"
    assert "How to pay" not in text_of(signed_in.get(f"/orders/{Order.objects.get().number}/"))


def test_an_order_without_the_tick_leaves_the_credit_alone_until_its_page_uses_it(signed_in, purse):
    order_with(signed_in)
    order = Order.objects.get()
    assert not Payment.objects.exists()
    assert "Use €12.00 of your store credit" in text_of(signed_in.get(f"/orders/{order.number}/"))
    used = signed_in.post(f"/orders/{order.number}/use-credit/", follow=True)
    assert "€12.00 of your store credit is used for this order." in text_of(used)
    again = signed_in.post(f"/orders/{order.number}/use-credit/", follow=True)
    assert "Nothing can be paid with your credit at the moment" in text_of(again)
    assert Payment.objects.get().amount == D("12.00")


def test_a_link_opens_the_order_and_not_the_purse(client, signed_in, purse):
    order_with(signed_in)
    order = Order.objects.get()
    signed_in.post("/sign-out/")
    guest = client
    guest.post("/look-up/", {"number": order.number, "email": "ada@example.com"})
    page = text_of(guest.get(f"/orders/{order.number}/"))
    assert "How to pay" in page
    assert "store credit" not in page
    guest.post(f"/orders/{order.number}/use-credit/")
    assert not Payment.objects.exists()
    assert guest.get("/credit/").status_code == 302


def test_the_page_of_credit_tells_what_became_of_it(signed_in, purse):
    assert "Late parcel" in text_of(signed_in.get("/credit/"))


def test_somebody_without_credit_reads_what_it_is(signed_in):
    assert "You have no store credit." in text_of(signed_in.get("/credit/"))


def test_the_page_of_an_order_says_what_credit_pays_and_what_is_left(signed_in, ada, purse, run_debts):
    shown = order_with(signed_in, use_credit="on")
    order = Order.objects.get()
    # Held for it, and no less used.
    for words in ("From your store credit €12.00", "Left to pay €10.06"):
        assert words in text_of(shown)
    assert "Paid" not in text_of(shown).split("Total")[-1].split("Left to pay")[0]
    billing.record_payment(order.pk, method="cash", amount=D("10.06"), actor=SYSTEM)
    billing.capture_payment(Payment.objects.get(gateway="store_credit").pk, actor=SYSTEM)
    shown = text_of(signed_in.get(f"/orders/{order.number}/"))
    assert "From your store credit €12.00 Paid €10.06" in shown
    assert "Left to pay" not in shown


def test_an_order_without_credit_says_nothing_of_it(signed_in, ada):
    shown = text_of(order_with(signed_in))
    assert "From your store credit" not in shown
    assert "Left to pay" not in shown
