"""Every form that staff can reach, sent with what nobody should type: told beside the field, and nothing is lost."""

import re
from collections import deque
from contextlib import suppress
from urllib.parse import urljoin

import pytest
from django.db import connection, transaction
from django.urls import NoReverseMatch, resolve, reverse

from core.admin import navigation
from core.admin.site import site
from tests.everything import make_everything, make_stock_work
from tests.reading import Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="what a form says is the same on every database"),
]
ASIDE = {"X-Aside": "1"}
TEXTS = {"text", "search", "email", "tel", "url", "number", "date", "time", "datetime-local", "password", None}
FIXED = {"disabled", "readonly", "hidden"}
CHOICES = {"radio", "checkbox", "select"}
# What is sent for what can be typed (one field this, the next one that), and for what can be chosen.
BAD = {
    "nothing": (("", ""), ""),
    "too long, or a sign that no database keeps": (("x" * 3000, "a\0b"), "9" * 30),
    "one below any, or no number": (("-1", "NaN"), "no-such\0choice"),
}
ROW = "-__prefix__-"
# Doors that are no forms, lead out, or belong to who is not signed in.
ELSEWHERE = re.compile(r"^/(?!admin/|desk/|reports/)|/(logout|jsi18n|autocomplete|print)/|\.(csv|pdf)$")


class Forms(Page):
    """Reads the forms that a page sends, with their controls, and where it leads."""

    def __init__(self, text):
        self.forms, self.links, self.faults, self.described, self.alerts = [], [], [], set(), 0
        self._form = self._area = self._select = None
        self.read(text)

    def opens(self, tag, given):
        """Note controls, links and what is said to be wrong."""
        classes = (given.get("class") or "").split()
        self.described |= set((given.get("aria-describedby") or "").split())
        self.alerts += given.get("role") == "alert" or "errornote" in classes or "messages" in classes
        if "errorlist" in classes and "nonfield" not in classes:
            self.faults.append(given.get("id"))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form":
            self._form = {"action": given.get("action") or "", "controls": {}} if is_sent(given) else None
            self.forms += [self._form] if self._form else []
        elif self._form is not None and given.get("name") and not FIXED & given.keys() and "hidden" not in classes:
            self._control(tag, given)

    def _control(self, tag, given):
        controls, name = self._form["controls"], given["name"]
        if tag == "textarea":
            self._area = controls[name] = {"type": None, "value": ""}
        elif tag == "select":
            self._select = controls[name] = {"type": "select", "value": ""}
        elif tag == "input" and given.get("type") in CHOICES:
            known = controls.setdefault(name, {"type": given["type"], "value": ""})
            known["value"] = given.get("value", "on") if "checked" in given else known["value"]
        elif tag == "input":
            controls[name] = {"type": given.get("type"), "value": given.get("value") or ""}

    def says(self, text):
        """Read what stands in a larger field."""
        if self._area is not None:
            self._area["value"] += text

    def closes(self, tag):
        """Leave a form or a field."""
        if tag == "form":
            self._form = None
        if tag == "textarea":
            self._area = None


def is_sent(form):
    return form.get("method", "get").lower() == "post"


def typed(form):
    """Return the names of what people type or choose in a form."""
    return {name for name, one in form["controls"].items() if one["type"] in TEXTS | CHOICES}


def filled(form, bad):
    """Return what is sent: hidden fields as they are, everything else wrong."""
    texts, choice = BAD[bad]
    said = {}
    for at, (name, one) in enumerate(form["controls"].items()):
        if one["type"] in TEXTS:
            said[name] = texts[at % 2]
        elif one["type"] in CHOICES:
            said[name] = choice
        elif one["type"] != "file":
            said[name] = one["value"]
    # The row that an empty one is copied from stands for a row that was added.
    rows = {name: "1" for name in said if name.endswith("-TOTAL_FORMS") and ROW in "".join(said)}
    said = {name.replace(ROW, "-0-"): value for name, value in {**said, **rows}.items()}
    return {name: value for name, value in said.items() if name != "csrfmiddlewaretoken"}


def shape(path):
    found = resolve(path.partition("?")[0])
    return found.view_name, found.kwargs.get("name", "")


def starts():
    """Return the lists, and of each kind of record the pages of those that differ in their state."""
    yield reverse("admin:index")
    yield from {reverse(entry.url_name) for entry in navigation.ENTRIES.values()}
    for model in site._registry:
        route = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{route}_changelist")
        states = set()
        for row in model._default_manager.order_by("-pk")[:20]:
            if (state := getattr(row, "status", "")) not in states:
                states.add(state)
                yield reverse(f"{route}_change", args=[row.pk])
                with suppress(NoReverseMatch):
                    yield reverse(f"{route}_edit", args=[row.pk])


def forms_of(client):
    """Yield every form that can be reached, once: (where it stands, where it is sent, the form)."""
    waiting, pages, known = deque(starts()), {}, set()
    first = set(waiting)
    while waiting:
        path = waiting.popleft()
        answer = client.get(path, headers={} if path == reverse("admin:index") else ASIDE)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = Forms(answer.content.decode())
        for form in page.forms:
            there = urljoin(path, form["action"])
            key = (shape(there), frozenset(re.sub(r"\d+", "0", name) for name in form["controls"]))
            if typed(form) and key not in known and not ELSEWHERE.search(there):
                known.add(key)
                yield path, there, form
        for link in page.links:
            there = urljoin(path, link).partition("#")[0].partition("?")[0]
            if not there.startswith("/") or ELSEWHERE.search(there) or there in first or pages.get(shape(there), 0):
                continue
            pages[shape(there)] = 1
            waiting.append(there)


def lost(form, said, shown):
    """Return what was typed and does not stand in the form any more."""
    kinds = {name: one["type"] for name, one in form["controls"].items()}
    kept = {name: one["value"].strip("\n") for name, one in shown["controls"].items()}
    names = {name.replace(ROW, "-0-") for name in typed(form) if kinds[name] in TEXTS - {"password"}}
    return [name for name in names if said[name] and "\0" not in said[name] and kept.get(name) != said[name]]


def faults_with(client, there, form, bad):
    """Send a form and take back what it did. Returns what is wrong with its answer."""
    said = filled(form, bad)
    signed_in = dict(client.cookies)
    with transaction.atomic():
        answer = client.post(there, said, headers=ASIDE)
        transaction.set_rollback(True)
    client.cookies.update(signed_in)
    if answer.status_code >= 500 or answer.status_code in (403, 404):
        return [f"answers {answer.status_code}"]
    if answer.status_code in (204, 302) or not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    page = Forms(answer.content.decode())
    fields = {name.replace(ROW, "-0-") for name in typed(form)}
    same = [one for one in page.forms if typed(one) >= fields]
    wrong = [] if page.faults or page.alerts else ["refuses without a word"]
    wrong += [f"tells a fault beside no field ({one})" for one in page.faults if one and one not in page.described]
    wrong += [] if same else ["does not show the form again"]
    return wrong + [f"loses {name}" for name in (lost(form, said, same[0]) if same else [])]


def test_whatever_is_typed_is_refused_beside_its_field_and_kept(shop, staff):
    make_everything()
    make_stock_work()
    staff.raise_request_exception = False
    told, count = [], 0

    for path, there, form in forms_of(staff):
        count += 1
        for bad in BAD:
            told += [f"{there} on {path}, {bad}: {wrong}" for wrong in faults_with(staff, there, form, bad)]

    assert not told, "\n".join(told)
    assert count > 80
