"""Who calls: nobody chooses the address he is counted by."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from axes.helpers import get_client_ip_address
from django.test import RequestFactory

from core.visitors import client_address

ROOT = Path(__file__).parents[2]
PROXY = "10.0.0.1"


def seen(forwarded=None, *, peer=PROXY):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


@pytest.mark.parametrize("forwarded", [None, "", "198.51.100.7", "1.1.1.1, 198.51.100.7"])
def test_without_a_proxy_what_a_visitor_says_of_himself_is_not_read(settings, forwarded):
    settings.TRUSTED_PROXIES = 0

    assert seen(forwarded) == PROXY


@pytest.mark.parametrize("forwarded", ["198.51.100.7", "1.1.1.1, 198.51.100.7", "1.1.1.1,2.2.2.2,198.51.100.7"])
def test_behind_a_proxy_the_last_entry_counts_however_many_the_visitor_wrote_before_it(settings, forwarded):
    settings.TRUSTED_PROXIES = 1

    assert seen(forwarded) == "198.51.100.7"


def test_behind_two_proxies_the_last_entry_but_one_counts(settings):
    settings.TRUSTED_PROXIES = 2

    assert seen("1.1.1.1, 198.51.100.7, 10.0.0.9") == "198.51.100.7"


@pytest.mark.parametrize("forwarded", [None, "", "198.51.100.7", "unknown, 10.0.0.9", "<script>, 10.0.0.9"])
def test_a_header_that_is_too_short_or_names_nobody_leaves_the_address_of_the_connection(settings, forwarded):
    settings.TRUSTED_PROXIES = 2

    assert seen(forwarded) == PROXY


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("198.51.100.7:51000", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("::1", "::1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        ("[2001:db8:1:3::1]:443", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_an_address_is_counted_without_its_port_and_the_network_of_ipv6_as_one(settings, written, counted):
    settings.TRUSTED_PROXIES = 1

    assert seen(written) == counted


def test_a_connection_without_an_address_is_counted_as_one_visitor(settings):
    settings.TRUSTED_PROXIES = 0

    assert seen(peer="") == ""


def test_the_lock_of_the_sign_in_counts_by_the_same_address(settings):
    settings.TRUSTED_PROXIES = 1
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "1.1.1.1, 198.51.100.7"}, REMOTE_ADDR=PROXY)

    assert get_client_ip_address(request) == "198.51.100.7"


@pytest.mark.parametrize(
    ("proxies", "believed"), [("", None), ("0", None), ("1", ("HTTP_X_FORWARDED_PROTO", "https"))]
)
def test_a_visitor_is_believed_to_use_https_only_behind_a_proxy(proxies, believed):
    script = "from orders_project import settings; print(settings.SECURE_PROXY_SSL_HEADER)"
    environ = {**os.environ, "TRUSTED_PROXIES": proxies}

    found = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == str(believed)
