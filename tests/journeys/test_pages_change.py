"""An open page changes by itself: Lena pays, Maya sees it; and whoever is at work on a page loses nothing."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from billing import services as billing
from billing.models import Payment
from core import outbox
from core.actors import SYSTEM
from core.links import make_link
from core.models import User
from orders.models import Order
from tests.factories.billing import make_seller
from tests.factories.shop import make_shop
from tests.journeys.test_open_to_all import INSPECT, LOOKS
from tests.scenarios import placed_order


@pytest.fixture
def order(lantern: None) -> Order:
    """An order that waits for its money, in the demo with its provider."""
    make_shop()
    make_seller()
    return placed_order({"MUG-RED": 2})


@pytest.fixture
def worker(order: Order) -> Iterator[None]:
    """Pay debts as they come, as a worker does."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            outbox.drain()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def maya(order: Order, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return Maya's window with the page of the order."""
    user = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "operate_order"]))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    return page


@pytest.fixture
def lena(order: Order, open_browser: Any) -> Any:
    """Return Lena's window, opened by the link of her mail."""
    page = open_browser(locale="en-GB", viewport={"width": 390, "height": 844})
    page.goto(f"/track/{make_link('order', order.history_thread())}/")
    return page


@pytest.mark.usefixtures("worker")
def test_lena_pays_and_mayas_page_turns_confirmed_by_itself(order: Order, maya: Any, lena: Any) -> None:
    badge = maya.locator("main .badge").first
    assert badge.inner_text() == "Waiting for payment"
    maya.evaluate("document.querySelector('main').dataset.untouched = 'yes'")

    lena.get_by_role("button", name=re.compile("^Pay .* now$")).click()
    lena.get_by_role("button", name=re.compile("^Pay €")).click()
    lena.get_by_text("Thank you. Your payment is here.").wait_for()

    maya.locator("main .badge", has_text="Confirmed").wait_for()
    assert maya.evaluate("document.querySelector('main').dataset.untouched") == "yes"
    assert maya.locator(".live-voice").inner_text() == f"Changed just now: {order.number}, Confirmed"
    assert maya.locator("main .badge", has_text="Paid").count() == 1
    assert Payment.objects.get().status == "captured"


@pytest.mark.usefixtures("worker")
def test_a_declined_payment_is_paid_again_by_keyboard_alone(order: Order, lena: Any) -> None:
    def press(name: str) -> None:
        button = lena.get_by_role("button", name=re.compile(name))
        for _ in range(40):
            if button.evaluate("node => node === document.activeElement"):
                break
            lena.keyboard.press("Tab")
        lena.keyboard.press("Enter")

    press("^Pay .* now$")
    lena.wait_for_url("**/demo/provider/pay/**")
    press("Let the bank decline")
    lena.get_by_text("Your payment did not go through: The bank declined the payment.").wait_for()
    press("^Pay .* again$")
    lena.wait_for_url("**/demo/provider/pay/**")
    press("3-D Secure")
    lena.get_by_text("Your bank asks").wait_for()
    press("Yes, confirm the payment")
    lena.get_by_text("Thank you. Your payment is here.").wait_for()
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["captured", "failed"]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("look", LOOKS, ids=["phone, dark, German", "desk, light, English"])
def test_no_page_on_the_way_to_a_payment_shuts_anybody_out(order: Order, open_browser: Any, look: Any) -> None:
    page = open_browser(**look)
    faults: dict[str, list[str]] = {}

    def press(do: str) -> None:
        with page.expect_navigation():
            page.locator(f"#pay button, button[value='{do}']").click()

    def inspect(name: str) -> None:
        if found := page.evaluate(INSPECT):
            faults[name] = found

    page.goto(f"/track/{make_link('order', order.history_thread())}/")
    for name, do in (("how to pay", "-"), ("provider", "decline"), ("declined", "-"), ("again", "challenge"),
                     ("3-D Secure", "pay")):  # fmt: skip
        inspect(name)
        press(do)
    page.locator(".message").wait_for()
    inspect("paid")
    page.go_back()
    page.go_back()
    inspect("provider, afterwards")
    assert faults == {}


@pytest.mark.usefixtures("worker")
def test_lenas_own_page_hears_of_money_that_came_another_way(order: Order, lena: Any) -> None:
    assert lena.locator("#pay").count() == 1
    billing.record_payment(order.pk, method="bank_transfer", amount=order.total, actor=SYSTEM)
    lena.locator("main .badge", has_text="Confirmed").wait_for()
    assert lena.locator("#pay").count() == 0


# What the script does to a page, seen on a page made for it.

PAGE = """<!doctype html><title>{title}</title><main tabindex="-1"><h1>Lamp</h1><span class="badge">{state}</span>
{message}<section class="panel" id="notes"><header><h2>Notes</h2></header><form><input id="note" value="">
<input type="hidden" name="csrfmiddlewaretoken" value="{token}"></form><p id="hint">{hint}</p></section>
<section class="panel" id="steps"><header><h2>Steps</h2></header>{steps}</section>
<ol>{lines}</ol><div style="height: 3000px"></div></main>
<script src="{static}live_line.js" defer data-ask="/live/lamp/" data-made="0" data-margin="2000"></script>
<script src="{static}live.js" defer data-said="Changed: #" data-waits="Busy." data-reload="Load again"></script>"""
AT_FIRST = {
    "title": "Lamp off",
    "state": "Off",
    "message": '<div class="message">Saved.</div>',
    "token": "a",
    "hint": "",
    "steps": '<details><summary>More</summary><a href="#on">Turn on</a></details>',
    "lines": "<li>Made</li>",
}


@pytest.fixture
def lamp(transactional_db: None, open_browser: Any, live_server: Any) -> Any:
    """Return a window with a page whose server says what the test wants it to say."""
    window = open_browser(viewport={"width": 800, "height": 600})
    world: dict[str, Any] = {"mark": "1-1", **AT_FIRST, "static": f"{live_server.url}/static/core/", "asked": 0}

    def page(route: Any) -> None:
        said = {**world, "message": ""} if route.request.headers.get("x-live") else world
        route.fulfill(body=PAGE.format(**said), content_type="text/html")

    def ask(route: Any) -> None:
        world["asked"] += 1
        assert "cookie" not in route.request.headers
        if route.request.url.endswith(f"after={world['mark']}"):
            route.fulfill(status=204)
        else:
            route.fulfill(json={"mark": world["mark"], "last": -10_000})

    def change(**now: Any) -> None:
        world.update(now, mark=f"{world['asked']}-2")

    window.route("**/lamp/", page)
    window.route("**/live/lamp/?after=*", ask)
    with window.expect_response("**/live/lamp/?after="):
        window.goto("/lamp/")
    window.change, window.world = change, world
    return window


def test_what_is_typed_stays_while_the_rest_of_the_page_changes(lamp: Any) -> None:
    lamp.locator("#note").fill("half a sent")
    lamp.evaluate("scrollTo(0, 40); document.querySelector('#notes').dataset.mine = '1'")
    lamp.change(state="On", hint="It is on.", title="Lamp on", token="b", lines="<li>Turned on</li><li>Made</li>")
    lamp.locator(".badge", has_text="On").wait_for()

    assert lamp.locator("#note").input_value() == "half a sent"
    assert lamp.evaluate("document.activeElement.id") == "note"
    assert lamp.evaluate("scrollY") == 40
    assert lamp.locator("#hint").inner_text() == "It is on."
    assert lamp.locator("ol").inner_text() == "Turned on\nMade"
    assert lamp.evaluate("document.querySelector('#notes').dataset.mine") == "1"
    assert lamp.locator("input[name=csrfmiddlewaretoken]").input_value() == "a"
    assert (lamp.title(), lamp.locator(".live-voice").inner_text()) == ("Lamp on", "Changed: Lamp, On")
    assert lamp.locator(".message").inner_text() == "Saved."
    assert lamp.locator(".live-note").count() == 0


def test_what_somebody_has_opened_is_not_taken_away_but_a_note_offers_to_load_again(lamp: Any) -> None:
    lamp.locator("summary").click()
    lamp.change(state="On", steps="")
    lamp.locator(".badge", has_text="On").wait_for()
    assert lamp.get_by_role("link", name="Turn on").is_visible()
    lamp.locator(".live-note").get_by_role("button", name="Load again").click()
    lamp.wait_for_function("!document.querySelector('summary')")


def test_what_is_closed_goes_and_the_focus_is_not_lost(lamp: Any) -> None:
    lamp.locator("summary").focus()
    lamp.change(steps='<a class="button" href="#off">More</a>')
    lamp.locator("#steps a").wait_for()
    assert lamp.evaluate("document.activeElement.textContent") == "More"
    lamp.change(steps="")
    lamp.wait_for_function("!document.querySelector('#steps a')")
    assert lamp.evaluate("document.activeElement.localName") == "main"


def test_a_page_that_is_looked_at_asks_every_second_and_another_not_at_all(lamp: Any) -> None:
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});"
    lamp.clock.install()
    with lamp.expect_response("**/live/lamp/?after="):
        lamp.reload()
    for _second in range(3):
        with lamp.expect_response("**/live/lamp/?after=*"):
            lamp.clock.run_for(1_100)
    lamp.evaluate(hide % "true")
    before = lamp.world["asked"]
    lamp.clock.run_for(60_000)
    assert lamp.world["asked"] == before
    lamp.change(state="On")
    lamp.evaluate(hide % "false" + "document.dispatchEvent(new Event('visibilitychange'))")
    lamp.locator(".badge", has_text="On").wait_for()
