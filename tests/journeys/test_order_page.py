"""The page of an order: "where is it?" in one look, who changed what in one click, steps without leaving it (U12)."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from billing import services as billing
from billing.models import Refund
from core import outbox
from core.actors import Actor
from core.models import OutgoingMail, User
from inventory.models import StockItem
from orders import services as orders
from orders.models import Comment, Hold, Order
from tests.factories.billing import make_seller
from tests.factories.shop import make_shop
from tests.journeys.test_open_to_all import faults_in_every_look
from tests.scenarios import placed_order, shipped_order

MAYA = Actor("staff", "maya")
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SIZES = (WIDE, PHONE, {"width": 320, "height": 700})
ALLOWED = (
    *("view_order", "operate_order", "release_hold", "view_hold", "view_customer", "view_invoice", "view_payment"),
    *("operate_payment", "view_shipment", "view_fulfillmentorder", "view_outgoingmail", "view_orderexception"),
)
# How far things move by themselves while the page comes.
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(one => sum += one.hadRecentInput ? 0 : one.value))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 300);
})"""
# Where the heads of the first and the last column of the lines stand while one reads the last line.
HEAD_WHILE_READING = """() => {
  const table = document.querySelector('.column-main table.lines');
  const [bar, last] = [document.querySelector('.topbar').offsetHeight, [...table.tBodies].at(-1).rows];
  scrollBy(0, [...last].at(-1).getBoundingClientRect().bottom - bar - table.tHead.offsetHeight - 8);
  return [...table.tHead.rows[0].cells].filter((_cell, at, all) => at % (all.length - 1) === 0)
    .map(cell => cell.getBoundingClientRect().top);
}"""


@pytest.fixture
def window(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a maker of windows of the order desk, each of which counts its clicks."""
    make_shop()
    make_seller()
    maya = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    maya.user_permissions.set(Permission.objects.filter(codename__in=ALLOWED))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")

    def make(order: Order, **options: Any) -> Any:
        page = open_browser(**{"locale": "en-GB", "viewport": WIDE, **options})
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        page.goto(f"/admin/orders/order/{order.pk}/change/")
        page.clicks, page.pages = 0, 0
        page.on("request", lambda one: setattr(page, "pages", page.pages + one.is_navigation_request()))
        return page

    return make


def click(page: Any, target: Any) -> None:
    target.click()
    page.clicks += 1


def press_until(page: Any, target: Any, key: str = "Tab") -> None:
    for _n in range(80):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("not reached by keyboard")


def lowest(page: Any, *selectors: str) -> dict[str, float]:
    """Return how far down each part ends; what is not shown is not found."""
    boxes = {selector: page.locator(selector).bounding_box() for selector in selectors}
    return {selector: box["y"] + box["height"] for selector, box in boxes.items() if box}


def test_where_is_it_is_answered_without_a_click(window):
    order = shipped_order(phone="+49 30 1234")
    outbox.drain()
    page = window(order)

    parts = ("#way", "#standing", "#now-money-now", "#now-promise", "#now-parcels-now", "#now-customer")
    ends = lowest(page, *parts)

    assert set(ends) == set(parts)
    assert max(ends.values()) <= WIDE["height"]
    told = {name: page.locator(name).inner_text() for name in parts}
    assert "on its way" in told["#way"]
    assert "Wait for the delivery" in told["#standing"]
    assert "€22.06" in told["#now-money-now"]
    assert "INV-" in told["#now-money-now"]
    assert "Promised" in told["#now-promise"]
    parcel = order.shipments.get()
    assert parcel.tracking_number in told["#now-parcels-now"]
    assert "In transit" in told["#now-parcels-now"]
    assert "+49 30 1234" in told["#now-customer"]
    assert "Last contact" in told["#now-customer"]
    assert "System" in told["#now-customer"]
    assert (page.clicks, page.pages) == (0, 0)
    assert round(page.evaluate(SHIFTS), 2) == 0
    # Whoever reads the last of many lines still sees what the figures are.
    assert page.evaluate(HEAD_WHILE_READING) == [page.locator(".topbar").bounding_box()["height"]] * 2


def test_what_is_in_the_way_is_in_sight_with_what_helps(window):
    order = placed_order()
    orders.place_hold(order.pk, kind="manual", reason="Call before noon", blocks=["confirm"], actor=MAYA)
    page = window(order)

    assert lowest(page, "#standing")["#standing"] <= WIDE["height"]
    assert "Call before noon" in page.locator("#standing").inner_text()
    click(page, page.locator("#standing").get_by_role("link", name="Lift the hold"))
    page.get_by_label("Why it is settled").fill("They called")
    click(page, page.locator("#aside").get_by_role("button", name="Lift a hold"))
    page.locator("#aside").wait_for(state="hidden")

    assert Hold.objects.get().status == "released"
    page.locator("#standing", has_text="Record a payment").wait_for()
    assert (page.clicks, page.pages) == (2, 0)


def test_who_changed_what_is_one_click_away(window):
    order = placed_order()
    orders.set_priority(order.pk, 80, actor=MAYA)
    page = window(order)

    click(page, page.locator("#history summary", has_text="Priority set"))

    diff = page.locator("#history .diff[open]")
    assert diff.locator("del").inner_text().endswith("50")
    assert diff.locator("ins").inner_text().endswith("80")
    assert "Maya" in page.locator("#history .moment", has=page.locator(".diff[open]")).inner_text()
    assert (page.clicks, page.pages) == (1, 0)

    page.reload()
    press_until(page, page.locator("#history summary", has_text="Priority set"))
    page.keyboard.press("Enter")
    expect(page.locator("#history .diff[open] ins")).to_contain_text("80")
    assert page.clicks == 1, "and by keyboard alone"


def test_a_wrong_step_beside_the_page_keeps_what_was_typed_and_leads_to_the_fault(window):
    page = window(placed_order())
    click(page, page.locator(".steps").get_by_role("link", name="Hold", exact=True))
    drawer = page.locator("#aside")
    drawer.get_by_label("Kind").select_option("fraud")
    for box in ("verification", "confirmation", "release to the warehouse"):
        drawer.get_by_label(box).uncheck()
    click(page, drawer.get_by_role("button", name="Hold"))

    fault = drawer.locator("#id_reason_error")
    expect(fault).to_have_text("This field is required.")
    field = drawer.get_by_label("Reason, as you would read it to a caller")
    expect(field).to_be_focused()
    assert field.get_attribute("aria-invalid") == "true"
    assert "id_reason_error" in field.get_attribute("aria-describedby")
    assert drawer.get_by_label("Kind").input_value() == "fraud"
    assert drawer.get_by_label("verification").is_checked() is False
    assert drawer.locator(".errorlist").count() == 1
    assert Hold.objects.count() == 0
    assert page.pages == 0


def test_a_step_is_taken_by_keyboard_alone_and_the_focus_comes_back(window):
    order = placed_order()
    page = window(order)
    cancel = page.locator(".steps").get_by_role("link", name="Cancel", exact=True)

    press_until(page, cancel)
    page.keyboard.press("Enter")
    drawer = page.locator("#aside")
    drawer.get_by_text("This cannot be undone.").wait_for()
    page.keyboard.press("Escape")
    drawer.wait_for(state="hidden")
    expect(cancel).to_be_focused()

    page.keyboard.press("Enter")
    drawer.wait_for()
    page.locator("#id_reason:focus").wait_for()
    page.keyboard.type("Ordered twice")
    page.keyboard.press("Control+Enter")

    page.locator("h1 + .badge", has_text="Cancelled").wait_for()
    assert Order.objects.get(pk=order.pk).status == "cancelled"
    expect(page.locator("#said")).to_have_text(f"{order.number}: Cancel – done")
    expect(page.locator("main")).to_be_focused()
    assert page.pages == 0


def test_a_paid_order_is_cancelled_with_two_clicks_and_its_money_goes_back(window):
    order = placed_order()
    billing.record_payment(order.pk, method="card", amount=order.total, reference="P-1", actor=MAYA)
    outbox.drain()
    page = window(order)

    click(page, page.locator(".steps").get_by_role("link", name="Cancel", exact=True))
    drawer = page.locator("#aside")
    for said in ("3 units are free again.", "€22.06 goes back to the customer.", "ada@example.com"):
        expect(drawer).to_contain_text(said)
    drawer.get_by_label("Reason").fill("Ordered twice")
    click(page, drawer.get_by_role("button", name="Cancel", exact=True))

    page.locator("h1 + .badge", has_text="Cancelled").wait_for()
    assert (page.clicks, page.pages) == (2, 0)
    outbox.drain()
    refund = Refund.objects.get(order=order)
    assert (f"{refund.amount:.2f}", refund.status) == ("22.06", "succeeded")
    assert list(StockItem.objects.exclude(reserved=0)) == []
    assert OutgoingMail.objects.filter(to="ada@example.com", dedupe_key__startswith="order_cancelled:").exists()


def test_a_comment_is_one_key_some_words_and_a_stroke(window):
    page = window(placed_order())

    page.keyboard.press("m")
    page.locator("#comment_text:focus").wait_for()
    page.keyboard.type("Wants it <b>wrapped</b>")
    page.keyboard.press("Control+Enter")

    page.locator("#history .moment", has_text="Wants it <b>wrapped</b>").wait_for()
    comment = Comment.objects.get()
    assert (comment.text, comment.public, comment.author) == ("Wants it <b>wrapped</b>", False, "staff:maya")
    expect(page.locator("#comment_text")).to_have_value("")
    expect(page.locator("#now-customer").get_by_text("Wants it")).to_be_visible()


def test_a_related_record_opens_beside_and_what_is_typed_stays(window):
    order = shipped_order()
    outbox.drain()
    page = window(order)
    page.locator("#comment_text").fill("Half a thought")

    click(page, page.locator("#now-parcels-now a").first)
    drawer = page.locator("#aside")
    drawer.get_by_role("heading", level=1).wait_for()
    expect(drawer.get_by_role("heading", name="Contents")).to_be_visible()
    assert drawer.get_by_role("link", name="Open as a page").get_attribute("href").endswith("/change/")
    page.keyboard.press("Escape")
    drawer.wait_for(state="hidden")

    click(page, page.locator("#history").get_by_role("link", name="Parcels"))
    page.locator("#history a[aria-current]", has_text="Parcels").wait_for()
    page.wait_for_url("**?tell=parcels")
    assert page.locator("#comment_text").input_value() == "Half a thought"
    assert page.pages == 0


def test_without_scripts_everything_is_a_page(chromium, live_server, window):
    order = placed_order()
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False, locale="en-GB")
    context.add_cookies(window(order).context.cookies())
    page = context.new_page()
    page.goto(f"/admin/orders/order/{order.pk}/change/")

    page.locator("#comment_text").fill("By hand")
    page.locator("#remark").get_by_role("button", name="Comment").click()
    expect(page.locator("#history").get_by_text("By hand")).to_be_visible()
    page.locator(".steps").get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_label("Reason").fill("No more")
    page.locator(".confirm").get_by_role("button", name="Cancel").click()

    page.wait_for_url(f"**/admin/orders/order/{order.pk}/change/")
    assert Order.objects.get(pk=order.pk).status == "cancelled"
    context.close()


def test_it_is_open_to_all(window):
    order = shipped_order()
    outbox.drain()
    orders.set_priority(order.pk, 80, actor=MAYA)
    held = placed_order({"TEA-1": 1})
    orders.place_hold(held.pk, kind="manual", reason="Call first", blocks=["confirm"], actor=MAYA)
    page = window(order, reduced_motion="reduce")

    page.locator("#history summary").first.click()
    assert faults_in_every_look(page, *SIZES) == []
    page.goto(f"/admin/orders/order/{held.pk}/change/")
    assert faults_in_every_look(page, *SIZES) == []
    page.locator(".standing .button").click()
    page.locator("#aside").wait_for()
    for size in SIZES:
        page.set_viewport_size(size)
        small = page.locator("#aside :is(a, button, input, select, textarea)").evaluate_all(
            "all => all.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect())"
            ".filter(box => box.height < 24 && box.height > 0 && box.width < 24).length"
        )
        assert small == 0
