"""Over the counter: scan, take the money, hand over. By pointer in few clicks, and by keyboard alone."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from billing.models import Invoice, Payment
from core.actors import SYSTEM
from core.models import User
from customers import services as customers
from inventory.models import StockItem
from orders.models import Order
from tests.factories.shop import make_shop
from tests.journeys.test_open_to_all import INSPECT

COUNTER = "/desk/walk-in/"
ALARM_WITHIN = 200


@pytest.fixture
def counter(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return the window of a cashier whose till stands in Munich, and that counts its clicks."""
    make_shop()
    maya = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    may = ["sell_at_counter", "change_price", "view_order", "operate_order", "view_customer", "view_invoice"]
    maya.user_permissions.set(Permission.objects.filter(codename__in=may))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/desk/walk-in/shop/", {"warehouse": "MUC", "channel": "walk_in"})
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.clicks = 0
    page.goto(COUNTER)
    expect(page.locator("#scan:focus")).to_be_visible()
    return page


def click(page: Any, target: Any) -> None:
    target.click()
    page.clicks += 1


def scan(page: Any, code: str) -> None:
    """Do what a scanner does: it types, and ends with Enter. The field has the focus already."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def on_hand() -> dict[str, int]:
    rows = StockItem.objects.filter(warehouse__code="MUC")
    return dict(rows.values_list("product__sku", "on_hand"))


def test_a_sale_takes_two_clicks_and_ends_with_change_and_a_receipt(counter):
    for code in ("MUG-RED", "tea-1", "MUG-RED"):
        scan(counter, code)
    counter.locator("#total", has_text="€16.39").wait_for()
    assert counter.locator(".row-quantity").evaluate_all("fields => fields.map(field => field.value)") == ["2", "1"]

    click(counter, counter.get_by_role("button", name="€20.00"))
    assert counter.locator("#change").inner_text() == "€3.61"
    click(counter, counter.get_by_role("button", name="Hand over now"))

    counter.wait_for_url("**/walk-in/SO-*/")
    assert counter.clicks <= 6
    assert counter.clicks == 2
    order = Order.objects.get()
    assert counter.get_by_role("heading", name=f"Sold: {order.number}").is_visible()
    receipt = counter.get_by_role("article", name="Receipt").inner_text()
    for words in ("Red mug", "Morning tea", "€16.39", "€20.00", "€3.61", "INV-000001"):
        assert words in receipt
    assert (order.status, Payment.objects.get().method) == ("completed", "cash")
    assert on_hand() == {"MUG-RED": 98, "TEA-1": 99}


def test_a_card_to_a_known_customer_with_a_discount_takes_six_clicks(counter):
    eva = customers.create_customer(customers.CustomerInput(name="Eva Huber"), actor=SYSTEM)
    scan(counter, "MUG-RED")
    counter.locator("#total", has_text="€5.95").wait_for()

    click(counter, counter.get_by_text("Invoice to a name"))
    counter.get_by_role("combobox", name="Known customer").press_sequentially("hub")
    click(counter, counter.get_by_role("option", name="Eva Huber"))
    click(counter, counter.get_by_label("Discount"))
    counter.keyboard.type("10 %")
    click(counter, counter.locator("label.way", has_text="Card terminal"))
    counter.locator("#total", has_text="€5.36").wait_for()
    click(counter, counter.get_by_label("Number on the slip"))
    counter.keyboard.type("T-4711")
    click(counter, counter.get_by_role("button", name="Hand over now"))

    counter.wait_for_url("**/walk-in/SO-*/")
    assert counter.clicks == 6
    order, payment = Order.objects.get(), Payment.objects.get()
    assert (order.customer_id, str(order.total)) == (eva.pk, "5.360")
    assert (payment.method, payment.reference) == ("card_terminal", "T-4711")


def test_by_keyboard_alone_from_one_sale_to_the_next(counter):
    scan(counter, "MUG-RED")
    counter.locator("#total", has_text="€5.95").wait_for()
    counter.keyboard.press("Enter")
    counter.locator("#id_given:focus").wait_for()
    counter.keyboard.type("10")
    counter.keyboard.press("Enter")

    counter.wait_for_url("**/walk-in/SO-*/")
    assert "€4.05" in counter.locator(".done-change").inner_text()
    counter.locator("#next-sale:focus").wait_for()
    counter.keyboard.press("Enter")

    counter.wait_for_url(f"**{COUNTER}")
    counter.locator("#scan:focus").wait_for()
    scan(counter, "TEA-1")
    # Pressed while the scan is still on its way: it waits for the price.
    counter.keyboard.press("Control+Enter")
    counter.wait_for_url("**/walk-in/SO-*/")
    assert sorted(Order.objects.values_list("status", "total", flat=False)) == [
        ("completed", Order.objects.earliest("total").total),
        ("completed", Order.objects.latest("total").total),
    ]
    assert list(Invoice.objects.order_by("pk").values_list("number", flat=True)) == ["INV-000001", "INV-000002"]


def test_a_wrong_code_is_an_alarm_at_once_and_the_field_stays_ready(counter):
    scan(counter, "MUG-RED")
    counter.locator("#total", has_text="€5.95").wait_for()
    counter.evaluate(
        """() => {
            const [scan, said] = ['scan', 'scan-said'].map((id) => document.getElementById(id));
            window.took = [];
            let asked = 0;
            scan.addEventListener('keydown', (event) => event.key === 'Enter' && (asked = performance.now()), true);
            new MutationObserver(() => said.textContent && window.took.push(performance.now() - asked))
                .observe(said, { childList: true });
        }"""
    )
    # One of them in time is enough: a machine that does something else as well must not fail it.
    for code in range(4711, 4731):
        scan(counter, str(code))
        counter.get_by_text(f"Nothing is sold under {code}").wait_for()
        if min(counter.evaluate("window.took")) <= ALARM_WITHIN:
            break

    assert min(counter.evaluate("window.took")) <= ALARM_WITHIN
    assert counter.locator("#scan:focus").get_attribute("aria-invalid") == "true"
    scan(counter, "MUG-RED")
    counter.locator("#total", has_text="€11.90").wait_for()
    assert counter.locator("#scan-said").inner_text() == ""


def test_what_is_not_here_is_said_at_its_line_and_not_sold(counter):
    scan(counter, "MUG-RED")
    counter.locator("#total", has_text="€5.95").wait_for()
    counter.get_by_label("Quantity: Red mug").fill("103")
    counter.keyboard.press("Enter")
    counter.get_by_text("100 on the shelf, 103 wanted").wait_for()

    counter.get_by_role("button", name="Hand over now").click()
    counter.locator(".row-fewer:focus").wait_for()
    assert not Order.objects.exists()

    counter.get_by_role("button", name="Sell 100").click()
    counter.locator("#total", has_text="€595.00").wait_for()
    counter.get_by_role("button", name="Hand over now").click()
    counter.wait_for_url("**/walk-in/SO-*/")
    assert on_hand()["MUG-RED"] == 0


def test_two_fast_clicks_are_one_sale(counter):
    scan(counter, "MUG-RED")
    counter.locator("#total", has_text="€5.95").wait_for()

    counter.get_by_role("button", name="Hand over now").dblclick()

    counter.wait_for_url("**/walk-in/SO-*/")
    assert (Order.objects.count(), Invoice.objects.count(), Payment.objects.count()) == (1, 1, 1)


def test_on_a_phone_everything_is_within_reach(counter):
    counter.set_viewport_size({"width": 390, "height": 844})
    scan(counter, "MUG-RED")
    counter.locator("#total", has_text="€5.95").wait_for()

    counter.get_by_role("button", name="One more: Red mug").click()
    counter.locator("#total", has_text="€11.90").wait_for()

    assert counter.evaluate(INSPECT) == []
    assert counter.get_by_role("button", name="Hand over now").is_visible()
    small = counter.evaluate(
        """() => [...document.querySelectorAll('.counter :is(button, a, input:not([type=hidden], [type=radio]))')]
            .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 24)
            .map((node) => node.outerHTML)"""
    )
    assert small == []
    counter.emulate_media(color_scheme="dark")
    counter.get_by_role("button", name="Hand over now").click()
    counter.wait_for_url("**/walk-in/SO-*/")
    assert counter.evaluate(INSPECT) == []


def test_the_purse_is_forgotten_and_the_next_is_served_meanwhile(counter):
    scan(counter, "MUG-RED")
    counter.locator("#total", has_text="€5.95").wait_for()
    click(counter, counter.get_by_role("button", name="Park", exact=True))
    counter.get_by_text("is parked.").wait_for()
    counter.locator("#scan:focus").wait_for()
    scan(counter, "TEA-1")
    # Pressed while the scan is still on its way, and now by keyboard: both lie aside.
    counter.keyboard.press("Control+s")
    counter.locator(".parked-sale").nth(1).wait_for()
    counter.locator("#scan:focus").wait_for()
    scan(counter, "TEA-1")
    counter.locator("#total", has_text="€4.49").wait_for()
    assert counter.evaluate(INSPECT) == []

    # Taking up the first one lays aside what lies there.
    click(counter, counter.locator(".parked-sale", has_text="€5.95"))
    counter.locator(".taken").wait_for()
    counter.locator("#total", has_text="€5.95").wait_for()
    click(counter, counter.get_by_role("button", name="Hand over now"))

    counter.wait_for_url("**/walk-in/SO-*/")
    assert counter.clicks == 3
    assert on_hand() == {"MUG-RED": 99, "TEA-1": 100}
    assert not StockItem.objects.filter(reserved__gt=0).exists()
    counter.locator("#next-sale:focus").wait_for()
    counter.keyboard.press("Enter")
    counter.locator("#scan:focus").wait_for()
    counter.keyboard.press("Control+s")
    counter.locator(".parked-sale:focus").wait_for()
    counter.keyboard.press("Enter")
    counter.locator("#total", has_text="€4.49").wait_for()
    assert sorted(Order.objects.values_list("status", flat=True)) == ["completed", "draft", "draft"]
