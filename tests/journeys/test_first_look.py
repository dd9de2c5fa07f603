"""The first page a member of staff sees."""

import re

import pytest


@pytest.mark.django_db(transaction=True)
def test_staff_sign_in_and_are_in_the_back_office(page, django_user_model):
    django_user_model.objects.create_user("maya", "maya@example.com", "a-long-secret", is_staff=True)

    page.goto("/admin/")
    page.get_by_label("Username").fill("maya")
    page.get_by_label("Password").fill("a-long-secret")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile("[^=]/admin/$"))
    page.get_by_role("main").wait_for()
    assert "Sign in" not in page.title()
