"""Finance reminds of what is overdue: one click to the list, two more to send; and the same by keyboard (U21)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from billing.models import Reminder
from core import roles
from core.models import OutgoingMail, User
from tests.factories.billing import make_seller, place, ship_all
from tests.factories.shop import make_shop
from tests.scenarios import run_debts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finance(transactional_db: None, open_browser: Any, client: Any, live_server: Any) -> Any:
    """Return a window in which finance begins its day, with three customers who have not paid."""
    make_shop()
    make_seller()
    for name, days in (("Ada", 20), ("Bob", 50), ("Eve", 110)):
        then = timezone.now() - timedelta(days=days)
        order = place(placed_at=then, historic=True, email=f"{name}@example.com".lower(), customer_name=name)
        ship_all(order, at=then)
    run_debts()
    roles.ensure_roles()
    ines = User.objects.create_user("ines", password="x", first_name="Ines", is_staff=True)
    ines.groups.add(roles.group_of("finance"))
    client.force_login(ines, backend="django.contrib.auth.backends.ModelBackend")
    page = open_browser(locale="en-GB", viewport={"width": 1440, "height": 900})
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto("/admin/billing/invoice/")
    return page


def test_one_click_to_the_list_with_its_ages_and_two_to_send_by_mouse_and_by_keyboard(finance):
    page = finance
    OutgoingMail.objects.all().delete()

    page.get_by_role("link", name="Overdue", exact=True).first.click()
    ages = page.locator("dl.ageing div")
    expect(ages).to_have_count(4)
    assert [text.split()[-1] for text in ages.all_inner_texts()] == ["1", "1", "0", "1"]
    page.get_by_role("link", name="Send reminders").click()
    page.get_by_label("Remind Eve of").uncheck()
    page.get_by_role("button", name="Send these reminders").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Reminders RUN-")
    run_debts()
    page.reload()
    expect(page.get_by_text("2 letters were sent.")).to_be_visible()
    assert set(OutgoingMail.objects.values_list("to", flat=True)) == {"ada@example.com", "bob@example.com"}

    page.goto("/admin/billing/invoice/?waits=overdue")
    _walk_to(page, ".steps a.primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/plan/")
    assert page.locator("input[name=due]").count() == 1, "who was reminded is not asked about again"
    _walk_to(page, "button.primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")
    run_debts()
    assert Reminder.objects.filter(status="sent").count() == 3


def _walk_to(page: Any, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", selector):
            return
    raise AssertionError(f"{selector} is not reached by keyboard")
