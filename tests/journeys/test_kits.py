"""A gift set becomes a kit: its parts are named row by row, and its page says how many can be made."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from core.models import User
from inventory import services as inventory
from inventory.models import Product
from tests.factories.shop import make_shop
from tests.journeys.test_open_to_all import INSPECT


@pytest.fixture
def catalogue(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return the form of a new product, before somebody who may change the catalogue."""
    make_shop()
    nina = User.objects.create_user("nina", password="x", first_name="Nina", is_staff=True)
    nina.user_permissions.set(Permission.objects.filter(codename__in=["view_product", "add_product"]))
    client.force_login(nina, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.goto("/admin/inventory/product/add/")
    return page


def test_a_kit_is_named_part_by_part_by_keyboard_alone(catalogue):
    page = catalogue
    page.locator("#id_sku").focus()
    page.locator("#id_sku:focus").wait_for()
    page.keyboard.type("GIFT-1")
    page.locator("#id_name").focus()
    page.locator("#id_name:focus").wait_for()
    page.keyboard.type("Gift set")
    page.locator("#id_kind").select_option("kit")
    page.get_by_label("Part 1: SKU or GTIN").focus()
    page.locator("#id_parts-0-sku:focus").wait_for()
    for typed in ("mug-red", "2", "tea-1", "x"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    # What is wrong stands beside the rows, and what was typed is still there.
    page.get_by_text("TEA-1: whole units from 1 to 10,000").wait_for()
    assert page.locator("#id_parts-0-sku").input_value() == "mug-red"
    page.get_by_label("Part 2: units per kit").fill("1")
    page.get_by_label("Part 2: units per kit").press("Enter")

    page.wait_for_url("**/product/**/change/")
    kit = Product.objects.get(sku="GIFT-1")
    assert inventory.recipe_of(kit) == {"MUG-RED": 2, "TEA-1": 1}
    assert page.get_by_text("100 kits can be made now.").is_visible()
    assert page.get_by_text("Scarcest part").count() == 1
    assert page.evaluate(INSPECT) == []
