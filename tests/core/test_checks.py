"""A bad setting is explained, and never works by accident."""

from pathlib import Path

import pytest
from django.db import connections
from django.db.utils import load_backend

from core.checks import check_settings
from orders_project.environment import Environment


@pytest.fixture
def found(settings):
    """Return the ids of what the checks find under the settings of the test."""
    settings.SITE_URL = "http://127.0.0.1:8000"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.REDIS_URL = ""
    settings.TRUSTED_PROXIES = 0
    settings.DEMO = False
    return lambda: [message.id for message in check_settings(None)]


def test_good_settings_have_nothing_to_explain(found):
    assert found() == []


def test_missing_secret_key_says_how_to_make_one(found, settings):
    settings.SECRET_KEY = ""

    assert found() == ["core.E002"]
    assert "secrets.token_urlsafe" in check_settings(None)[0].hint


@pytest.mark.parametrize("address", ["orders.example.com", "ftp://orders", "https://", "http://[1"])
def test_site_url_must_be_a_web_address(found, settings, address):
    settings.SITE_URL = address

    assert found() == ["core.E003"]


def test_site_url_that_would_be_refused_is_pointed_out(found, settings):
    settings.SITE_URL, settings.TRUSTED_PROXIES = "https://orders.example.com", 1

    assert found() == ["core.W001"]


@pytest.mark.parametrize("hosts", [["*"], [".example.com"], ["orders.example.com"]])
def test_site_url_may_be_allowed_in_three_ways(found, settings, hosts):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://orders.example.com", hosts
    settings.TRUSTED_PROXIES = 1

    assert found() == []


def test_an_address_without_https_is_pointed_out_unless_it_is_this_machine(found, settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "http://orders.example.com", ["*"]

    assert found() == ["core.W003"]


def test_https_without_a_proxy_that_is_believed_would_redirect_for_ever(found, settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://orders.example.com", ["*"]

    assert found() == ["core.E009"]
    assert (
        check_settings(None)[0].hint == "HTTPS ends at a proxy. Count the proxies in front, usually TRUSTED_PROXIES=1."
    )


@pytest.mark.parametrize(("proxies", "ids"), [(9, []), (10, ["core.E009"]), (8000, ["core.E009"])])
def test_the_number_of_proxies_is_a_small_one(found, settings, proxies, ids):
    settings.TRUSTED_PROXIES = proxies

    assert found() == ids


@pytest.mark.parametrize("value", ["yes", "-1", "127.0.0.1"])
def test_what_is_no_number_of_proxies_trusts_none(monkeypatch, settings, found, value):
    monkeypatch.setenv("TRUSTED_PROXIES", value)
    environment = Environment()

    assert environment.int("TRUSTED_PROXIES", default=0) == 0
    settings.SETTINGS_PROBLEMS = environment.problems
    assert found() == ["core.E009"]


@pytest.mark.parametrize("address", ["localhost:6379", "http://localhost", "redis://", "unix://"])
def test_redis_url_must_be_the_address_of_a_redis(found, settings, address):
    settings.REDIS_URL = address

    assert "core.E004" in found()


def test_sqlite_with_separate_workers_is_pointed_out(found, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})

    assert found() == ["core.W002"]


def test_sqlite_in_a_folder_that_is_not_there_is_an_error(found, settings, monkeypatch, tmp_path: Path):
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "nowhere" / "db.sqlite3")}
    monkeypatch.setitem(settings.DATABASES, "default", database)

    assert found() == ["core.E001"]


def test_demo_belongs_on_this_machine(found, settings):
    settings.DEMO, settings.SITE_URL, settings.ALLOWED_HOSTS = True, "http://shop.example.com", ["*"]

    assert found() == ["core.W003", "core.E008"]


def test_what_the_settings_could_not_read_is_repeated_with_its_hint(found, settings, monkeypatch):
    monkeypatch.setenv("TIME_ZONE", "Mars/Olympus")
    environment = Environment()

    assert environment.time_zone("TIME_ZONE") == "UTC"

    settings.SETTINGS_PROBLEMS = environment.problems
    assert found() == ["core.E006"]
    assert "Europe/Berlin" in check_settings(None)[0].hint


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("orders", "starts with ''"),
        ("mysql://root@localhost/orders", "starts with 'mysql'"),
        ("sqlite://db.sqlite3", "too few slashes"),
        ("postgres://orders@localhost", "names no database"),
        ("postgres://orders:secret@localhost:five/orders", "cannot be read"),
    ],
)
def test_unusable_database_url_is_explained_and_never_replaced_by_another_database(monkeypatch, url, words):
    monkeypatch.setenv("DATABASE_URL", url)
    environment = Environment()

    database = environment.database("DATABASE_URL", default="sqlite:////tmp/default.sqlite3")

    assert database["ENGINE"] == "django.db.backends.dummy"
    [problem] = environment.problems
    assert words in problem.message
    assert "secret" not in problem.message
    assert "postgres://" in problem.hint


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("", "django.db.backends.sqlite3"),
        ("sqlite:////srv/orders/db.sqlite3", "django.db.backends.sqlite3"),
        ("postgres://orders:p%40ss@localhost:5432/orders", "django.db.backends.postgresql"),
    ],
)
def test_usable_database_url_is_used(monkeypatch, url, engine):
    monkeypatch.setenv("DATABASE_URL", url)
    environment = Environment()

    assert environment.database("DATABASE_URL", default="sqlite:////tmp/default.sqlite3")["ENGINE"] == engine
    assert environment.problems == []


def test_unknown_mail_address_leads_to_a_server_that_does_not_exist_so_that_mails_wait(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "carrier-pigeon://roof")
    environment = Environment()

    assert environment.mail("EMAIL_URL")["EMAIL_HOST"] == "unknown.invalid"
    assert [problem.name for problem in environment.problems] == ["EMAIL_URL"]


@pytest.mark.parametrize("value", ["perhaps", "2", "ja"])
def test_switch_is_on_or_off(monkeypatch, value):
    monkeypatch.setenv("DEBUG", value)
    environment = Environment()

    assert environment.bool("DEBUG", default=False) is False
    assert [problem.name for problem in environment.problems] == ["DEBUG"]


def test_number_that_is_none_keeps_the_default(monkeypatch):
    monkeypatch.setenv("API_RATE", "many")
    environment = Environment()

    assert environment.int("API_RATE", default=6000) == 6000
    assert [problem.name for problem in environment.problems] == ["API_RATE"]


def test_the_database_that_stands_for_a_bad_one_refuses_every_query():
    backend = load_backend("django.db.backends.dummy")
    wrapper = backend.DatabaseWrapper({**connections["default"].settings_dict, "NAME": ""})

    with pytest.raises(Exception, match="improperly configured"):
        wrapper.cursor()
