"""The first administrator is made by a link that only the operator has: once, and only while there is none."""

from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from core import first_administrator
from core.models import AccessLink, EventRecord, User

pytestmark = pytest.mark.django_db
SAID = {
    "name": "Maya Lindner",
    "email": "Maya@Example.com",
    "password": "tea-and-mugs-2026",
    "again": "tea-and-mugs-2026",
    "language": "de",
    "time_zone": "Europe/Berlin",
}


@pytest.fixture
def link():
    """Return the path of a fresh link, as the command prints it."""
    out = StringIO()
    call_command("setup_link", stdout=out, stderr=StringIO())
    return urlsplit(out.getvalue().splitlines()[-1]).path


def test_the_link_makes_an_administrator_who_is_signed_in_at_once(client, link):
    answer = client.post(link, SAID)

    maya = User.objects.get()
    assert (maya.username, maya.get_full_name(), maya.language, maya.time_zone) == (
        "maya@example.com",
        "Maya Lindner",
        "de",
        "Europe/Berlin",
    )
    assert maya.is_superuser
    assert maya.check_password(SAID["password"])
    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 200
    assert EventRecord.objects.get(name="core.user.created").actor == "operator"


def test_opening_the_link_changes_nothing(client, link):
    assert [client.get(link).status_code for _ in range(3)] == [200] * 3
    assert not User.objects.exists()
    assert AccessLink.objects.filter(used_at=None).count() == 1


def test_a_name_that_is_taken_is_refused_beside_it_and_the_link_stays(client, link):
    User.objects.create_user("maya@example.com", is_staff=True)

    answer = client.post(link, SAID)

    assert answer.status_code == 400
    assert "Somebody signs in by this address already" in answer.content.decode()
    assert client.post(link, {**SAID, "email": "other@example.com"}).status_code == 302


def test_the_link_works_once(client, link):
    client.post(link, SAID)
    client.post("/admin/logout/")

    again = client.post(link, {**SAID, "email": "eve@example.com"})

    assert again.status_code == 410
    assert "There is an administrator already" in again.content.decode()
    assert User.objects.count() == 1


def test_the_link_ends_when_an_administrator_was_made_in_another_way(client, link, django_user_model):
    django_user_model.objects.create_superuser("root", "root@example.com", "secret")

    assert client.get(link).status_code == 410
    assert client.post(link, SAID).status_code == 410
    assert User.objects.count() == 1


def test_a_newer_link_and_a_day_end_it(client, link):
    newer = urlsplit(first_administrator.make_link()).path
    assert (client.get(link).status_code, client.get(newer).status_code) == (410, 200)

    AccessLink.objects.update(expires_at=F("expires_at") - timedelta(hours=25))

    assert client.post(newer, SAID).status_code == 410
    assert client.get("/admin/first-administrator/forged/").status_code == 410
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "o'neil@example.com"}, "email"),
        ({"password": "short", "again": "short"}, "password"),
        ({"again": "something-else"}, "again"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"name": "Ma\x00ya"}, "name"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_spends_nothing(client, link, wrong, field):
    answer = client.post(link, {**SAID, **wrong})

    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not User.objects.exists()
    assert client.post(link, SAID).status_code == 302


def test_no_link_is_made_where_there_is_an_administrator(django_user_model):
    django_user_model.objects.create_superuser("root", "root@example.com", "secret")
    out = StringIO()

    with pytest.raises(CommandError, match="There is an administrator already"):
        call_command("setup_link", stdout=out)
    call_command("setup_link", "--if-needed", stdout=out)

    assert (out.getvalue(), AccessLink.objects.count()) == ("", 0)
