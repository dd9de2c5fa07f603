"""What a page weighs on its way, with everything that belongs to it, and how it travels."""

import cProfile
import gzip
import posixpath
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import reverse
from whitenoise.middleware import WhiteNoiseMiddleware

from billing import services as billing
from core import outbox
from core.actors import SYSTEM
from core.links import make_link
from customers import services as customers
from orders.admin.orders import OrderAdmin
from orders.models import Order
from tests.billing.test_letterheads import photo
from tests.scenarios import ADA, confirmed_order, shipped_order

HEAVIEST = 150_000
ROWS = 24
# Python's own calls per row: time would say something else on every machine.
CALLS_PER_ROW = 4_000
COMPRESSED = {"accept-encoding": "gzip"}
# A name that the letters of Western Europe are not enough for: its page needs a second file of letters.
FAR_NAME = "Łukasz Dvořák"
FACE = re.compile(r'@font-face \{[^}]*url\("([^"]+)"\)[^}]*unicode-range:([^;]+);')


class Belongings(HTMLParser):
    """Collects what a browser loads for a page, and the signs that it writes."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.signs = set()
        self.feed(text)

    def handle_data(self, data):
        self.signs.update(map(ord, data))

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        address = said.get("src") or (said.get("href") if tag in ("link", "use") else "") or ""
        if address.startswith("/") and said.get("rel") != "canonical":
            self.found.add(address.partition("#")[0])


def weigh(client, address, written=""):
    """Return the bytes of a page and of all that belongs to it, each as it travels, the heaviest first.

    `written`: what its scripts write, besides.
    """
    answer = client.get(address, headers=COMPRESSED)
    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "gzip"), address
    weights = {address: len(answer.content)}
    page = Belongings(gzip.decompress(answer.content).decode())
    styles = [asset for asset in page.found if asset.endswith(".css")]
    for asset in page.found.union(*(fonts(style, page.signs | set(map(ord, written))) for style in styles)):
        if asset.startswith("/static/"):
            content = file_of(asset).read_bytes()
            weights[asset] = len(content) if asset.endswith(".woff2") else len(gzip.compress(content))
        else:
            weights[asset] = len(client.get(asset, headers=COMPRESSED).content)
    return dict(sorted(weights.items(), key=lambda one: -one[1]))


def file_of(asset):
    """Return the file behind an address."""
    return Path(finders.find(asset.removeprefix("/static/")))


def fonts(style, signs):
    """Return the files of letters that a stylesheet asks for where these signs are written."""
    found = set()
    for name, ranges in FACE.findall(file_of(style).read_text()):
        for first, last in re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", ranges):
            if any(int(first, 16) <= sign <= int(last or first, 16) for sign in signs):
                found.add("/static/" + posixpath.normpath(posixpath.join(posixpath.dirname(style[8:]), name)))
    return found


@pytest.fixture
def many_orders(shop):
    """Fill a list: one of them was shipped, and its customer comes from afar."""
    far = customers.find_or_create(email="lukasz@example.com", name=FAR_NAME, actor=SYSTEM)
    # As heavy as a logo can be: a photo.
    billing.set_logo(billing.ensure_default_entity().pk, photo(60, 60), actor=SYSTEM)
    address = replace(ADA, name=FAR_NAME)
    first = shipped_order(customer_id=far.pk, customer_name=FAR_NAME, email=far.email, shipping_address=address)
    outbox.drain()
    return [first, *(confirmed_order({"MUG-RED": 1}) for _ in range(ROWS - 1))]


@pytest.mark.django_db
def test_no_page_weighs_more_than_150_kilobytes_with_all_that_belongs_to_it(staff, many_orders):
    order = many_orders[0]
    named = [
        reverse("admin:orders_order_changelist"),
        reverse("admin:orders_order_change", args=[order.pk]),
        reverse("admin:customers_customer_changelist"),
        reverse("admin:customers_customer_change", args=[order.customer_id]),
        reverse("admin:billing_invoice_changelist"),
        reverse("admin:search") + "?q=lukasz",
        f"/orders/{order.number}/",
    ]
    others = [
        reverse("admin:index"),
        reverse("admin:orders_orderexception_changelist"),
        reverse("admin:fulfillment_fulfillmentorder_changelist"),
        reverse("admin:inventory_stockitem_changelist"),
        reverse("admin:customers_customer_add"),
        reverse("admin:keys"),
        reverse("desk:parked"),
        reverse("desk:walk-in"),
        *("/", "/shop/", "/cart/", "/look-up/", "/sign-in/", "/orders/"),
    ]
    staff.get(f"/track/{make_link('order', order.history_thread())}/")
    far = "/static/core/fonts/inter-latin-ext.woff2"

    weighed = {page: weigh(staff, page) for page in named + others}
    # Here a script writes the name.
    new = reverse("desk:new-order")
    weighed[new] = weigh(staff, f"{new}?customer={order.customer.number}", written=FAR_NAME)
    assert {page: weights for page, weights in weighed.items() if sum(weights.values()) > HEAVIEST} == {}
    logo = billing.shop_logo()
    of_shop = [page for page, weights in weighed.items() if f"/logo/{logo.mark}.png" in weights]
    assert of_shop == [page for page in weighed if not page.startswith(("/admin/", "/desk/"))]
    assert [page for page, weights in weighed.items() if len(weights) < 4] == [], "hardly anything belongs to it"
    assert [page for page in named if far not in weighed[page]] == [], "nobody from afar is named"
    assert [page for page in others if far in weighed[page]] == []


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
