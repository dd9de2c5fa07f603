"""The frame of the back office: who sees what, what pages ask of the database, what they may contain."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone, translation

from core import badges, today
from core.admin import navigation, paging, searching
from core.admin.site import site
from core.models import ApiKey, Delivery, EventRecord, OutgoingMail, User
from core.templatetags.back_office import badge, money, spoken_day, when

INLINE_STYLE = re.compile(rb"<style|\sstyle\s*=", re.IGNORECASE)
INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>|\son\w+\s*=\s*[\"']|javascript:", re.IGNORECASE)


@pytest.fixture
def desk(db, client):
    """Return a browser in which somebody with few permissions is signed in."""
    tom = User.objects.create_user("tom", password="x", is_staff=True, first_name="Tom")
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")
    client.user = tom
    return client


def allow(user, *names):
    """Give a person permissions."""
    for name in names:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))


def some_of_everything():
    """Write a debt that was given up, a mail and a key."""
    event = EventRecord.objects.create(name="core.mail_kept", actor="system", thread="core.outgoingmail:1")
    debt = Delivery.objects.create(event=event, handler="core.handlers.send_mail", status="dead", last_error="no")
    mail = OutgoingMail.objects.create(
        dedupe_key="k", kind="hello", to="lena@example.com", language="en", subject="Hello", text="Hello", html="<p>Hi"
    )
    key = ApiKey.objects.create(name="Web shop", prefix="abc", hashed_secret="x", scopes=["*"])
    return {"delivery": debt, "outgoingmail": mail, "apikey": key, "eventrecord": event, "user": User.objects.get()}


def test_no_page_carries_inline_style_or_script(staff):
    things = some_of_everything()
    pages = [reverse("admin:index"), reverse("admin:search") + "?q=x", reverse("admin:password_change")]
    for name, thing in things.items():
        pages += [reverse(f"admin:core_{name}_changelist"), reverse(f"admin:core_{name}_change", args=[thing.pk])]
        pages.append(reverse(f"admin:core_{name}_history", args=[thing.pk]))
    pages += [
        reverse("admin:core_delivery_do", args=[things["delivery"].pk, "try-again"]),
        reverse("admin:core_outgoingmail_do", args=[things["outgoingmail"].pk, "resend"]),
        reverse("admin:core_apikey_do", args=[things["apikey"].pk, "revoke"]),
        reverse("admin:core_apikey_add"),
        reverse("admin:core_user_add"),
        reverse("admin:auth_group_add"),
        reverse("admin:auth_user_password_change", args=[things["user"].pk]),
        reverse("admin:auth_group_changelist"),
    ]

    for page in pages:
        answer = staff.get(page)
        assert answer.status_code == 200, page
        assert not INLINE_STYLE.search(answer.content), page
        assert not INLINE_SCRIPT.search(answer.content), page
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"], page


def test_login_page_is_ours_and_strict(client, db):
    answer = client.get(reverse("admin:login"))

    assert answer.status_code == 200
    assert b"login-box" in answer.content
    assert not INLINE_STYLE.search(answer.content)
    assert not INLINE_SCRIPT.search(answer.content)


def test_the_message_preview_is_fenced_in(staff):
    mail = some_of_everything()["outgoingmail"]

    answer = staff.get(reverse("admin:core_outgoingmail_preview", args=[mail.pk]))

    policy = answer.headers["Content-Security-Policy"]
    assert answer.content == b"<p>Hi"
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_navigation_shows_only_what_the_person_may_see(desk):
    before = desk.get(reverse("admin:index")).context["navigation"]
    allow(desk.user, "core.view_outgoingmail")
    after = desk.get(reverse("admin:index")).context["navigation"]

    assert before == []
    assert [(group.label, [link.label for link in group.links]) for group in after] == [("Customers", ["Sent mail"])]


def test_navigation_marks_where_the_reader_is(staff):
    groups = staff.get(reverse("admin:core_delivery_changelist") + "?state=dead").context["navigation"]

    current = [link.label for group in groups for link in group.links if link.current]
    assert current == ["Debts"]


def test_nothing_is_seen_without_permission(desk):
    some = [reverse(f"admin:core_{name}_changelist") for name in ("delivery", "apikey", "eventrecord", "user")]

    assert [desk.get(page).status_code for page in some] == [403, 403, 403, 403]


def test_nothing_is_deleted_here(staff):
    key = some_of_everything()["apikey"]

    answer = staff.post(reverse("admin:core_apikey_delete", args=[key.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert ApiKey.objects.filter(pk=key.pk).exists()


def test_a_list_costs_the_same_for_one_row_and_for_fifty(staff, django_assert_num_queries):
    page = reverse("admin:core_delivery_changelist")

    def owe(rows):
        events = EventRecord.objects.bulk_create(EventRecord(name="a.b", actor="system") for _ in range(rows))
        Delivery.objects.bulk_create(Delivery(event=event, handler="a.b.c") for event in events)

    owe(1)
    staff.get(page)
    # Session, person, saved views, capped count, rows.
    with django_assert_num_queries(5):
        staff.get(page)
    owe(60)
    with django_assert_num_queries(5):
        answer = staff.get(page)
    assert len(answer.context["cl"].result_list) == 50
    assert b"50 of 61" in answer.content


def test_counting_stops_at_the_cap(db, monkeypatch):
    monkeypatch.setattr(paging, "CAP", 3)
    EventRecord.objects.bulk_create(EventRecord(name="a.b", actor="system") for _ in range(7))

    pages = paging.CappedPaginator(EventRecord.objects.order_by("pk"), 2)

    assert paging.capped_count(EventRecord.objects.all(), 3) == 4
    assert (pages.count, pages.spoken_count, pages.num_pages) == (3, "3+", 2)


def test_a_later_page_has_the_rows_that_follow_and_ends_at_the_cap(db, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(paging, "CAP", 5)
    made = EventRecord.objects.bulk_create(EventRecord(name="a.b", actor="system") for _ in range(7))
    pages = paging.CappedPaginator(EventRecord.objects.order_by("-pk"), 2)

    assert pages.num_pages == 3
    found = [[row.pk for row in pages.page(number)] for number in (1, 2, 3)]
    newest = [row.pk for row in reversed(made)]
    assert found == [newest[:2], newest[2:4], newest[4:5]]
    # Its keys, then its rows.
    with django_assert_num_queries(2):
        list(pages.page(2))


def test_a_filter_that_makes_no_sense_is_dropped_with_a_word(staff):
    page = reverse("admin:core_outgoingmail_changelist")

    answer = staff.get(page + "?nonsense__exact=1", follow=True)

    assert answer.redirect_chain == [(page, 302)]
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "“Nonsense exact” has no such value (any more) and was left out."
    ]


def test_a_filter_that_no_database_could_look_for_is_dropped(staff):
    answer = staff.get(reverse("admin:core_user_changelist") + "?username__exact=%00")

    assert (answer.status_code, answer.url) == (302, reverse("admin:core_user_changelist"))


def test_search_opens_the_only_hit_and_lists_several(staff, monkeypatch):
    found = [searching.Hit("T-1", "/admin/core/user/1/change/")]
    monkeypatch.setattr(searching, "FINDERS", {})
    searching.finder(permission="core.view_user")(lambda term: found if term == "one" else found * 2)

    assert staff.get(reverse("admin:search") + "?q=one").headers["Location"] == "/admin/core/user/1/change/"
    assert staff.get(reverse("admin:search") + "?q=two").content.count(b"T-1") == 2
    assert staff.get(reverse("admin:search") + "?q=o%00ne").headers["Location"] == "/admin/core/user/1/change/"


def test_today_greets_and_shows_what_apps_registered(staff, monkeypatch):
    monkeypatch.setattr(today, "SECTIONS", {})
    calls = []

    @today.headline()
    def late():
        calls.append(1)
        return today.Headline("7 things are late", "/x/", "bad")

    @today.step(permission="core.view_user")
    def first():
        return today.Step(1, "Placement", 1000, "/y/", late=2)

    @today.todo()
    def stuck():
        return [today.Todo(f"T-{rank}", "/z/", "Do it", rank=rank) for rank in (3, 1, 2)]

    page = staff.get(reverse("admin:index")).content.decode()
    staff.get(reverse("admin:index"))

    assert re.search(r"Good (morning|afternoon|evening), Maya\.", page)
    assert "7 things are late" in page
    assert "999+" in page
    assert page.index("T-1") < page.index("T-2") < page.index("T-3")
    assert calls == [1]


def test_today_keeps_sections_from_those_who_may_not_see_them(desk, monkeypatch):
    monkeypatch.setattr(today, "SECTIONS", {})
    today.step(permission="core.view_user")(lambda: today.Step(1, "Secret", 3))

    assert b"Secret" not in desk.get(reverse("admin:index")).content


def test_a_state_is_a_shape_and_a_word_before_it_is_a_colour():
    shown = badge("dead", "given up")

    assert badges.tone_of("dead") == "bad"
    assert "#tone-bad" in shown
    assert "Given up" in shown


def test_money_and_moments_follow_the_reader():
    with translation.override("de"):
        assert money("1234.5", "EUR") == '<span class="money">1.234,50\xa0€</span>'
    with translation.override("en"):
        assert money("-3", "JPY") == '<span class="money">−JP¥3</span>'
        assert "12 Mar 2021" in when(datetime(2021, 3, 12, 14, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("days", "words"), [(0, "06:00"), (6, "Thu 06:00"), (7, "18 Sept"), (-6, "Sat 06:00"), (-7, "4 Sept")]
)
def test_a_weekday_is_named_where_it_can_be_no_other(monkeypatch, days, words):
    now = datetime(2026, 9, 11, 7, 0, tzinfo=UTC)
    monkeypatch.setattr("core.templatetags.back_office.timezone.now", lambda: now)
    with translation.override("en"), timezone.override(UTC):
        # An hour less than whole days, so that seven of them are not seven times a day.
        assert f">{words}<" in when(now - timedelta(hours=1) + timedelta(days=days))


def test_people_read_times_in_their_own_zone(staff):
    User.objects.update(time_zone="Asia/Tokyo", language="de")
    event = EventRecord.objects.create(name="a.b", actor="system", at=datetime(2021, 3, 12, 20, 0, tzinfo=UTC))

    page = staff.get(reverse("admin:core_eventrecord_change", args=[event.pk])).content.decode()

    assert "13.03.2021, 05:00:00" in page


def test_every_entry_of_the_navigation_leads_somewhere():
    names = {entry.url_name for entry in navigation.ENTRIES.values()}

    assert [name for name in names if not reverse(name)] == []
    assert all(entry.permission or entry.url_name == "admin:index" for entry in navigation.ENTRIES.values())


def test_every_table_is_built_on_the_frame():
    assert [str(model) for model, admin in site._registry.items() if not hasattr(admin, "tabs_for")] == []


@pytest.mark.parametrize(("language", "said"), [("en", "Monday 23 November"), ("de", "Montag, 23. November")])
def test_a_day_is_spoken_with_its_whole_name(language, said):
    with translation.override(language):
        assert spoken_day(date(2026, 11, 23)) == said
