"""An urgent order takes what it misses: the page shows who loses which day, two clicks and a word do it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from core.models import User
from orders.models import Order
from tests.factories.shop import make_priced_product, make_shop
from tests.scenarios import anew, confirmed_order


@pytest.fixture
def desk(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window on an urgent order that misses what a patient one has."""
    make_shop()
    make_priced_product("RARE", "9.00", backorder=True, stock={"HAM": 4})
    patient = confirmed_order({"RARE": 4})
    urgent = confirmed_order({"RARE": 3}, email="b@example.com", shipping_method="express")
    maya = User.objects.create_user("maya", password="x", first_name="Maya", is_staff=True)
    maya.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "operate_order"]))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.patient, page.urgent = patient, urgent
    page.goto(f"/admin/orders/order/{urgent.pk}/change/")
    return page


def is_done(page: Any) -> None:
    page.get_by_text("Took units of a less urgent order").first.wait_for()
    allocated = [anew(order).lines.get().allocated for order in (page.patient, page.urgent)]
    assert allocated == [1, 3]
    assert Order.objects.count() == 2


def test_in_two_clicks_and_a_word(desk):
    desk.get_by_role("link", name="Take stock").click()
    row = desk.get_by_role("row").filter(has_text=str(desk.patient))
    assert row.get_by_role("checkbox").is_checked()
    row.get_by_text("3 × RARE").wait_for()
    desk.get_by_label("Reason").fill("trade fair")
    desk.get_by_role("button", name="Take stock").click()

    is_done(desk)


def test_by_keyboard_alone(desk):
    desk.get_by_role("link", name="Take stock").focus()
    desk.keyboard.press("Enter")
    desk.get_by_label("Reason").wait_for()
    for _ in range(12):
        if desk.get_by_label("Reason").and_(desk.locator(":focus")).count():
            break
        desk.keyboard.press("Tab")
    desk.keyboard.type("trade fair")
    desk.keyboard.press("Enter")

    is_done(desk)
