"""The commands and keys of the whole house: none in the way of another, and records found by few statements."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from core.actors import SYSTEM
from core.admin import commands, navigation
from core.models import User
from returns import services as returns
from tests.scenarios import delivered_order, placed_order

STROKE = re.compile(r"^([a-z?/]|Enter|Mod\+[a-z])$")


def ways():
    """Return every way to press a key for something, from the registries and the pages."""
    given = [command.keys for command in commands.COMMANDS.values()]
    given += [entry.keys for entry in navigation.ENTRIES.values()]
    # What stands on pages of records (steps.html).
    given.append("e")
    return [way for keys in given for way in keys.split(",") if way]


def test_no_key_stands_for_two_things_and_none_begins_another():
    known = ways()

    assert sorted(known) == sorted(set(known))
    assert [(one, other) for one in known for other in known if other.startswith(f"{one} ")] == []
    assert [way for way in known if not all(STROKE.match(stroke) for stroke in way.split(" "))] == []


def test_every_job_has_a_key_to_its_place():
    keys = {entry.keys: entry.url_name for entry in navigation.ENTRIES.values() if entry.keys}

    assert keys["g o"] == "admin:orders_order_changelist"
    assert keys["g c"] == "admin:customers_customer_changelist"
    assert keys["g r"] == "admin:returns_returnrequest_changelist"
    assert keys["g i"] == "admin:billing_invoice_changelist"
    assert {key.split()[0] for key in keys} == {"g"}


def found(browser, term):
    """Return kind and name of what the palette finds."""
    return [(hit["kind"], hit["label"]) for hit in browser.get(reverse("admin:hits"), {"q": term}).json()["hits"]]


@pytest.mark.django_db
def test_every_kind_of_record_is_found_by_its_number(shop, staff):
    order = delivered_order()
    parcel = order.shipments.get()
    wanted = returns.request_return(order.pk, quantities={order.lines.first().pk: 1}, actor=SYSTEM)

    assert found(staff, order.number)[0] == ("Order", order.number)
    assert found(staff, order.number.removeprefix("SO-").lstrip("0"))[0] == ("Order", order.number)
    assert found(staff, "ada@example.com")[0] == ("Order", order.number)
    assert ("Customer", "Ada Byron") in found(staff, "Ada By")
    assert found(staff, parcel.tracking_number) == [("Parcel", parcel.number)]
    assert found(staff, wanted.number) == [("Return", wanted.number)]
    assert found(staff, "MUG-RED")[0] == ("Product", "Red mug")


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["SO-000001", "ada@example.com", "Ada", "MUG-RED", "12345", "no such thing"])
def test_the_palette_asks_a_bounded_number_of_statements(shop, staff, django_assert_max_num_queries, term):
    for _ in range(7):
        placed_order()
    staff.get(reverse("admin:hits"), {"q": term})

    # Session, person, and one for each of the eleven kinds; goods are looked up in three ways, orders by nine signs.
    with django_assert_max_num_queries(22):
        staff.get(reverse("admin:hits"), {"q": term})


@pytest.mark.django_db
def test_a_role_is_told_only_of_the_kinds_it_may_see(shop, client):
    order = placed_order()
    tom = User.objects.create_user("tom", password="x", is_staff=True)
    tom.user_permissions.add(Permission.objects.get(content_type__app_label="customers", codename="view_customer"))
    client.force_login(tom, backend="django.contrib.auth.backends.ModelBackend")

    assert found(client, "ada@example.com") == [("Customer", "Ada Byron")]
    assert found(client, order.number) == []


@pytest.mark.django_db
def test_the_list_of_commands_is_light_and_costs_no_statement(shop, staff, django_assert_num_queries):
    page = reverse("admin:keys")
    staff.get(page)

    # Session and person: whoever may do everything is asked for no permissions.
    with django_assert_num_queries(2):
        body = staff.get(page).content
    palette = body[body.index(b'<template id="commands"') : body.index(b'<dialog class="sheet"')]
    assert len(palette) < 16_000
