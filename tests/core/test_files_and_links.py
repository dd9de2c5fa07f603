"""Files keep their bytes; links open one thing, for a time."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from core import links
from core.files import FileDamaged, keep_file, read_file
from core.models import AccessLink
from tests.racing import Meeting, concurrently

pytestmark = pytest.mark.django_db


def stored_files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_the_bytes_come_back_and_are_stored_once(settings: Any) -> None:
    first = keep_file(name="a.pdf", content=b"paper", content_type="application/pdf", thread="orders.order:7")
    second = keep_file(name="b.pdf", content=b"paper", content_type="application/pdf")
    assert read_file(first) == read_file(second) == b"paper"
    assert (first.size, first.thread) == (5, "orders.order:7")
    assert len(stored_files(settings)) == 1


def test_a_damaged_file_is_noticed(settings: Any) -> None:
    kept = keep_file(name="a.pdf", content=b"paper", content_type="application/pdf")
    [path] = stored_files(settings)
    path.write_bytes(b"papar")
    with pytest.raises(FileDamaged):
        read_file(kept)
    path.unlink()
    with pytest.raises(FileDamaged):
        read_file(kept)


def test_a_half_written_file_is_written_again(settings: Any) -> None:
    keep_file(name="a.pdf", content=b"paper", content_type="application/pdf")
    [path] = stored_files(settings)
    path.write_bytes(b"pa")
    assert read_file(keep_file(name="a.pdf", content=b"paper", content_type="application/pdf")) == b"paper"


def test_a_crash_while_writing_leaves_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.files.os.replace", crash)
    with pytest.raises(KeyboardInterrupt):
        keep_file(name="a.pdf", content=b"paper", content_type="application/pdf")
    assert stored_files(settings) == []


def test_a_signed_link_opens_its_thing_for_its_purpose_only() -> None:
    token = links.make_link("track", "orders.order:7")
    assert links.read_link(token, "track") == "orders.order:7"
    assert links.read_link(token, "return") is None
    assert links.read_link(token[:-1] + ("a" if token[-1] != "a" else "b"), "track") is None
    assert links.read_link("nonsense", "track") is None
    assert links.read_link(links.make_link("track", "orders.order:7", days=0), "track") is None


def test_a_steady_link_is_the_same_for_a_month_and_opens_no_longer_than_another(monkeypatch: Any) -> None:
    now = [links.PERIOD * 700.0]
    monkeypatch.setattr(links.time, "time", lambda: now[0])
    token = links.make_steady_link("track", "orders.order:7")
    assert token != links.make_steady_link("track", "orders.order:8")
    now[0] += links.PERIOD - 1
    assert links.make_steady_link("track", "orders.order:7") == token
    now[0] += 1
    assert links.make_steady_link("track", "orders.order:7") != token
    assert links.read_link(token, "track") == "orders.order:7"
    assert links.read_link(token, "return") is None
    assert links.read_link(f"{token[:-1]}{'a' if token[-1] != 'a' else 'b'}", "track") is None
    now[0] = links.PERIOD * 700.0 + 90 * links.DAY
    assert links.read_link(token, "track") is None


def test_a_one_time_link_works_once_and_looking_does_not_spend_it() -> None:
    token = links.make_access_link("sign-in", "customers.customer:3")
    assert token not in str(AccessLink.objects.values().get())
    for _ in range(2):
        assert links.peek_access_link(token, "sign-in") == "customers.customer:3"
    assert links.use_access_link(token, "sign-in") == "customers.customer:3"
    assert links.peek_access_link(token, "sign-in") is None
    with pytest.raises(links.LinkSpent):
        links.use_access_link(token, "sign-in")


def test_a_one_time_link_ends() -> None:
    token = links.make_access_link("sign-in", "customers.customer:3")
    AccessLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(links.LinkSpent):
        links.use_access_link(token, "sign-in")
    other = links.make_access_link("sign-in", "customers.customer:3")
    assert links.revoke_access_links("customers.customer:3") == 2
    with pytest.raises(links.LinkSpent):
        links.use_access_link(other, "sign-in")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_clicks_on_a_one_time_link_are_one_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails on PostgreSQL with `used_at__isnull=True` taken out of the update in `use_access_link`."""
    token = links.make_access_link("sign-in", "customers.customer:3")
    meeting, peek = Meeting(8), links.peek_access_link

    def peek_together(token: str, purpose: str) -> str | None:
        thread = peek(token, purpose)
        meeting.wait()
        return thread

    monkeypatch.setattr(links, "peek_access_link", peek_together)
    outcomes = concurrently(*[lambda: links.use_access_link(token, "sign-in")] * 8, raising=False)
    assert [outcome.value for outcome in outcomes if outcome.error is None] == ["customers.customer:3"]
    assert {type(outcome.error) for outcome in outcomes if outcome.error} == {links.LinkSpent}


def test_addresses_are_absolute(settings: Any) -> None:
    settings.SITE_URL = "https://orders.example.com"
    assert links.absolute("/orders/SO-000001/") == "https://orders.example.com/orders/SO-000001/"
