"""Passwords cannot be guessed, by one visitor or by many, and strangers do not keep an owner out."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.db.models import F
from django.test import Client

pytestmark = pytest.mark.django_db
PAUSE = "Too many tries. Please wait 15 minutes"
HOME = "203.0.113.1"


@pytest.fixture(autouse=True)
def _maya(django_user_model):
    django_user_model.objects.create_user("maya", "maya@example.com", "right-and-long", is_staff=True)


def sign_in(password, *, at, name="maya", page="/sign-in/"):
    return Client(REMOTE_ADDR=at).post(page, {"username": name, "password": password})


def guess_from_everywhere(times=20):
    assert {sign_in("wrong", at=f"198.51.100.{turn}").status_code for turn in range(times)} == {400}


def let_pass(*, minutes):
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=minutes))


def test_one_visitor_has_seven_tries_at_one_account(client):
    answers = [sign_in("wrong", at=HOME).status_code for _ in range(8)]

    assert answers == [400] * 6 + [429] * 2
    assert sign_in("right-and-long", at=HOME).status_code == 429
    assert sign_in("right-and-long", at="203.0.113.2").status_code == 302


def test_many_visitors_have_twenty_tries_at_one_account():
    guess_from_everywhere()

    answer = sign_in("right-and-long", at="203.0.113.9")

    assert answer.status_code == 429
    assert PAUSE in answer.content.decode()


def test_one_visitor_has_fifty_tries_at_all_accounts():
    for turn in range(50):
        assert sign_in("wrong", at=HOME, name=f"user{turn}").status_code == 400

    assert sign_in("right-and-long", at=HOME).status_code == 429
    assert sign_in("right-and-long", at="203.0.113.2").status_code == 302


def test_an_owner_comes_in_from_where_he_came_in_before_while_strangers_guess():
    assert sign_in("right-and-long", at=HOME).status_code == 302
    guess_from_everywhere()

    assert sign_in("right-and-long", at=HOME).status_code == 302


def test_a_known_address_is_no_licence_to_guess():
    assert sign_in("right-and-long", at=HOME).status_code == 302

    answers = [sign_in("wrong", at=HOME).status_code for _ in range(7)]

    assert answers[-1] == 429
    assert sign_in("right-and-long", at=HOME).status_code == 429


def test_a_pause_ends_after_a_quarter_of_an_hour_although_somebody_goes_on():
    guess_from_everywhere()

    let_pass(minutes=14)
    assert sign_in("wrong", at="198.51.100.77").status_code == 429
    let_pass(minutes=2)
    assert sign_in("right-and-long", at="203.0.113.9").status_code == 302


def test_the_back_office_says_to_wait_on_its_own_page():
    for _ in range(7):
        answer = sign_in("wrong", at=HOME, page="/admin/login/")

    assert answer.status_code == 429
    assert answer.templates[0].name == "admin/login.html"
    assert PAUSE in answer.content.decode()


def test_a_connection_without_an_address_can_sign_in():
    assert sign_in("wrong", at="").status_code == 400
    assert sign_in("right-and-long", at="").status_code == 302
