"""Nobody is offered what he may not open: every link and button that a role is shown leads to a page of its own."""

import re
from collections import deque
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.urls import resolve, reverse

from core import roles, today
from core.admin import commands, navigation
from core.admin.aside import HEADER
from core.models import User
from tests.everything import make_everything, make_stock_work
from tests.factories.shop import make_shop
from tests.reading import Page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("world")]
CODES = ("desk", "warehouse", "finance", "manager", "administrator")
# Who may what is the same on every database: the second one is walked through by somebody who may open every page.
WALKERS = (*CODES, "limited") if connection.vendor == "sqlite" else ("everything",)
# What filters a list is the same for whoever opens it: those who between them see every list try each filter.
TRY_FILTERS = ("manager", "administrator", "everything")
MOST_ENTRIES = 9
# What leads out, or changes who reads.
ELSEWHERE = re.compile(r"^/(orders|demo|static|api|i18n|accounts|$)|/logout/")
# What scripts ask with more than an address.
ASKED_MORE = re.compile(r"/autocomplete/|/look-up/customers/C-0/|/counts/empty/|/logout/")
# Where one filter, page or sort of a list is like the other.
PASSING = {"o", "p", "cols", "view", "next"}


class Reader(Page):
    """Reads where a page leads, what it sends and asks for, and which steps it offers for the rows of a list."""

    def __init__(self, text):
        self.links, self.doors, self.steps, self.rows = [], [], [], []
        self.read(text)

    def opens(self, tag, given):
        """Note what can be pressed."""
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "form" and given.get("role") == "search" and given.get("action"):
            self.links.append(given["action"])
        elif tag in ("form", "button"):
            self.doors.append(given.get("action" if tag == "form" else "formaction"))
        self.doors += [text for name, text in given.items() if name.startswith("data-")]
        if tag == "button" and given.get("name") == "action":
            self.steps.append(given["value"])
        if tag == "input" and given.get("name") == ACTION_CHECKBOX_NAME:
            self.rows.append(given["value"])


def doors_of(page):
    """Return where forms, buttons and scripts of a page knock; a door that is only posted to says so, and to whom."""
    ours = [door for door in page.doors if door and re.match(r"/(admin|desk|reports)/[\w/.-]*$", door)]
    return [door for door in ours if not ASKED_MORE.search(door)]


def shape(path):
    """Return what a place is like: pages of two records of a kind are alike, and so are two values of a filter."""
    parts = urlsplit(path)
    found = resolve(parts.path)
    names = sorted({name for name, _value in parse_qsl(parts.query)} - PASSING)
    step = found.kwargs.get("name", "")
    return found.view_name, step, tuple(names)


@pytest.fixture(scope="module")
def world(lasting):
    """Build it once: whoever walks through it leaves it as it was."""
    make_shop()
    make_everything()
    make_stock_work()


def enter(client, code):
    """Sign in somebody of a role."""
    user = User.objects.create_user(code, password="x", is_staff=True, first_name=code.title())
    if code == "limited":
        user.groups.add(*(roles.group_of(role) for role in ("desk", "warehouse", "manager")))
        User.objects.filter(pk=user.pk).update(limits={"channel": ["api"], "warehouse": ["HAM"]})
    elif code in CODES:
        user.groups.add(roles.group_of(code))
    else:
        User.objects.filter(pk=user.pk).update(is_superuser=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


@pytest.mark.parametrize("code", WALKERS)
def test_every_link_and_button_leads_to_a_page_that_opens(client, code):
    enter(client, code)
    first = reverse("admin:index")
    seen, waiting = {first: ""}, deque([first])
    kinds, doors, refused, read_pages, steps, second = {shape(first): 0}, {}, {}, 0, set(), set()
    # So often is a page of one kind opened: records differ by their state.
    most = 2

    while waiting:
        path = waiting.popleft()
        # The frame around a page is the same on the next one of its kind, and takes half of its time.
        answer = client.get(path, headers={HEADER: "1"} if path in second else {})
        read_pages += 1
        if answer.status_code == 302 and "/admin/" in answer.headers["Location"]:
            if answer.headers["Location"] == path.partition("?")[0]:
                refused[path] = f"no such filter, offered on {seen[path]}"
            continue
        if answer.status_code != 200:
            refused[path] = (answer.status_code, f"offered on {seen[path]}")
            continue
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = Reader(answer.content.decode())
        # A step asks the same on each page of its list.
        for step in dict.fromkeys(page.steps):
            if (place := (shape(path)[0], step)) in steps:
                continue
            steps.add(place)
            bulk = client.post(path, {"action": step, ACTION_CHECKBOX_NAME: page.rows[:1], "index": 0})
            if bulk.status_code not in (200, 302):
                refused[f"{path} {step}"] = bulk.status_code
        for door in doors_of(page):
            if door not in seen and doors.get(shape(door), 0) < most:
                doors[shape(door)] = doors.get(shape(door), 0) + 1
                seen[door] = path
                if (status := client.get(door).status_code) in (403, 404):
                    refused[f"{door} (sent to)"] = (status, f"offered on {path}")
        for link in page.links:
            there = urljoin(path, link).partition("#")[0]
            if not there.startswith("/") or ELSEWHERE.search(there) or there in seen:
                continue
            kind = shape(there)
            # Filters of a list can be put together without end; one at a time says enough.
            if kind[2] and path != first and code not in TRY_FILTERS:
                continue
            if kinds.get(kind, 0) >= (1 if kind[2] and path != first else most) or (
                path != first and len(kind[2]) > 1
            ):
                continue
            kinds[kind] = kinds.get(kind, 0) + 1
            second |= {there} if kinds[kind] > 1 else set()
            seen[there] = path
            waiting.append(there)

    assert [f"{path}: {why}" for path, why in refused.items()] == []
    assert read_pages > 40
    assert len(doors) > 5


@pytest.mark.parametrize("code", [*CODES, "everything"])
def test_nobody_sees_more_than_nine_entries(client, code):
    enter(client, code)

    page = client.get(reverse("admin:index"))
    main = page.content.decode().split('<nav class="nav"')[1].split("</nav>")[0]

    assert 3 <= main.count('class="nav-link') <= MOST_ENTRIES
    assert [group.label for group in page.context["navigation"] if group.in_foot] in ([], ["Settings"])


def test_the_jobs_of_the_house_are_these(staff):
    groups = staff.get(reverse("admin:index")).context["navigation"]

    assert [group.label for group in groups] == [
        "Orders", "Exceptions", "Warehouse", "Returns", "Money", "Customers", "Catalogue", "Reports", "Settings",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "jobs"),
    [
        ("desk", "Orders Exceptions Warehouse Returns Money Customers Catalogue Reports"),
        ("warehouse", "Orders Exceptions Warehouse Returns Catalogue Reports"),
        ("finance", "Orders Exceptions Returns Money Customers Reports Settings"),
        ("manager", "Orders Exceptions Warehouse Returns Money Customers Catalogue Reports Settings"),
        ("administrator", "Orders Exceptions Warehouse Customers Catalogue Reports Settings"),
    ],
)
def test_every_role_sees_the_jobs_of_its_day(client, code, jobs):
    enter(client, code)

    assert [group.label for group in client.get(reverse("admin:index")).context["navigation"]] == jobs.split()


@pytest.mark.parametrize("code", [code for code in WALKERS if code != "limited"])
def test_every_command_of_the_palette_opens(client, code):
    enter(client, code)
    page = client.get(reverse("admin:keys"))
    offers = [offer for section in page.context["commands"] for offer in section.offers if offer.url]

    answers = {offer.url: client.get(offer.url).status_code for offer in offers}

    assert {url: status for url, status in answers.items() if status != 200} == {}
    assert len(answers) > 5


def test_what_is_registered_asks_for_permissions_that_exist():
    asked = {name for entry in navigation.ENTRIES.values() for name in entry.permissions}
    asked |= {command.permission for command in commands.COMMANDS.values()}
    asked |= {part.permission for part in today.SECTIONS.values()}
    known = set(User(is_superuser=True, is_active=True).get_all_permissions())

    assert asked - known - {""} == set()
