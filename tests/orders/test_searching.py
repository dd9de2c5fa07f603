"""Orders are found by every sign they bear: numbers exactly, names by their beginning, phones by their end."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.db import connection

from orders import searching, selectors
from orders.models import Order
from tests.fulfillment.helpers import packed
from tests.orders.views import LIST, shown
from tests.scenarios import anew, confirmed_order, placed_order

pytestmark = pytest.mark.django_db


def found(text):
    return set(selectors.search(Order.objects.all(), text).values_list("pk", flat=True))


@pytest.fixture
def pair(shop):
    """Return an order of Ada Müller-Byron with every sign, and one of somebody else."""
    ada = confirmed_order(
        {"MUG-RED": 1},
        customer_name="Ada Müller-Byron",
        customer_company="Werk Strauß",
        email="ada.m@example.com",
        phone="+49 (171) 234 56-78",
        purchase_order_number="po/2026-7",
        external_reference="WEB-99",
    )
    bob = confirmed_order({"TEA-1": 2}, customer_name="Bob Adams", email="bob@example.com", phone="030 99999")
    return ada, bob


@pytest.mark.parametrize(
    "text",
    [
        "{number}", "{digits}", " {lower} ", "WEB-99", "PO/2026-7", "mug-red", "ada mü", "ADA MULLER", "müller",
        "muller-byron ada", "strauss", "werk", "ada.m@", "ADA.M@example.com", "0171 2345678", "+49 171 2345678",
        "0049171 2345678", "345678",
    ],
)  # fmt: skip
def test_an_order_is_found_by_each_of_its_signs(pair, text):
    ada, _bob = pair
    number = str(ada.number)

    wanted = text.format(number=number, digits=int(number.removeprefix("SO-")), lower=number.lower())

    assert found(wanted) == {ada.pk}


@pytest.mark.parametrize(
    "text", ["da mü", "yron", "WEB-9", "po/2026", "MUG-", "m@example.com", "5678", "nobody", "'; --", "%", "_", "\0"]
)
def test_what_is_meant_exactly_is_not_found_by_a_part(pair, text):
    assert found(text) == (set() if text != "\0" else {order.pk for order in pair})


def test_an_order_is_found_by_the_tracking_number_of_a_parcel(pair):
    parcel = packed({"MUG-RED": 2}).shipments.get()

    assert found(parcel.tracking_number) == {parcel.order_id}
    assert found(f" {parcel.tracking_number.lower()} ") == {parcel.order_id}


def test_what_is_too_common_for_ids_is_found_all_the_same(pair, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 0)

    assert [len(found(text)) for text in ("ada", "MUG-RED", "a", "bob@", "99999")] == [2, 1, 2, 1, 1]


def test_a_search_asks_once_for_each_kind_however_many_orders_there_are(pair, django_assert_num_queries):
    with django_assert_num_queries(9):
        found("ada")
    for n in range(5):
        placed_order({"TEA-1": n + 1}, customer_name="Ada Zed", email=f"z{n}@example.com")
    with django_assert_num_queries(9):
        assert len(found("ada")) == 7
    with django_assert_num_queries(2):
        found("ada.m@")


@pytest.mark.postgres
@pytest.mark.parametrize("text", ["ada", "MUG-RED", "ada.m@", "0171 2345678", "123456"])
def test_every_kind_is_served_by_an_index(pair, text):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sign in searching._signs(text):
            plan = sign.ids[:10].explain()
            assert "Seq Scan on orders_order" not in plan, plan


def test_the_palette_finds_the_youngest_first(pair):
    ada, bob = pair
    assert selectors.first_found("ada", limit=5) == [bob.pk, ada.pk]
    assert selectors.first_found("ada", limit=1) == [bob.pk]
    assert selectors.first_found("  ", limit=5) == []


def test_old_orders_get_their_keys_in_batches(pair, monkeypatch):
    Order.objects.update(name_key="", surname_key="", phone_key="")
    migration = import_module("orders.migrations.0009_keys_written")
    monkeypatch.setattr(migration, "BATCH", 1)

    migration.write_keys(apps, type("Editor", (), {"connection": connection}))

    ada, bob = map(anew, pair)
    assert (ada.name_key, ada.surname_key) == ("ada muller-byron", "muller-byron ada")
    assert (ada.phone_key, bob.phone_key) == ("8765432171" + "94", "99999030")


# --- by day -----------------------------------------------------------------------------------


@pytest.fixture
def at_midnight(pair):
    """Place one order just before midnight of Berlin, and one just after."""
    before, after = pair
    Order.objects.filter(pk=before.pk).update(placed_at=datetime(2026, 3, 28, 22, 59, tzinfo=UTC))
    # The night in which clocks go forward: midnight is at 23:00 in London's time, the next one at 22:00.
    Order.objects.filter(pk=after.pk).update(placed_at=datetime(2026, 3, 28, 23, 1, tzinfo=UTC))
    return str(before.number), str(after.number)


def test_days_end_at_midnight_where_the_reader_is(desk, at_midnight):
    before, after = at_midnight
    maya = desk("maya")
    maya.user.time_zone = "Europe/Berlin"
    maya.user.save()

    assert shown(maya, "?placed_from=2026-03-28&placed_to=2026-03-28") == [before]
    assert shown(maya, "?placed_from=2026-03-29&placed_to=2026-03-29") == [after]
    assert shown(maya, "?placed_to=2026-03-28&placed_from=") == [before]
    page = maya.get(f"{LIST}?placed_from=2026-03-29").content.decode()
    assert "Days in Europe/Berlin" in page
    assert "from 29 March 2026" in page


def test_a_span_moves_along(desk, at_midnight):
    order = placed_order({"TEA-1": 5})

    maya = desk("maya")
    assert shown(maya, "?placed=today") == [str(order.number)]
    assert shown(maya, "?placed=yesterday") == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("placed_from=2026-02-30", "Placed from"),
        ("placed_to=9999-12-31", "Placed to"),
        ("placed=never", "Placed"),
        ("status__exact=nonsense", "Status"),
        ("needs=nonsense", "Needs"),
        ("channel__id__exact=x", "Channel"),
    ],
)
def test_only_the_filter_that_makes_no_sense_is_dropped_and_told(desk, pair, query, told):
    maya = desk("maya")

    answer = maya.get(f"{LIST}?payment_status__exact=unpaid&{query}")

    assert (answer.status_code, answer.headers["Location"]) == (302, f"{LIST}?payment_status__exact=unpaid")
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said == [f"“{told}” has no such value (any more) and was left out."]
