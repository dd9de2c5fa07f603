"""The first screen of the day, as the order desk reads it: one click from a number to its list, no scrolling."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from core import roles
from core.actors import SYSTEM
from core.models import User
from fulfillment import services as fulfillment
from fulfillment.models import FulfillmentOrder
from tests.everything import make_everything
from tests.factories.shop import make_shop
from tests.scenarios import confirmed_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window in which the order desk begins its day."""
    make_shop()
    make_everything()
    roles.ensure_roles()
    maya = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    maya.groups.add(roles.group_of("desk"))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.goto("/admin/")
    return page


def test_every_step_is_one_click_from_its_list_and_the_list_shows_its_number(desk):
    steps = desk.locator(".line a")
    seen = {}
    for place in range(steps.count()):
        label, number = (steps.nth(place).locator(kind).inner_text() for kind in (".line-label", ".line-count"))
        if number == "0":
            continue
        steps.nth(place).click()
        desk.locator("#result_list tbody tr").first.wait_for()
        desk.wait_for_load_state()
        seen[label] = (number, str(desk.locator("#result_list tbody tr").count()))
        desk.go_back()
        desk.locator(".line").wait_for()

    assert len(seen) > 4
    assert [label for label, (said, shown) in seen.items() if said != shown] == []


def test_the_whole_day_is_seen_without_scrolling_and_worked_through_by_keyboard(desk):
    assert desk.evaluate("document.querySelector('#next').getBoundingClientRect().bottom <= innerHeight")
    assert desk.locator("nav.nav[aria-label='Main'] > .nav-link").count() == 9
    first = desk.locator(".todos .button").first
    target = first.get_attribute("href")

    for _ in range(80):
        desk.keyboard.press("Tab")
        if desk.evaluate("document.activeElement.matches('.todos .button')"):
            break
    desk.keyboard.press("Enter")

    desk.wait_for_url(f"**{target}")


def test_on_a_phone_nothing_is_cut_off(desk):
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.reload()

    assert desk.evaluate("document.documentElement.scrollWidth") == 390
    heights = desk.eval_on_selector_all(".todos .button", "all => all.map(one => one.offsetHeight)")
    assert min(heights) >= 24


def test_what_was_not_found_is_sent_from_elsewhere_in_two_clicks_and_is_done(desk):
    order = confirmed_order({"MUG-RED": 2, "TEA-1": 1}, email="linde@example.com", customer_name="Café Linde")
    fulfillment.plan_fulfillment(order.pk, actor=SYSTEM)
    work = FulfillmentOrder.objects.get(order=order)
    fulfillment.release_fulfillment(work.pk, actor=SYSTEM)
    fulfillment.short_pick(work.pk, found={work.lines.earliest("pk").order_line_id: 1}, actor=SYSTEM)
    cache.clear()
    desk.reload()
    row = desk.locator(".todos li", has_text="missing in")
    expect(row).to_contain_text("1 × Red mug missing in Warehouse HAM, Warehouse MUC has 100")
    expect(row).to_contain_text("arrives")

    row.get_by_role("link", name="Ship from Warehouse MUC").press("Enter")
    panel = desk.locator("#aside")
    expect(panel.get_by_text("The shelf in Warehouse HAM is counted")).to_be_visible()
    panel.get_by_role("button", name="Send from elsewhere").press("Enter")

    expect(desk.get_by_text("Send from elsewhere – done")).to_be_visible()
    assert urlsplit(desk.url).path == "/admin/"
    expect(row).to_have_count(0)
    assert FulfillmentOrder.objects.get(order=order, status="planned").warehouse.code == "MUC"
