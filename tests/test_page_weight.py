"""What a page weighs on its way, with everything that belongs to it, and how it travels."""

import cProfile
import gzip
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import reverse
from whitenoise.middleware import WhiteNoiseMiddleware

from orders.admin.orders import OrderAdmin
from orders.models import Order
from tests.scenarios import confirmed_order, shipped_order

HEAVIEST = 150_000
ROWS = 24
# Python's own calls per row: time would say something else on every machine.
CALLS_PER_ROW = 4_000
COMPRESSED = {"accept-encoding": "gzip"}


class Belongings(HTMLParser):
    """Collects what a browser loads for a page."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        address = said.get("src") or (said.get("href") if tag in ("link", "use") else "") or ""
        if address.startswith("/") and said.get("rel") != "canonical":
            self.found.add(address.partition("#")[0])


def weigh(client, address):
    """Return the bytes of a page and of all that belongs to it, each as it travels, the heaviest first."""
    answer = client.get(address, headers=COMPRESSED)
    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "gzip"), address
    weights = {address: len(answer.content)}
    for asset in Belongings(gzip.decompress(answer.content).decode()).found:
        if asset.startswith("/static/"):
            content = Path(finders.find(asset.removeprefix("/static/"))).read_bytes()
            weights[asset] = len(content) if asset.endswith(".woff2") else len(gzip.compress(content))
        else:
            weights[asset] = len(client.get(asset, headers=COMPRESSED).content)
    return dict(sorted(weights.items(), key=lambda one: -one[1]))


@pytest.fixture
def many_orders(shop):
    """Fill a list: one of them was shipped."""
    return [shipped_order(), *(confirmed_order({"MUG-RED": 1}) for _ in range(ROWS - 1))]


@pytest.mark.django_db
def test_no_page_weighs_more_than_150_kilobytes_with_all_that_belongs_to_it(staff, many_orders):
    order = many_orders[0]
    pages = [
        reverse("admin:index"),
        reverse("admin:orders_order_changelist"),
        reverse("admin:orders_order_change", args=[order.pk]),
        reverse("admin:orders_orderexception_changelist"),
        reverse("admin:fulfillment_fulfillmentorder_changelist"),
        reverse("admin:billing_invoice_changelist"),
        reverse("admin:inventory_stockitem_changelist"),
        reverse("admin:customers_customer_changelist"),
        reverse("admin:customers_customer_add"),
        reverse("admin:search") + "?q=ada",
        reverse("admin:keys"),
    ]
    too_heavy = {}
    for page in pages:
        weights = weigh(staff, page)
        assert len(weights) > 5, f"{page} has hardly anything that belongs to it"
        if sum(weights.values()) > HEAVIEST:
            too_heavy[page] = weights
    assert too_heavy == {}


@pytest.mark.django_db
def test_a_row_of_a_list_is_light_and_little_work(staff, many_orders, monkeypatch):
    address = reverse("admin:orders_order_changelist")
    bytes_and_calls = []
    for rows in (ROWS // 2, ROWS):
        monkeypatch.setattr(OrderAdmin, "list_per_page", rows)
        staff.get(address)
        profile = cProfile.Profile()
        profile.enable()
        answer = staff.get(address)
        profile.disable()
        assert len(answer.context["cl"].result_list) == rows
        bytes_and_calls.append((len(answer.content), sum(one.callcount for one in profile.getstats())))
    (small, few), (large, many) = bytes_and_calls
    assert 500 < (large - small) / (ROWS / 2) < 2_500
    assert 500 < (many - few) / (ROWS / 2) < CALLS_PER_ROW


@pytest.mark.django_db
def test_text_travels_compressed_and_tags_of_versions_stay_as_they_are(api, staff, shop):
    order = confirmed_order()
    assert "Content-Encoding" not in staff.get(reverse("admin:index")).headers

    listed = api.get("/api/v1/orders/", headers=COMPRESSED)
    assert listed.headers["Content-Encoding"] == "gzip"
    one = api.get(f"/api/v1/orders/{order.number}/", headers=COMPRESSED)
    assert "Content-Encoding" not in one.headers
    assert one.headers["ETag"] == f'"{Order.objects.get(pk=order.pk).version}"'


def test_static_files_of_a_server_are_compressed_and_kept_for_years(tmp_path):
    storages = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages, WHITENOISE_USE_FINDERS=False):
        ignored = ["drf_spectacular_sidecar", "rest_framework", "admin"]
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=ignored)
        served = WhiteNoiseMiddleware(lambda request: HttpResponse(status=404))
        names = [path.name for path in (tmp_path / "core").glob("back_office.*.css")]
        assert len(names) == 1
        answer = served(RequestFactory().get(f"/static/core/{names[0]}", headers=COMPRESSED))

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    answer.close()
