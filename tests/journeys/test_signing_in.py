"""Two-step sign-in by keyboard alone: turned on, used, lost and found again, and ended everywhere else."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from core import second_step
from core.models import User
from tests.core.phones import Clock, Phone
from tests.journeys.sweeping import Sweep

PASSWORD = "right-and-long"


def go(page: Any, name: str) -> None:
    """Walk with Tab to a link or button of this name, and press Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "() => (document.activeElement.innerText || document.activeElement.ariaLabel || '').trim()"
        )
        if here == name:
            assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none", (
                "focus is seen"
            )
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    raise AssertionError(f"No way to {name!r} by keyboard")


def enter_password(page: Any) -> None:
    page.goto("/admin/login/")
    expect(page.locator("[name=username]:focus")).to_be_visible()
    page.keyboard.type("maya")
    page.keyboard.press("Tab")
    enter(page, PASSWORD)


def enter(page: Any, text: str) -> None:
    """Type into the field that the page puts one into, once it has."""
    expect(page.locator("input:focus")).to_be_visible()
    page.keyboard.type(text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.usefixtures("transactional_db")
def test_two_steps_from_the_first_code_to_the_last_resort(chromium, live_server, django_user_model, monkeypatch):
    clock, faults = Clock(), {}
    monkeypatch.setattr(second_step, "time", clock)
    maya = django_user_model.objects.create_user("maya", "maya@example.com", PASSWORD, is_staff=True)
    contexts = [chromium.new_context(base_url=live_server.url, locale="en-GB", bypass_csp=True) for _ in range(2)]
    here, there = (context.new_page() for context in contexts)

    enter_password(here)
    here.goto("/admin/security/")
    go(here, "Turn on two-step sign-in")
    enter(here, PASSWORD)
    faults["set-up"] = Sweep(here).look_here()
    phone = Phone(clock, here.locator("#secret").inner_text().replace(" ", ""))
    here.locator("[name=code]").focus()
    enter(here, phone.shows())
    codes = here.locator("#codes").inner_text().split()
    faults["codes"] = Sweep(here).look_here()
    assert len(codes) == 10

    clock.forward(half_minutes=3)
    enter_password(there)
    assert not there.url.endswith("/admin/"), "the password alone opens nothing"
    faults["code"] = Sweep(there).look_here()
    enter(there, phone.wrong())
    expect(there.get_by_role("alert")).to_contain_text("This code is not right")
    there.locator("[name=code]").focus()
    there.locator("[name=code]").fill("")
    enter(there, phone.shows())
    expect(there).to_have_url(re.compile("/admin/$"))

    there.goto("/admin/security/")
    faults["security"] = Sweep(there).look_here()
    go(there, "Sign out all others")
    here.goto("/admin/security/")
    expect(here).to_have_url(re.compile("/admin/login/"))

    enter_password(here)
    go(here, "Phone not at hand? Use a recovery code")
    enter(here, codes[0])
    expect(here).to_have_url(re.compile("/admin/$"))
    assert second_step.codes_left(User.objects.get(pk=maya.pk)) == 9

    for context in contexts:
        context.close()
    assert {page: found for page, found in faults.items() if found} == {}
