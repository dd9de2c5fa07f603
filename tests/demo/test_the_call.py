"""The call on the integrator's card, run as it is printed: twice, and there is one order."""

import shutil
import subprocess
from typing import Any

import pytest
from django.test import Client

from core.actors import SYSTEM
from core.api.keys import create_api_key
from demo.models import DemoDatabase
from orders.models import Order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash")
def test_the_same_call_twice_makes_one_order(live_server: Any, settings: Any, shop: Any, client: Client) -> None:
    settings.DEMO = True
    settings.SITE_URL = live_server.url
    _key, plain = create_api_key("Integrator of the demo", scopes=["*"], channels=["api"], actor=SYSTEM)
    DemoDatabase.objects.create(stage="Ready", ready=True, api_key=plain)
    call = client.get("/demo/").context["curl"]

    def run() -> tuple[str, str]:
        done = subprocess.run(["bash", "-c", call], capture_output=True, text=True, timeout=60, check=True)
        head, _blank, body = done.stdout.replace("\r", "").partition("\n\n")
        return head, body

    (first, made), (second, again) = run(), run()
    assert "201 Created" in first
    assert "Idempotent-Replayed" not in first
    assert "201 Created" in second
    assert "\nIdempotent-Replayed: true" in second
    assert again == made
    assert Order.objects.get().external_reference == "SHOP-1001"
