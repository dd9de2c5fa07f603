"""The first page of the demo, its six people, its mail and its proofs; nobody sees them outside of it."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core import outbox
from core.files import keep_file
from core.models import OutgoingMail, User
from demo import proofs
from demo.models import DemoDatabase
from demo.people import PERSONAS, make_staff
from tests.scenarios import anew, placed_order

PAGES = ("/demo/", "/demo/progress/", "/demo/mail/")


@pytest.fixture
def in_demo(settings: Any, db: None) -> Iterator[DemoDatabase]:
    """Be on a demo database whose data is there."""
    settings.DEMO = True
    yield DemoDatabase.objects.create(stage="Ready", ready=True, total=1200, done=1200, api_key="key-of-the-demo")
    proofs._runs.clear()


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_it_is_there_outside_of_the_demo(client: Client, settings: Any, path: str) -> None:
    DemoDatabase.objects.create(ready=True)
    settings.DEMO = False
    assert client.get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_it_is_there_on_a_database_that_is_no_demo(client: Client, settings: Any, path: str) -> None:
    settings.DEMO = True
    assert client.get(path).status_code == 404


def test_the_first_page_has_six_cards_and_four_proofs(client: Client, in_demo: DemoDatabase) -> None:
    page = client.get("/demo/").content.decode()
    assert page.count('class="card persona"') == 6
    assert page.count('class="card proof"') == 4
    assert all(person.name in page for person in PERSONAS)


def test_while_the_data_is_made_the_first_page_shows_how_far_it_is(client: Client, in_demo: DemoDatabase) -> None:
    DemoDatabase.objects.update(ready=False, done=300, stage="Six months of orders: 300 of 1200")
    assert "300 of 1200" in client.get("/demo/").content.decode()
    assert client.get("/demo/progress/").json() == {
        "percent": 25,
        "stage": "Six months of orders: 300 of 1200",
        "ready": False,
    }


def test_one_click_is_a_post_and_signs_in(client: Client, in_demo: DemoDatabase, django_user_model: Any) -> None:
    django_user_model.objects.create_user("maya", "maya@kettle.example", "kettle")
    assert client.get("/demo/be/maya/").status_code == 405
    answer = client.post("/demo/be/maya/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.session["_auth_user_id"] == str(django_user_model.objects.get(username="maya").pk)
    assert client.post("/demo/be/admin/").status_code == 404


def test_tom_begins_at_his_day(client: Client, in_demo: DemoDatabase, django_user_model: Any) -> None:
    django_user_model.objects.create_user("tom", "tom@kettle.example", "kettle")
    assert client.post("/demo/be/tom/")["Location"] == "/admin/"


def test_the_call_on_the_card_is_a_whole_command(in_demo: DemoDatabase) -> None:
    words = shlex.split(proofs.curl_example(in_demo.api_key).replace("\\\n", " "))
    assert words[0] == "curl"
    assert "Authorization: Bearer key-of-the-demo" in words
    assert json.loads(words[-1])["lines"] == [{"sku": "MUG-RED", "quantity": 2}]


def test_sent_mail_is_paged_with_few_questions(
    client: Client, in_demo: DemoDatabase, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    OutgoingMail.objects.bulk_create(
        OutgoingMail(dedupe_key=f"m{number}", kind="shipped", to="a@example.com", subject=f"Parcel {number}")
        for number in range(30)
    )
    client.get("/demo/mail/")
    with django_assert_num_queries(3):
        page = client.get("/demo/mail/").content.decode()
    assert "Parcel 29" in page
    assert "Parcel 4<" not in page
    assert "Parcel 4<" in client.get("/demo/mail/?page=2").content.decode()


def test_the_body_of_a_mail_runs_nothing(client: Client, in_demo: DemoDatabase) -> None:
    mail = OutgoingMail.objects.create(
        dedupe_key="m", kind="shipped", to="a@example.com", subject="Parcel", html="<p>Hello</p><script>x()</script>"
    )
    answer = client.get(f"/demo/mail/{mail.pk}/body/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_the_links_of_a_mail_lead_out_of_its_frame(client: Client, in_demo: DemoDatabase) -> None:
    html = '<html><head><title>x</title></head><body><a href="/track/x/">See</a></body></html>'
    mail = OutgoingMail.objects.create(dedupe_key="m", kind="shipped", to="a@example.com", subject="Parcel", html=html)
    body = client.get(f"/demo/mail/{mail.pk}/body/").content.decode()
    assert body == html.replace("<head>", '<head><base target="_top">')


def test_what_a_mail_brings_along_opens_from_its_page(
    client: Client, in_demo: DemoDatabase, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    paper = keep_file(name="INV-000001.pdf", content=b"%PDF-paper", content_type="application/pdf")
    mail = OutgoingMail.objects.create(dedupe_key="m", kind="invoice", to="a@example.com", subject="Invoice")
    other = OutgoingMail.objects.create(dedupe_key="n", kind="shipped", to="a@example.com", subject="Parcel")
    mail.attachments.set([paper])
    address = f"/demo/mail/{mail.pk}/files/{paper.pk}/"
    assert f'href="{address}">INV-000001.pdf</a>' in client.get(f"/demo/mail/{mail.pk}/").content.decode()
    answer = client.get(address)
    assert (answer["Content-Type"], b"".join(answer.streaming_content)) == ("application/pdf", b"%PDF-paper")
    assert client.get(f"/demo/mail/{other.pk}/files/{paper.pk}/").status_code == 404


def test_a_proof_needs_a_post_and_a_name(client: Client, in_demo: DemoDatabase) -> None:
    assert client.get("/demo/prove/everything/").status_code == 405
    assert client.post("/demo/prove/nonsense/").status_code == 404
    assert client.get("/demo/prove/everything/state/").json()["running"] is False


def test_checking_everything_finds_no_breach(in_demo: DemoDatabase) -> None:
    run = proofs.Run()
    proofs._check_everything(run, "")
    assert run.holds is True
    assert run.done == run.total > 40
    assert [line.partition(":")[0] for line in run.lines] == [f"I{number}" for number in range(1, 11)]
    assert all(line.endswith(" 0 breaches") for line in run.lines)


@pytest.mark.django_db
def test_the_people_of_the_demo_have_the_roles_of_every_installation_and_nothing_else() -> None:
    make_staff()

    may = {
        user.username: {group.role.code for group in user.groups.all()} for user in User.objects.filter(is_staff=True)
    }
    assert may == {"maya": {"desk"}, "tom": {"warehouse"}, "ines": {"finance"}, "ada": {"manager"}, "admin": set()}
    assert not Permission.objects.filter(user__isnull=False).exists()


@pytest.mark.django_db
def test_the_first_page_answers_as_soon_as_the_database_is_prepared(client: Client, settings: Any) -> None:
    settings.DEMO = True
    call_command("prepare_demo")
    call_command("prepare_demo")
    assert DemoDatabase.objects.count() == 1
    assert "Moving in" in client.get("/demo/").content.decode()


@pytest.mark.django_db
def test_the_demo_moves_into_no_database_of_somebody_else(django_user_model: Any) -> None:
    django_user_model.objects.create_user("owner", "owner@example.com", "secret")
    for command in ("prepare_demo", "seed_demo"):
        with pytest.raises(CommandError, match="not empty and not a demo"):
            call_command(command)
    assert not DemoDatabase.objects.exists()


def test_nobody_kills_a_process_that_nobody_starts_again(
    in_demo: DemoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    run = proofs.Run()

    proofs.PROOFS[proofs.KILL].run(run, "key")

    assert (run.holds, run.done, DemoDatabase.objects.get().killed) == (False, 0, {})


def test_the_next_process_counts_the_mails_of_the_one_that_was_killed(
    in_demo: DemoDatabase, shop: Any, client: Client
) -> None:
    orders = [placed_order(external_reference=f"KILL-x-{n}", email=f"b{n}@example.com", notify=True) for n in range(3)]
    DemoDatabase.objects.update(killed={"pid": -1, "prefix": "KILL-x-", "placed": 3})
    between = client.get("/demo/prove/kill-worker/state/").json()
    outbox.drain()
    run = proofs.Run()

    proofs.PROOFS[proofs.KILL].run(run, "key")

    assert (between["running"], between["again"]) == (True, True)
    assert (run.holds, run.verdict) == (True, "3 orders, 3 mails sent, 0 twice, 0 lost")
    assert DemoDatabase.objects.get().killed == {}
    assert {anew(order).status for order in orders} == {"cancelled"}, "each proof resets its own stock"
