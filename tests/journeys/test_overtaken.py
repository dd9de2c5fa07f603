"""Two people edit the same record: both versions are shown, and nobody loses what was typed (U17)."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from playwright.sync_api import expect

from core.models import User
from customers.models import Customer
from tests.factories.shop import make_shop
from tests.scenarios import placed_order


@pytest.fixture
def form(transactional_db: None, open_browser: Any, live_server: Any) -> Any:
    """Return what opens the form of a customer in a window of somebody's own."""
    make_shop()
    customer = placed_order().customer

    def open_form(name: str) -> Any:
        person = User.objects.create_user(name, password="x", first_name=name.capitalize(), is_staff=True)
        wanted = ["view_customer", "change_customer"]
        person.user_permissions.set(Permission.objects.filter(codename__in=wanted))
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
        session = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page.goto(f"/admin/customers/customer/{customer.pk}/edit/")
        return page

    return open_form


def test_two_people_edit_a_customer_and_nothing_typed_is_lost(form):
    mine, theirs = form("maya"), form("tom")
    theirs.locator("#id_name").fill("Ada King")
    theirs.locator("#id_notes").fill("Rings twice")
    theirs.get_by_role("button", name="Save", exact=True).click()
    theirs.wait_for_url("**/change/")

    mine.locator("#id_name").fill("Augusta Ada")
    mine.locator("#id_phone").fill("+49 30 123456")
    mine.locator("#id_phone").press("Enter")

    told = mine.locator(".overtaken")
    expect(told).to_contain_text("Tom changed this while you were editing")
    assert told.locator("tbody tr").count() == 2
    assert [mine.locator(f"#id_{name}").input_value() for name in ("name", "phone", "notes")] == [
        "Augusta Ada",
        "+49 30 123456",
        "Rings twice",
    ]
    told.get_by_role("radio", name="Ada King").focus()
    expect(told.locator("input:focus")).to_be_visible()
    mine.keyboard.press("Space")
    mine.locator("#id_phone").press("Enter")
    mine.wait_for_url("**/change/")
    now = Customer.objects.get()
    assert (now.name, now.phone, now.notes) == ("Ada King", "+49 30 123456", "Rings twice")
