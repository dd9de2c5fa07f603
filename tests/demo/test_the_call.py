"""The call on the integrator's card, run as it is printed: twice, and there is one order."""

import http.client
import shlex
import shutil
import subprocess
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from core.actors import SYSTEM
from core.api.keys import create_api_key
from demo.models import DemoDatabase
from orders.models import Order

pytestmark = pytest.mark.django_db(transaction=True)


def in_a_shell(call: str) -> tuple[str, str]:
    """Let bash and curl do it, and return head and body."""
    done = subprocess.run(["bash", "-c", call], capture_output=True, text=True, timeout=60, check=True)
    head, _blank, body = done.stdout.replace("\r", "").partition("\n\n")
    return head, body


def by_hand(call: str) -> tuple[str, str]:
    """Do what the call says where there is no curl; what it says otherwise is not understood."""
    address, method, headers, body = "", "GET", {}, ""
    words = iter(shlex.split(call.replace("\\\n", " ")))
    assert next(words) == "curl"
    for word in words:
        if word in ("-i", "-s", "-si", "-is"):
            continue
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _colon, value = next(words).partition(":")
            headers[name] = value.strip()
        elif word in ("-d", "--data"):
            body = next(words)
        else:
            assert word.startswith("http"), word
            address = word
    where = urlsplit(address)
    with closing(http.client.HTTPConnection(where.netloc, timeout=60)) as connection:
        connection.request(method if method != "GET" or not body else "POST", where.path, body.encode(), headers)
        answer = connection.getresponse()
        named = (f"{name}: {value}" for name, value in answer.getheaders())
        return "\n".join([f"HTTP/1.1 {answer.status} {answer.reason}", *named]), answer.read().decode()


WAYS = [by_hand, *([in_a_shell] if shutil.which("curl") and shutil.which("bash") else [])]


@pytest.mark.parametrize("run", WAYS)
def test_the_same_call_twice_makes_one_order(
    live_server: Any, settings: Any, shop: Any, client: Client, run: Any
) -> None:
    settings.DEMO = True
    settings.SITE_URL = live_server.url
    _key, plain = create_api_key("Integrator of the demo", scopes=["*"], channels=["api"], actor=SYSTEM)
    DemoDatabase.objects.create(stage="Ready", ready=True, api_key=plain)
    call = client.get("/demo/").context["curl"]

    (first, made), (second, again) = run(call), run(call)

    assert "201 Created" in first
    assert "Idempotent-Replayed" not in first
    assert "201 Created" in second
    assert "\nIdempotent-Replayed: true" in second
    assert again == made
    assert Order.objects.get().external_reference == "SHOP-1001"
