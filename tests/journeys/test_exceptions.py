"""From seeing what went wrong to having solved it: three clicks, or by keyboard (U9, U19); one cause on many."""

from typing import Any

import pytest
from playwright.sync_api import expect

from core import roles
from core.actors import SYSTEM
from core.models import OutgoingMail, User
from inventory import services as inventory
from inventory.models import Product
from orders.models import Incident, OrderException
from tests.factories.shop import make_shop
from tests.scenarios import anew, confirmed_order, run_debts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lacking(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window of the order desk, and two orders of which a part was lost."""
    shop = make_shop()
    Product.objects.filter(pk=shop.mug.pk).update(backorder=True)
    for shelf in shop.mug.stock_items.all():
        keep = 10 if shelf.warehouse == shop.hamburg else 0
        inventory.adjust_stock(stock_item_id=shelf.pk, change=keep - shelf.on_hand, reason="-", actor=SYSTEM)
    orders = [
        confirmed_order({"MUG-RED": 5}, email=f"{name}@example.com", customer_name=name, ship_complete=True)
        for name in ("Ada", "Bob")
    ]
    shelf = shop.mug.stock_items.get(warehouse=shop.hamburg)
    inventory.adjust_stock(stock_item_id=shelf.pk, change=-6, reason="broken", actor=SYSTEM)
    run_debts()
    roles.ensure_roles()
    maya = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    maya.groups.add(roles.group_of("desk"))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto("/admin/orders/orderexception/?state=open")
    return page, orders


def test_what_is_here_is_sent_and_what_is_missing_cancelled_by_mouse_and_by_keyboard(lacking):
    page, orders = lacking
    found = list(OrderException.objects.filter(category="shortfall").order_by("pk"))
    assert len(found) == 2
    partly = next(one for one in found if one.order.lines.get().allocated)
    whole = next(one for one in found if one != partly)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # Why it is not shippable is one sentence on the order, and what is there of it one click away (U19).
    whole_page = f"/admin/orders/order/{whole.order_id}/change/"
    page.goto(whole_page)
    expect(page.locator("main")).to_contain_text("Waiting for stock")
    page.locator("table.lines").get_by_role("link", name="MUG-RED").click()
    shelves = page.locator("#aside table", has=page.get_by_role("columnheader", name="On hand"))
    for column in ("Reserved", "Available", "Incoming"):
        expect(shelves.get_by_role("columnheader", name=column)).to_be_visible()
    page.goto("/admin/orders/orderexception/?state=open")

    # By mouse, three clicks: the exception, what helps, yes (U9). The rest waits with a day of its own.
    page.get_by_role("link", name=str(partly.order.number)).first.wait_for()
    page.locator(f"#result_list th a[href*='/{partly.pk}/change/']").click()
    page.get_by_role("link", name="Send what is here").click()
    expect(page.get_by_text("the rest follows in a parcel of its own")).to_be_visible()
    page.get_by_role("button", name="Send what is here").click()
    expect(page.locator(".badge", has_text="Resolved").first).to_be_visible()
    order = anew(partly.order)
    assert (order.ship_complete, order.open_exceptions) == (False, 0)
    line = order.lines.get()
    assert (line.backordered > 0, line.allocated > 0, line.promised_on == order.promised_on) == (True, True, True)
    assert line.promised_on is not None

    # By keyboard alone: what helps most often stands in the row.
    page.goto("/admin/orders/orderexception/?state=open")
    button = page.locator(f"a[href*='/{whole.pk}/do/wait/']")
    button.focus()
    page.keyboard.press("Enter")
    confirm = page.get_by_role("dialog").get_by_role("button", name="Wait for stock")
    expect(confirm).to_be_visible()
    for _ in range(8):
        if page.evaluate("document.activeElement.matches('dialog [type=submit]')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main a[href*='/do/']")).to_have_count(0)
    assert anew(whole.order).open_exceptions == 0


def test_one_cause_on_two_orders_is_told_and_closed_on_three_pages(lacking):
    page, orders = lacking
    page.goto("/admin/orders/incident/add/")
    page.get_by_label("Cause").fill("Recalled")
    page.get_by_label("SKU").fill("mug-red")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Recalled")).to_be_visible()
    for order in orders:
        expect(page.get_by_role("link", name=str(order.number))).to_be_visible()

    page.get_by_role("link", name="Tell and promise anew").click()
    expect(page.get_by_text("2 orders get an exception.")).to_be_visible()
    page.get_by_role("button", name="Tell and promise anew").click()
    expect(page.get_by_text("0 of 2 orders")).to_be_visible()
    run_debts()
    page.reload()
    expect(page.get_by_text("2 of 2 orders")).to_be_visible()
    assert OutgoingMail.objects.filter(kind="incident").count() == 2

    # The end by keyboard alone.
    page.get_by_role("link", name="Close together").focus()
    page.keyboard.press("Enter")
    page.get_by_label("How it ended").focus()
    page.keyboard.type("Replaced")
    page.keyboard.press("Enter")
    expect(page.locator("h1 + .badge", has_text="Closing")).to_be_visible()
    run_debts()
    assert Incident.objects.get().status == "over"
    assert not OrderException.objects.filter(category="incident", closed_at=None).exists()
