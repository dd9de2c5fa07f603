"""Browsers in which a member of staff signs in, and the pages by which they turn the second step on."""

import re

from django.test import Client

from tests.core.phones import Phone

PASSWORD = "right-and-long"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 "
    "Safari/537.36 Edg/139.0.0.0"
)


def browser(agent=FIREFOX, at="203.0.113.1", name="maya"):
    """Return a browser in which somebody signed in by password."""
    client = Client(REMOTE_ADDR=at, HTTP_USER_AGENT=agent)
    assert client.post("/admin/login/", {"username": name, "password": PASSWORD}).status_code == 302
    return client


def is_signed_in(client):
    return client.get("/admin/security/").status_code == 200


def turn_on(client, clock):
    """Turn the second step on by the pages; returns the phone and the page with the codes."""
    client.post("/admin/security/turn-on/", {"proof": PASSWORD})
    page = client.get("/admin/security/set-up/").content.decode()
    phone = Phone(clock, re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", ""))
    answer = client.post("/admin/security/set-up/", {"code": phone.shows()})
    clock.forward(half_minutes=3)
    return phone, answer
