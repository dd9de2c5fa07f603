"""Views of a list: one click opens what waits, three clicks and a name keep what is shown, and back leads back."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from playwright.sync_api import expect

from core.actors import Actor
from core.looks import Look
from core.models import SavedView, User
from core.saved_views import SHARE, save_view
from orders.models import Order
from tests.factories.shop import make_shop
from tests.scenarios import confirmed_order, paid, placed_order

LIST = "/admin/orders/order/"


@pytest.fixture
def desk(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window of the order desk that counts its clicks, with thirty orders of which one waits too long."""
    make_shop()
    for n in range(28):
        placed_order({"TEA-1": n % 3 + 1})
    confirmed_order({"MUG-RED": 1})
    waiting = paid(placed_order({"MUG-RED": 2}))
    Order.objects.filter(pk=waiting.pk).update(placed_at=timezone.now() - timezone.timedelta(hours=30))
    ada = User.objects.create_user("ada", first_name="Ada", is_staff=True)
    save_view(
        "orders.order",
        name="Paid, not shipped",
        look=Look({"needs": ["shipping"]}),
        shared=True,
        owner_id=ada.pk,
        actor=Actor("staff", "ada", frozenset({SHARE})),
    )
    maya = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    wanted = ["view_order", "operate_order", "share_view"]
    maya.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.clicks = 0
    page.waiting = waiting.number
    return page


def click(page: Any, target: Any) -> None:
    target.click()
    page.clicks += 1


def numbers(page: Any) -> list[str]:
    return page.locator("#result_list tbody th").all_inner_texts()


def test_what_waits_is_one_click_away_and_counted(desk):
    desk.goto(LIST)
    tab = desk.get_by_role("navigation", name="Views").get_by_role("link", name="Paid, not shipped")
    tab.locator(".tab-count", has_text="1").wait_for()

    click(desk, tab)

    desk.wait_for_url("**/?view=paid-not-shipped")
    assert desk.clicks == 1
    assert numbers(desk) == [desk.waiting]
    expect(desk.get_by_role("link", name="Paid, not shipped").first).to_have_attribute("aria-current", "true")

    desk.goto(LIST)
    focused = desk.locator("a:focus")
    for _n in range(40):
        desk.keyboard.press("Tab")
        if "Paid, not shipped" in (focused.inner_text() if focused.count() else ""):
            break
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/?view=paid-not-shipped")
    assert (numbers(desk), desk.clicks) == ([desk.waiting], 1), "and by keyboard alone"


def test_a_list_is_saved_and_shared_in_three_clicks_and_a_name(desk):
    desk.goto(f"{LIST}?needs=payment&o=-total&columns=number,total,customer_name")
    rows = numbers(desk)

    click(desk, desk.locator(".save-view > summary"))
    desk.locator("#view-name:focus").wait_for()
    desk.keyboard.type("Waiting, dear first")
    click(desk, desk.get_by_label("Everybody sees it"))
    click(desk, desk.locator(".save-view").get_by_role("button", name="Save"))

    desk.wait_for_url("**/?view=waiting-dear-first")
    assert desk.clicks == 3
    assert numbers(desk) == rows
    assert desk.locator("#result_list thead th").all_inner_texts()[1:] == ["Number", "Total", "Customer's name"]
    assert SavedView.objects.get(slug="waiting-dear-first").shared is True
    answer = desk.request.get("/api/v1/orders/?view=waiting-dear-first&page_size=200")
    assert sorted(row["number"] for row in answer.json()["results"]) == sorted(rows)


def test_a_changed_view_is_marked_and_saved_over_by_keyboard_alone(desk):
    desk.goto(f"{LIST}?needs=payment")
    desk.locator(".save-view > summary").press("Enter")
    desk.locator("#view-name:focus").wait_for()
    desk.keyboard.type("Mine")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/?view=mine")

    desk.locator(".columns-menu > summary").press("Enter")
    desk.get_by_label("Channel", exact=True).press("Space")
    desk.get_by_role("button", name="Total: further to the left").press("Enter")
    assert desk.get_by_text("Total: place 7 of the columns").count() == 1
    desk.get_by_role("button", name="Show these columns").press("Enter")
    desk.wait_for_url("**/?view=mine&columns=*")
    heads = desk.locator("#result_list thead th").all_inner_texts()
    assert heads[-2:] == ["Total", "Fulfillment"]
    expect(desk.locator(".view-bar").get_by_text("changed")).to_be_visible()

    desk.locator(".view-bar").get_by_role("button", name="Save", exact=True).press("Enter")
    desk.wait_for_url("**/?view=mine")

    assert desk.locator("#result_list thead th").all_inner_texts() == heads
    assert desk.locator(".view-bar").get_by_text("changed").count() == 0


def test_back_leads_to_the_same_place_with_the_same_rows_ticked(desk):
    desk.goto(f"{LIST}?o=number")
    boxes = desk.locator("input.action-select")
    boxes.nth(20).check()
    boxes.nth(22).check()
    desk.locator("#result_list tbody th a").nth(21).scroll_into_view_if_needed()
    where = desk.evaluate("scrollY")
    assert where > 100

    desk.locator("#result_list tbody th a").nth(21).click()
    desk.wait_for_url("**/change/**")
    desk.go_back()
    desk.locator("input.action-select:checked").nth(1).wait_for()

    # The browser scrolls when it has drawn.
    waits = 0
    while abs(desk.evaluate("scrollY") - where) > 5 and waits < 400:
        desk.wait_for_timeout(50)
        waits += 1
    assert abs(desk.evaluate("scrollY") - where) <= 5
    assert [boxes.nth(20).is_checked(), boxes.nth(22).is_checked()] == [True, True]
    expect(desk.locator(".action-counter")).to_have_text("2 selected")


def test_without_scripts_a_view_is_saved_and_columns_are_moved(chromium, live_server, desk):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False, locale="en-GB")
    context.add_cookies(desk.context.cookies())
    page = context.new_page()
    page.goto(f"{LIST}?needs=payment")

    page.locator(".columns-menu > summary").click()
    page.get_by_role("button", name="Status: further to the right").click()
    page.wait_for_load_state()
    assert page.locator("#result_list thead th").all_inner_texts()[2:4] == ["Customer's name", "Status"]
    page.locator(".save-view > summary").click()
    page.locator("#view-name").fill("By hand")
    page.locator(".save-view").get_by_role("button", name="Save").click()

    page.wait_for_url("**/?view=by-hand")
    assert SavedView.objects.get(slug="by-hand").columns[1:3] == ["customer_name", "status"]
    context.close()
