"""Routing rules by keyboard alone and without script, and a piece of work sent from elsewhere in few clicks."""

from typing import Any

import pytest
from playwright.sync_api import expect

from core.models import User
from fulfillment.models import FulfillmentOrder
from inventory.models import RoutingRuleSet
from tests.factories.shop import make_shop
from tests.orders.rulesets import COSTS, active
from tests.scenarios import confirmed_order, run_debts

ADD = "/admin/inventory/routingruleset/add/"


@pytest.fixture
def window(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a maker of windows in which a manager is signed in."""
    make_shop()
    ada = User.objects.create_superuser("ada", "ada@example.com", "secret")
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")

    def open_window(**options: Any) -> Any:
        page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900}, **options)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return open_window


def test_rules_are_written_by_keyboard_without_script(window):
    page = window(java_script_enabled=False)
    page.goto(ADD)

    page.get_by_role("button", name="Add a rule").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Rule 1")).to_be_visible()
    page.locator("#id_name").focus()
    page.keyboard.type("Autumn")
    page.locator("#id_rules-0-name").focus()
    page.keyboard.type("South")
    page.locator("#id_rules-0-warehouses_1").focus()
    page.keyboard.press("Space")
    page.locator("#id_rules-0-destinations").focus()
    page.keyboard.type("AT, Bavaria")
    # Enter in a field saves; it does not add a row.
    page.keyboard.press("Enter")
    expect(page.locator("#id_rules-0-destinations_error")).to_contain_text("Bavaria: write a country")
    assert page.locator("#id_rules-0-name").input_value() == "South"
    assert page.locator("#id_rules-0-warehouses_1").is_checked()

    page.locator("#id_rules-0-destinations").fill("AT, DE 8-9")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Autumn (v1)")).to_be_visible()

    (rule,) = RoutingRuleSet.objects.get().content["rules"]
    assert (rule["warehouses"], rule["when"]) == (["MUC"], {"destinations": ["AT", "DE 8-9"]})


def test_work_is_sent_from_elsewhere_with_the_preview_in_sight(window):
    active(costs=COSTS | {"parcels": [{"warehouse": "HAM", "zone": "", "base": "3"}, COSTS["parcels"][1]]})
    order = confirmed_order()
    run_debts()
    work = FulfillmentOrder.objects.get(order=order)
    page = window()
    page.goto(f"/admin/orders/order/{order.pk}/change/")
    expect(page.get_by_text("because that is the cheapest")).to_be_visible()

    page.locator("#work").get_by_role("link", name="Send from elsewhere").click()
    expect(page.get_by_text("there on")).to_be_visible()
    page.get_by_label("Reason").fill("Hamburg is full")
    page.get_by_role("button", name="Send from elsewhere").click()

    expect(page.get_by_text("because somebody sent it there by hand")).to_be_visible()
    assert FulfillmentOrder.objects.get(pk=work.pk).warehouse.code != work.warehouse.code
