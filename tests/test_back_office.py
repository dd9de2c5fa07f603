"""Every page that any app brings into the back office: it opens, and it keeps to the strict policy."""

import re

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.admin import navigation
from core.admin.site import site

INLINE = re.compile(rb"<style|\sstyle\s*=|<script(?![^>]*\ssrc=)[^>]*>|\son\w+\s*=\s*[\"']|javascript:", re.IGNORECASE)
TABLES = sorted(site._registry, key=lambda model: model._meta.label)
# Session, person, capped count, rows; some lists show one more thing.
MOST_QUERIES = 8


def address(model, kind, *args):
    """Return the address of a page of a table."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_every_list_opens_strictly_and_cheaply(staff, model):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = staff.get(address(model, "changelist"))

    assert answer.status_code == 200
    assert not INLINE.search(answer.content)
    assert len(queries) <= MOST_QUERIES
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert [sql for sql in counts if "LIMIT" not in sql] == []


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_every_heading_sorts_by_what_the_database_knows(db, rf, django_user_model, model):
    request = rf.get("/")
    request.user = django_user_model(username="ada", is_superuser=True, is_staff=True)
    shown = site._registry[model]
    columns = [name if callable(name) else getattr(shown, name, None) for name in shown.get_list_display(request)]

    unknown = []
    for order in filter(None, (getattr(column, "admin_order_field", None) for column in columns)):
        try:
            list(shown.get_queryset(request).order_by(order)[:1])
        except FieldError:
            unknown.append(order)

    assert unknown == []


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_every_form_opens_strictly(staff, model):
    answer = staff.get(address(model, "add"))

    assert answer.status_code in (200, 302, 403)
    assert not INLINE.search(answer.content)


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_nothing_is_seen_by_staff_without_permission(client, db, django_user_model, model):
    nobody = django_user_model.objects.create_user("nobody", password="x", is_staff=True)
    client.force_login(nobody, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(address(model, "changelist")).status_code == 403
    assert client.get(reverse("admin:index")).status_code == 200


def test_every_place_of_the_navigation_opens(staff):
    places = {entry.url_name: reverse(entry.url_name) + entry.query for entry in navigation.ENTRIES.values()}

    answers = {name: staff.get(url).status_code for name, url in places.items()}

    assert {name: status for name, status in answers.items() if status != 200} == {}


def test_every_place_of_the_navigation_asks_for_a_permission():
    assert [entry.url_name for entry in navigation.ENTRIES.values() if not entry.permission] == []
