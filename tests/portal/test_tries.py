"""Guessing does not pay, for one visitor or for many; and nobody is kept from his own order for long."""

import time

import pytest
from django.test import Client

from core.links import make_link
from core.models import OutgoingMail
from tests.portal.visitors import text_of
from tests.scenarios import placed_order

WAIT_A_MINUTE = "Too many tries. Please wait a minute."
WAIT_HALF_AN_HOUR = "Too many tries. Please wait half an hour, or use the link in one of our mails."
RIGHT = "ada@example.com"


def visitors():
    """Yield browsers that each come from an address of their own."""
    for number in range(1, 200):
        yield Client(REMOTE_ADDR=f"198.51.100.{number}")


@pytest.fixture
def strangers():
    """Return somebody new at every call."""
    crowd = visitors()
    return lambda: next(crowd)


def look_up(visitor, number, email):
    return visitor.post("/look-up/", {"number": number, "email": email})


def test_many_visitors_cannot_guess_the_address_of_one_order(strangers):
    order = placed_order()
    for turn in range(10):
        assert look_up(strangers(), f" {order.number.lower()}", f"guess{turn}@example.com").status_code == 400

    answer = look_up(strangers(), order.number, RIGHT)

    assert answer.status_code == 429
    assert WAIT_HALF_AN_HOUR in text_of(answer)


def test_many_visitors_cannot_guess_the_number_of_somebodys_order(strangers):
    order = placed_order()
    for turn in range(10):
        assert look_up(strangers(), f"SO-99{turn}", RIGHT.upper()).status_code == 400

    assert look_up(strangers(), order.number, RIGHT).status_code == 429


def test_an_order_nobody_has_pauses_like_one_that_somebody_has(strangers):
    for _ in range(10):
        assert look_up(strangers(), "SO-999999", "a@b.de").status_code == 400

    assert WAIT_HALF_AN_HOUR in text_of(look_up(strangers(), "SO-999999", "c@d.de"))


def test_right_answers_are_no_guesses(strangers):
    order = placed_order()

    assert {look_up(strangers(), order.number, RIGHT).status_code for _ in range(15)} == {302}


def test_a_pause_ends_half_an_hour_after_its_first_try_however_often_somebody_goes_on(
    strangers, settings, monkeypatch
):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pause"}}
    order = placed_order()
    for turn in range(10):
        look_up(strangers(), order.number, f"guess{turn}@example.com")
    now = time.time()

    monkeypatch.setattr(time, "time", lambda: now + 29 * 60)
    assert look_up(strangers(), order.number, "guess@example.com").status_code == 429
    monkeypatch.setattr(time, "time", lambda: now + 31 * 60)
    assert look_up(strangers(), order.number, RIGHT).status_code == 302


def test_the_link_in_a_mail_opens_the_order_while_strangers_guess(strangers):
    order = placed_order()
    for turn in range(10):
        look_up(strangers(), order.number, f"guess{turn}@example.com")

    owner = strangers()

    assert owner.get(f"/track/{make_link('order', order.history_thread())}/", follow=True).status_code == 200


def test_behind_a_proxy_one_visitor_does_not_use_up_the_tries_of_the_others(client, settings):
    settings.TRUSTED_PROXIES = 1
    order = placed_order()
    for turn in range(11):
        client.post(
            "/look-up/",
            {"number": f"SO-{turn}", "email": f"{turn}@example.com"},
            headers={"X-Forwarded-For": f"10.9.8.{turn}, 198.51.100.1"},
        )
    right = {"number": order.number, "email": RIGHT}

    guesser = client.post("/look-up/", right, headers={"X-Forwarded-For": "198.51.100.1"})
    owner = client.post("/look-up/", right, headers={"X-Forwarded-For": "198.51.100.2"})

    assert WAIT_A_MINUTE in text_of(guesser)
    assert owner.status_code == 302


def test_nobody_fills_a_mailbox_with_links(strangers, ada):
    for _ in range(5):
        assert strangers().post("/sign-in/link/", {"email": RIGHT}).status_code == 200

    answer = strangers().post("/sign-in/link/", {"email": RIGHT.upper()})

    assert answer.status_code == 429
    assert "Several links were asked for." in text_of(answer)
    assert OutgoingMail.objects.count() == 5


def test_a_full_mailbox_is_answered_alike_for_an_address_we_do_not_know(strangers, ada):
    for email in (RIGHT, "eve@example.com"):
        for _ in range(5):
            strangers().post("/sign-in/link/", {"email": email})

    known = text_of(strangers().post("/sign-in/link/", {"email": RIGHT}))
    unknown = text_of(strangers().post("/sign-in/link/", {"email": "eve@example.com"}))

    assert known.replace("ada@", "eve@") == unknown


def test_whoever_asks_for_too_many_links_is_told_and_none_is_said_to_be_on_its_way(client):
    for turn in range(10):
        client.post("/sign-in/link/", {"email": f"{turn}@example.com"})

    answer = client.post("/sign-in/link/", {"email": RIGHT})

    assert answer.status_code == 429
    assert WAIT_A_MINUTE in text_of(answer)
    assert "on its way" not in text_of(answer)
