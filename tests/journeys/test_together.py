"""U15: two colleagues at one order. One names the other and is heard; one hands it over to the other."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from core.actors import Actor
from core.models import Notice, User
from orders import services
from orders.models import Comment, Follower, FollowUp, Order
from tests.factories.shop import make_shop
from tests.scenarios import placed_order


@pytest.fixture
def order(transactional_db: None) -> Order:
    """An order that two people look at."""
    make_shop()
    return placed_order({"MUG-RED": 2})


@pytest.fixture
def window(order: Order, open_browser: Any, live_server: Any) -> Any:
    """Return a maker of windows, each with a colleague of its own."""

    def make(name: str, path: str) -> Any:
        user = User.objects.create_user(name, first_name=name.title(), last_name="Miller", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "operate_order"]))
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        page.goto(path)
        return page

    return make


def test_one_key_a_text_and_ctrl_enter_and_the_colleague_hears_of_it(order: Order, window: Any) -> None:
    tom = window("tom", "/admin/notices/")
    maya = window("maya", f"/admin/orders/order/{order.pk}/change/")

    maya.keyboard.press("m")
    expect(maya.locator("#comment_text:focus")).to_be_visible()
    maya.keyboard.type("Please call them, @to")
    expect(maya.get_by_role("option", name="Tom Miller @tom")).to_be_visible()
    maya.keyboard.press("Enter")
    expect(maya.locator("#comment_text")).to_have_value("Please call them, @tom ")
    expect(maya.locator("#comment_text:focus")).to_be_visible()
    files = maya.locator("#comment_files")
    files.set_input_files({"name": "run.html", "mimeType": "text/html", "buffer": b"<p>"})
    expect(maya.locator(".files-wrong")).to_have_text("“run.html” is of a type that is not taken.")
    files.set_input_files({"name": "call.txt", "mimeType": "text/plain", "buffer": b"030 123"})
    expect(maya.locator(".files-list li")).to_contain_text("call.txt")
    maya.locator("#comment_text").focus()
    maya.keyboard.press("Control+Enter")
    expect(maya.locator(".timeline")).to_contain_text("Please call them, @tom")
    expect(maya.locator(".timeline")).to_contain_text("call.txt")
    expect(maya.locator(".files-list li")).to_have_count(0)
    services.tag_order(order.pk, add=["later"], actor=Actor("staff", "lars"))
    expect(maya.locator(".timeline")).to_contain_text("later")
    expect(maya.locator(".live-note")).to_have_count(0)

    expect(tom.locator(".bell-count")).to_have_text("1", timeout=5000)
    tom.reload()
    with tom.expect_navigation():
        tom.locator(".notices a", has_text="Maya mentioned you").press("Enter")
    expect(tom.locator("h1")).to_have_text(order.number)
    expect(tom.locator(".bell-count")).to_have_text("")
    assert Comment.objects.get().text.strip() == "Please call them, @tom"
    assert Notice.objects.get().read_at is not None


def test_an_order_is_handed_over_by_keyboard_with_a_word_and_the_colleague_finds_it(order: Order, window: Any) -> None:
    tom = window("tom", "/admin/")
    maya = window("maya", f"/admin/orders/order/{order.pk}/change/")

    maya.locator(".together").get_by_role("link", name="Hand over").press("Enter")
    drawer = maya.locator("#aside")
    drawer.get_by_label("To").select_option(label="Tom Miller")
    drawer.get_by_label("What they should know").fill("She calls at noon")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator(".together")).to_contain_text("Tom Miller")
    maya.locator(".together").get_by_role("button", name="Follow", exact=True).press("Enter")
    expect(maya.locator(".together").get_by_role("button", name="Unfollow")).to_be_visible()

    expect(tom.locator(".bell-count")).to_have_text("1", timeout=5000)
    tom.locator(".bell").press("Enter")
    tom.locator(".notices a", has_text="Maya handed it over to you").press("Enter")
    expect(tom.locator(".together")).to_contain_text("Tom Miller, Maya Miller")
    # The link opens beside the page once the scripts of the page that was just entered are there.
    tom.wait_for_load_state()
    tom.locator(".together").get_by_role("link", name="Set a day").press("Enter")
    tom.locator("#aside").get_by_label("On", exact=True).fill("2020-01-01")
    tom.locator("#aside").get_by_label("Why").fill("Call her")
    tom.locator("#aside").get_by_label("Why").press("Enter")
    expect(tom.locator("#aside .errorlist")).to_have_text("This day is over.")
    expect(tom.locator("#aside").get_by_label("Why")).to_have_value("Call her")
    tom.locator("#aside").get_by_label("On", exact=True).fill(timezone.localdate().isoformat())
    tom.locator("#aside").get_by_label("Why").press("Enter")
    expect(tom.locator(".together")).to_contain_text("Call her")

    tom.goto("/admin/")
    tom.get_by_role("row", name="follow up today").or_(
        tom.locator("li, tr", has_text="follow up today")
    ).first.get_by_role("link", name="Followed up").press("Enter")
    tom.locator("#aside").get_by_role("button", name="Followed up").press("Enter")
    expect(tom.locator("main")).not_to_contain_text("follow up today")
    assert not FollowUp.objects.exists()
    assert set(Follower.objects.values_list("user__username", flat=True)) == {"tom", "maya"}
