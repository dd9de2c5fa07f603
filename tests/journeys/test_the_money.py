"""The money of the script: an order by phone that is paid on the provider's page (2), and half of it back (6)."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from billing.models import CreditNote, Payment, Refund
from core import invariants, outbox, roles
from core.actors import SYSTEM
from core.models import OutgoingMail, User
from customers import services as customers
from customers.addresses import PostalAddress
from demo.models import ProviderCheckout
from fulfillment import services as fulfillment
from inventory.models import Warehouse
from orders.models import Order
from returns import services as returns
from returns.decisions import Decision
from returns.models import ReturnRequest
from tests.factories.billing import make_seller
from tests.factories.shop import make_shop
from tests.journeys.test_new_order import option
from tests.scenarios import anew, placed_order

Window = Callable[..., Any]
HOME = PostalAddress(name="Lena Fischer", line1="Hafenstraße 3", city="Hamburg", postal_code="20457", country="DE")
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# What the portal and the back office say of one mug of two, with its tax.
ONE_MUG = "€5.95"


@pytest.fixture
def signed_in(lantern: None, open_browser: Any, live_server: Any) -> Window:
    """Return a maker of windows in which one of the people of the demo is signed in."""
    make_shop()
    make_seller()
    roles.ensure_roles()
    known = customers.create_customer(
        customers.CustomerInput(name="Lena Fischer", email="lena@example.com", language="en"), actor=SYSTEM
    )
    customers.add_address(known.pk, HOME, label="", is_bill_to=True, is_ship_to=True, actor=SYSTEM)
    lena = User.objects.create_user("lena", "lena@example.com", "x", first_name="Lena")
    customers.link_user(known.pk, lena.pk, actor=SYSTEM)

    def window(name: str, role: str = "", **given: Any) -> Any:
        user, is_new = User.objects.get_or_create(username=name, defaults={"is_staff": True})
        if is_new:
            user.groups.set([roles.group_of(role)])
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        page = open_browser(locale="en-GB", **{"viewport": WIDE, **given})
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return window


def go_to(page: Any, place: str) -> None:
    """Go to a place under Money."""
    nav = page.get_by_role("navigation", name="Main")
    link = nav.get_by_role("link", name=place, exact=True)
    # Where she is elsewhere the job leads to its first page, which shows the others.
    if not link.is_visible():
        nav.get_by_role("link", name="Money", exact=True).click()
    link.click()


def every_law_holds() -> bool:
    return all(not check().breaches for _code, _name, check in invariants.questions())


def test_an_order_by_phone_is_paid_by_the_link_of_its_mail_and_mayas_page_turns_confirmed(
    signed_in: Window, open_browser: Any
) -> None:
    maya = signed_in("maya", "desk")
    maya.goto("/admin/")
    maya.locator("main").focus()
    maya.keyboard.press("c")
    maya.wait_for_url("**/desk/orders/new/")
    maya.locator("#customer:focus").wait_for()
    maya.keyboard.type("lena")
    option(maya, "Lena Fischer")
    maya.keyboard.press("Enter")
    maya.locator("#product:focus").wait_for()
    maya.keyboard.type("tea")
    option(maya, "Morning tea")
    maya.keyboard.press("Enter")
    maya.locator(".quantity:focus").wait_for()
    expect(maya.locator("#promise")).to_contain_text("Everything by")
    maya.keyboard.type("2")
    maya.locator("#total", has_text="€14.23").wait_for()
    maya.get_by_role("button", name="Place and send pay link").click()
    maya.wait_for_url("**/admin/orders/order/*/change/")
    badge = maya.locator("main .badge").first
    expect(badge).to_have_text("Waiting for payment")
    maya.evaluate("document.querySelector('main').dataset.untouched = 'yes'")

    order = Order.objects.exclude(status="draft").get()
    outbox.drain()
    lena = open_browser(locale="en-GB", viewport=PHONE)
    lena.goto("/demo/mail/")
    lena.get_by_role("link", name=f"We received your order {order.number}").click()
    lena.frame_locator("iframe.mail").get_by_role("link", name="Pay €14.23 now").click()
    lena.wait_for_url(f"**/orders/{order.number}/**")
    lena.get_by_role("button", name="Pay €14.23 now").click()
    lena.wait_for_url("**/demo/provider/pay/**")
    expect(lena.get_by_role("heading", level=1)).to_have_text("€14.23")
    lena.get_by_role("button", name="Pay €14.23").click()
    lena.get_by_text("Thank you. Your payment is here.").wait_for()

    maya.locator("main .badge", has_text="Confirmed").wait_for()
    assert maya.evaluate("document.querySelector('main').dataset.untouched") == "yes", "it was not loaded anew"
    outbox.drain()
    assert (anew(order).status, anew(order).paid_total) == ("confirmed", Decimal("14.230"))
    assert set(OutgoingMail.objects.values_list("kind", "to")) == {
        ("order_received", "lena@example.com"),
        ("order_confirmed", "lena@example.com"),
    }
    assert every_law_holds()


def two_mugs_for_lena() -> Order:
    """Return two red mugs that Lena paid on the provider's page, and has."""
    known = customers.find_or_create(email="lena@example.com", name="Lena Fischer", actor=SYSTEM)
    return placed_order(
        {"MUG-RED": 2},
        channel="portal",
        customer_id=known.pk,
        email=known.email,
        customer_name="Lena Fischer",
        shipping_address=HOME,
        notify=True,
    )


def test_lena_returns_one_of_two_mugs_and_ines_sees_credit_note_and_refund_to_the_cent(signed_in: Window) -> None:
    order = two_mugs_for_lena()
    lena = signed_in("lena", viewport=PHONE)
    lena.goto(f"/orders/{order.number}/")
    lena.get_by_role("button", name=re.compile("^Pay .* now$")).click()
    lena.get_by_role("button", name=re.compile("^Pay €")).click()
    lena.get_by_text("Thank you. Your payment is here.").wait_for()
    fulfillment.fulfil_through(order.pk, through="delivered", actor=SYSTEM)
    outbox.drain()

    lena.goto("/orders/")
    lena.get_by_role("link", name=str(order.number)).first.click()
    lena.get_by_role("link", name="Return something").click()
    lena.get_by_label("Red mug").fill("1")
    lena.get_by_label("Why?").select_option(label="I changed my mind")
    lena.get_by_role("button", name="Register the return").click()
    lena.get_by_text("is registered").wait_for()
    outbox.drain()
    _come_back_to_hamburg()

    ines = signed_in("ines", "finance")
    ines.goto("/admin/")
    go_to(ines, "Credit notes")
    row = ines.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(ONE_MUG)
    note = CreditNote.objects.get()
    row.get_by_role("link", name=str(note.number)).click()
    expect(ines.get_by_role("heading", level=1)).to_have_text(f"Credit note {note.number}")
    expect(ines.get_by_role("main")).to_contain_text(ONE_MUG)
    expect(ines.locator("main .badge").first).to_have_text("Refunded")
    assert ines.request.get(f"/admin/billing/creditnote/{note.pk}/pdf/").body().startswith(b"%PDF-")

    go_to(ines, "Refunds")
    row = ines.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(ONE_MUG)
    row.get_by_role("link").first.click()
    expect(ines.locator("main .badge").first).to_have_text("Succeeded")
    expect(ines.get_by_role("main")).to_contain_text(ONE_MUG)

    refund, payment = Refund.objects.get(), Payment.objects.get()
    assert (note.total, refund.amount, payment.refunded) == (Decimal("5.950"),) * 3
    sent = ProviderCheckout.objects.get().refunds
    assert [(one["amount"]) for one in sent.values()] == ["5.95"], "it went back where it came from, once"
    lena.goto(f"/orders/{order.number}/")
    expect(lena.get_by_role("row", name="Refunded")).to_contain_text(ONE_MUG)
    expect(lena.get_by_role("link", name=f"Credit note {note.number}")).to_be_visible()
    assert lena.request.get(f"/orders/{order.number}/documents/{note.number}/").body().startswith(b"%PDF-")
    assert every_law_holds()


def _come_back_to_hamburg() -> None:
    """Let the warehouse take the mug in and the order desk settle it; test_the_line.py does that in the browser."""
    wanted = ReturnRequest.objects.get()
    if wanted.status == "requested":
        returns.authorize_return(wanted.pk, actor=SYSTEM)
    hamburg = Warehouse.objects.get(code="HAM")
    returns.receive_return(wanted.pk, warehouse_id=hamburg.pk, actor=SYSTEM)
    decisions = {one.pk: Decision("restock") for one in wanted.lines.all()}
    returns.inspect_return(wanted.pk, decisions=decisions, actor=SYSTEM)
    returns.resolve_return(wanted.pk, actor=SYSTEM)
    outbox.drain()
