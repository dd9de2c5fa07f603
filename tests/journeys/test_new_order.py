"""U4: an order on the phone, on one page, in at most seven clicks, or without a mouse at all."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from core import outbox
from core.actors import SYSTEM
from core.models import OutgoingMail, User
from customers import services as customers
from customers.models import Customer
from orders.models import Order
from tests.factories.shop import make_priced_product, make_shop
from tests.journeys.test_open_to_all import INSPECT, faults_in_every_look
from tests.scenarios import ADA

RIGHTS = ("view_order", "operate_order", "change_price", "view_customer", "add_customer")


@pytest.fixture
def house(transactional_db: None) -> Any:
    """Return the shop, with Ada who pays by invoice and is known."""
    shop = make_shop()
    make_priced_product("MUG-BLUE", "5.00", stock={"HAM": 900}, name="Blue mug")
    given = customers.CustomerInput(name="Ada Byron", email="ada@example.com", payment_terms="net14")
    customers.take_in(given, ADA, actor=SYSTEM)
    return shop


@pytest.fixture
def desk(house: Any, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a maker of windows in which Maya takes orders."""
    maya = User.objects.create_user("maya", first_name="Maya", is_staff=True)
    maya.user_permissions.set(Permission.objects.filter(codename__in=RIGHTS))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")

    def window(**given: Any) -> Any:
        options = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, **given}
        page = open_browser(**options)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return window


def option(page: Any, name: str) -> Any:
    found = page.get_by_role("option", name=name).first
    found.wait_for()
    return found


def type_and_take(page: Any, text: str, name: str) -> None:
    """Type some letters, and take what is offered first, by keyboard."""
    page.keyboard.type(text)
    option(page, name)
    page.keyboard.press("Enter")


def total(page: Any, amount: str) -> None:
    page.locator("#total", has_text=amount).wait_for()


def keeps(answer: Any) -> bool:
    """Say whether this is the answer to a draft that keeps itself."""
    return bool(answer.url.endswith("/keep/"))


def placed(page: Any) -> Order:
    page.wait_for_url("**/admin/orders/order/*/change/")
    return Order.objects.exclude(status="draft").get()


def begun(page: Any) -> Any:
    """Open the page with a known customer and return when its goods can be typed."""
    page.goto("/desk/orders/new/")
    page.locator("#customer:focus").wait_for()
    type_and_take(page, "byr", "Ada Byron")
    page.locator("#product:focus").wait_for()
    return page


def test_a_phone_order_takes_five_clicks_and_one_page(desk):
    page, clicks = desk(), 0
    page.goto("/admin/orders/order/")

    page.get_by_role("link", name="New order").click()
    clicks += 1
    page.locator("#customer:focus").wait_for()
    page.keyboard.type("byron")
    option(page, "Ada Byron").click()
    clicks += 1
    page.locator("#product:focus").wait_for()
    page.keyboard.type("mug-r")
    option(page, "Red mug").click()
    clicks += 1
    page.locator(".quantity:focus").wait_for()
    page.keyboard.type("2")
    total(page, "€17.73")
    page.get_by_role("combobox", name="Product").click()
    page.keyboard.type("tea")
    option(page, "Morning tea").click()
    clicks += 2
    total(page, "€22.06")
    page.get_by_role("button", name="Place the order").click()
    clicks += 1

    order = placed(page)
    assert (order.status, str(order.total), [(one.sku, one.quantity) for one in order.lines.all()]) == (
        "confirmed",
        "22.060",
        [("MUG-RED", 2), ("TEA-1", 1)],
    )
    # Two lines: one less for each further one would be five.
    assert clicks <= 7 + 1
    expect(page.get_by_text(f"{order.number} is placed: Confirmed.")).to_be_visible()


def test_a_phone_order_without_a_mouse(desk):
    page = desk()
    page.goto("/admin/")
    page.locator("main").focus()
    page.keyboard.press("c")
    page.wait_for_url("**/desk/orders/new/")
    page.locator("#customer:focus").wait_for()

    type_and_take(page, "ada", "Ada Byron")
    page.locator("#product:focus").wait_for()
    type_and_take(page, "red", "Red mug")
    page.locator(".quantity:focus").wait_for()
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.locator("#product:focus").wait_for()
    page.keyboard.press("Enter")
    page.locator("#place:focus").wait_for()
    total(page, "€17.73")
    page.keyboard.press("Enter")

    order = placed(page)
    assert (order.status, order.lines.get().quantity) == ("confirmed", 2)


def test_a_scanner_is_faster_than_the_answer(desk):
    page = begun(desk())

    for _thrice in range(3):
        page.keyboard.type("MUG-RED")
        page.keyboard.press("Enter")
        page.locator(".quantity:focus").wait_for()
        page.keyboard.press("Enter")
        page.locator("#product:focus").wait_for()

    expect(page.locator(".quantity")).to_have_count(1)
    expect(page.locator(".quantity")).to_have_value("3")


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ("200 now, 50 on", [("MUG-RED", 200, 50)]),
        ("All 250 together", [("MUG-RED", 200, 50)]),
        ("Only the 200", [("MUG-RED", 200, 0)]),
        ("Instead: Blue mug", [("MUG-BLUE", 250, 0)]),
    ],
)
def test_a_shortage_is_answered_by_one_key(desk, answer, lines):
    page = begun(desk())
    type_and_take(page, "mug-red", "Red mug")
    page.locator(".quantity:focus").wait_for()
    page.keyboard.type("250")
    page.get_by_role("group", name="50 are missing.").wait_for()
    page.get_by_role("button", name="Instead: Blue mug (900 free)").wait_for()
    page.keyboard.press("Control+Enter")
    page.locator(".shortage button:focus").wait_for()
    assert Order.objects.exclude(status="draft").count() == 0

    for _button in range(4):
        if answer in page.evaluate("document.activeElement.textContent"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#product:focus").wait_for()
    page.locator("#promise", has_text="Everything by").wait_for()
    page.keyboard.press("Control+Enter")

    order = placed(page)
    assert [(one.sku, one.allocated, one.backordered) for one in order.lines.all()] == lines
    assert order.ship_complete is ("together" in answer)


def test_what_is_typed_is_kept_by_itself_and_gone_on_with(desk):
    page = begun(desk())
    type_and_take(page, "tea", "Morning tea")
    with page.expect_response(lambda answer: "Rings twice" in (answer.request.post_data or "") and keeps(answer)):
        page.get_by_label("Note", exact=False).first.fill("Rings twice")
    page.locator("#kept", has_text="Kept as SO-").wait_for()
    page.close(run_before_unload=True)

    again = desk()
    again.goto("/desk/orders/new/")
    again.locator("h1").click()
    again.keyboard.press("d")
    again.wait_for_url("**/desk/orders/")
    again.get_by_role("link", name="SO-").click()

    again.locator(".order-line").wait_for()
    total(again, "€9.74")
    assert again.locator("#customer_note").input_value() == "Rings twice"
    again.keyboard.press("Control+s")
    again.wait_for_url("**/desk/orders/")
    assert Order.objects.get().status == "draft"


def test_two_windows_on_one_draft_see_both(desk):
    mine = begun(desk())
    type_and_take(mine, "tea", "Morning tea")
    mine.wait_for_url("**/desk/orders/SO-*/")
    theirs = desk()
    theirs.goto(mine.url)
    with theirs.expect_response(keeps):
        theirs.locator(".quantity").fill("5")

    mine.locator(".quantity").fill("9")
    mine.get_by_text("maya has changed this draft meanwhile.").wait_for()

    row = mine.locator("#overtaken tbody tr").all_inner_texts()
    assert row == ["Lines\t9 × TEA-1\t5 × TEA-1"]
    with mine.expect_response(keeps):
        mine.get_by_role("button", name="Keep mine").click()
    assert Order.objects.get().lines.get().quantity == 9


def test_what_is_wrong_gets_the_focus_and_nothing_is_lost(desk):
    page = desk()
    page.goto("/desk/orders/new/")
    page.locator("#place").click()
    page.get_by_text("Who buys? Choose a customer, or make a new one.").wait_for()
    page.locator("#customer:focus").wait_for()

    page.keyboard.type("Bo Holm")
    option(page, "New customer “Bo Holm”").click()
    page.locator("#nc-email:focus").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("An e-mail address, or a phone number.").wait_for()
    page.locator("#nc-email:focus").wait_for()
    assert page.locator("#nc-name").input_value() == "Bo Holm"
    page.keyboard.type("bo@example.com")
    page.keyboard.press("Enter")
    page.locator("#product:focus").wait_for()
    type_and_take(page, "tea", "Morning tea")
    page.keyboard.press("Control+Enter")

    page.get_by_text("Where does it go?").first.wait_for()
    assert Customer.objects.filter(email="bo@example.com").count() == 1
    assert page.locator(".quantity").input_value() == "1"


def test_a_double_click_is_one_order(desk):
    page = begun(desk())
    type_and_take(page, "tea", "Morning tea")
    total(page, "€9.74")
    page.locator("#place").dblclick()

    placed(page)
    assert Order.objects.count() == 1


def test_a_quotation_is_sent_and_accepted_by_its_reader(desk, open_browser):
    page = begun(desk())
    type_and_take(page, "tea", "Morning tea")
    page.get_by_text("Send as quotation").click()
    page.get_by_role("button", name="Send quotation by mail").click()
    page.wait_for_url("**/desk/orders/")
    expect(page.get_by_text("goes to ada@example.com")).to_be_visible()
    outbox.drain()
    link = re.search(r"/quotations/\S+", OutgoingMail.objects.get(kind="quotation").text)[0]

    reader = open_browser(locale="en-GB", viewport={"width": 390, "height": 844})
    reader.goto(link)
    assert reader.evaluate(INSPECT) == []
    reader.get_by_role("button", name="Place order with obligation to pay").click()

    reader.wait_for_url("**/placed/")
    assert Order.objects.get().status == "confirmed"


def test_the_page_is_open_to_all(desk):
    sizes = ({"width": 320, "height": 900}, {"width": 1440, "height": 900})
    page = begun(desk(reduced_motion="reduce"))
    assert faults_in_every_look(page, *sizes) == []
    type_and_take(page, "mug-red", "Red mug")
    page.locator(".quantity:focus").wait_for()
    page.keyboard.type("250")
    page.get_by_role("button", name="Instead: Blue mug (900 free)").wait_for()
    for summary in page.locator("#summary details:not(.offer) summary, .line-more summary").all():
        summary.click()
    page.locator("#place").click()
    page.get_by_text("Not enough of it is there. Decide what to do.").wait_for()
    page.keyboard.press("Escape")
    assert faults_in_every_look(page, *sizes) == []
    page.goto("/desk/orders/")
    assert faults_in_every_look(page, *sizes) == []
