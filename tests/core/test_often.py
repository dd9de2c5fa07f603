"""What is said with every order is worked out once, and says the same as a plain queryset."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, models
from django.db.models import F
from django.utils import timezone

from core.inserting import insert_rows
from core.models import Delivery, EventRecord, SavedView, User
from core.often import LONGEST, Remembered, RememberedValues, Word, one_of
from core.updating import update_row

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 5, 17, 8, 30, tzinfo=UTC)


def record(number: int, **given: Any) -> EventRecord:
    return EventRecord(name=f"bell.rung_{number}", thread=f"core.bell:{number}", actor="staff:maya", **given)


def written(count: int, **given: Any) -> list[EventRecord]:
    rows = [record(number, **given) for number in range(count)]
    insert_rows(rows)
    return rows


def values(model: type[models.Model], *pks: int) -> list[dict[str, Any]]:
    return list(model._base_manager.filter(pk__in=pks).order_by("pk").values())


def without_key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def test_rows_are_written_as_django_writes_them(django_assert_num_queries: Any) -> None:
    given = {
        "at": LONG_AGO,
        "recorded_at": LONG_AGO,
        "payload": {"tune": "high ü", "times": [1, None]},
        "public": True,
    }
    plain = EventRecord.objects.bulk_create([record(number, **given) for number in range(3)])
    ours = [record(number, **given) for number in range(3)]

    with django_assert_num_queries(1):
        insert_rows(ours)

    assert [row._state.adding for row in ours] == [False] * 3
    assert [without_key(row) for row in values(EventRecord, *(row.pk for row in ours))] == [
        without_key(row) for row in values(EventRecord, *(row.pk for row in plain))
    ]
    assert [row.name for row in EventRecord.objects.filter(pk__gt=plain[-1].pk).order_by("pk")] == [
        row.name for row in ours
    ]


def test_a_key_of_a_row_written_before_is_known_to_the_next() -> None:
    event = record(1)
    debt = Delivery(event=event, handler="ring")
    insert_rows([event])
    insert_rows([debt])

    assert Delivery.objects.get().event_id == event.pk
    assert debt.due_at <= timezone.now()


def test_nothing_and_very_much_can_be_written_too() -> None:
    insert_rows([])
    rows = written(LONGEST + 1)

    assert EventRecord.objects.count() == LONGEST + 1
    assert len({row.pk for row in rows}) == LONGEST + 1


def test_what_the_database_refuses_is_refused() -> None:
    [event] = written(1)
    with pytest.raises(IntegrityError):
        insert_rows([Delivery(event=event, handler="ring"), Delivery(event=event, handler="ring")])


def test_a_row_is_saved_whole_while_it_still_stands_where_it_was_read(
    django_assert_num_queries: Any,
) -> None:
    maya, tom = (User.objects.create_user(name) for name in ("maya", "tom"))
    mine, other = (
        SavedView.objects.create(table="orders.order", slug=slug, name=slug, owner=maya) for slug in ("late", "big")
    )
    untouched = values(SavedView, other.pk)
    mine.name, mine.owner, mine.shared, mine.position = "Late ü", tom, True, 3
    mine.filters, mine.sort, mine.created_at = {"status": ["placed", None]}, ["-total"], LONG_AGO

    with django_assert_num_queries(1):
        assert update_row(mine, slug="late", shared=False)

    assert values(SavedView, mine.pk) == [{
        "id": mine.pk, "table": "orders.order", "slug": "late", "name": "Late ü", "owner_id": tom.pk, "shared": True,
        "position": 3, "filters": {"status": ["placed", None]}, "search": "", "sort": ["-total"], "columns": [],
        "created_at": LONG_AGO,
    }]  # fmt: skip
    assert values(SavedView, other.pk) == untouched


def test_a_row_that_was_moved_meanwhile_or_is_gone_is_left_alone() -> None:
    maya = User.objects.create_user("maya")
    view = SavedView.objects.create(table="orders.order", slug="late", name="Late", owner=maya)
    SavedView.objects.filter(pk=view.pk).update(position=7)
    view.name = "Early"

    assert not update_row(view, position=0)
    assert SavedView.objects.get(pk=view.pk).name == "Late"

    SavedView.objects.filter(pk=view.pk).delete()
    assert not update_row(view, position=7)


def test_a_remembered_query_finds_what_the_queryset_finds() -> None:
    rows = written(9, at=LONG_AGO, payload={"tune": "low"})
    asked: list[int] = []

    def write(pks: Any, since: Any, name: Any) -> models.QuerySet[EventRecord]:
        asked.append(len(pks))
        found = EventRecord.objects.filter(pk__in=pks, at__gte=since).exclude(name=name)
        return found.annotate(twice=F("id") * 2).order_by("-pk")

    remembered = Remembered(write)
    for count in (1, 2, 3, 4, 5, 9, 3, 5):
        pks = [row.pk for row in rows[:count]]
        given = {"pks": pks, "since": LONG_AGO, "name": "bell.rung_0"}
        plain = list(write(**given))
        found = remembered.rows(**given)
        assert [vars(one) | {"_state": None} for one in found] == [vars(one) | {"_state": None} for one in plain]
        assert [(one.twice, one.payload) for one in found] == [(2 * pk, {"tune": "low"}) for pk in pks[:0:-1]]
        assert not any(one._state.adding for one in found)
    # Beside the plain ones: for one, two, four, eight and sixteen.
    assert sorted(asked) == sorted([1, 2, 3, 4, 5, 9, 3, 5, *[1, 2, 4, 8, 16]])

    assert remembered.rows(pks=[], since=LONG_AGO, name="") == []
    many = [*range(-LONGEST, 0), rows[0].pk]
    assert remembered.rows(pks=many, since=LONG_AGO, name="") == [rows[0]]
    assert remembered.rows(pks=[rows[0].pk], since=LONG_AGO + timedelta(seconds=1), name="") == []


def test_what_is_asked_by_other_names_is_another_query() -> None:
    rows = written(2)

    def write(pk: Any, name: Any = None) -> models.QuerySet[EventRecord]:
        found = EventRecord.objects.filter(pk=pk)
        return found if name is None else found.filter(name=name)

    remembered = Remembered(write)
    assert remembered.rows(pk=rows[0].pk, name="bell.rung_1") == []
    assert remembered.rows(pk=rows[0].pk) == [rows[0]]


def test_what_cannot_be_compared_is_refused() -> None:
    remembered = Remembered(lambda name: EventRecord.objects.filter(name=name))
    with pytest.raises(TypeError, match="name cannot be asked for by None"):
        remembered.rows(name=None)
    relations = Remembered(lambda pk: Delivery.objects.select_related("event").filter(pk=pk))
    with pytest.raises(TypeError, match="no relations"):
        relations.rows(pk=1)


@pytest.mark.postgres
def test_postgresql_plans_it_once() -> None:
    remembered = Remembered(lambda names: EventRecord.objects.filter(name__in=names, note="100%"))
    for number in range(20):
        assert remembered.rows(names=[f"bell {number}"]) == []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
            [
                '%core_eventrecord%"note" = $%',
            ],
        )
        [(times,)] = cursor.fetchall()
    assert times >= 14


def test_values_are_asked_for_with_a_list_of_any_length_in_one_parameter(django_assert_num_queries: Any) -> None:
    rows = [row.pk for row in written(70, at=LONG_AGO)]
    asked = []

    def write(pks: Any, name: Any) -> Any:
        asked.append(name)
        found = EventRecord.objects.filter(one_of("id", pks))
        return (found if name is None else found.filter(name=name)).order_by("pk").values_list("pk", "name", "at")

    known = RememberedValues(write)
    for some in (rows[:1], rows, rows[5:7], []):
        with django_assert_num_queries(1):
            found = known.rows(pks=some, name=None)
        plain = EventRecord.objects.filter(one_of("id", some)).order_by("pk").values_list("pk", "name", "at")
        assert [tuple(row) for row in found] == list(plain)
    assert [row[0] for row in known.rows(pks=rows, name="bell.rung_3")] == [rows[3]]
    assert known.rows(pks=rows[:3], name="bell.rung_3") == []
    # Once for the query with a name, once for the one without.
    assert len(asked) == 2


def test_a_word_of_ours_stands_in_the_statement_and_nothing_else_can() -> None:
    EventRecord.objects.create(name="rung", thread="core.bell:1", actor="staff:maya")
    EventRecord.objects.create(name="bell.rung_2", thread="core.bell:2", actor="staff:maya")
    rows = EventRecord.objects.filter(name__in=[Word("rung"), Word("broken")])
    assert [one.thread for one in rows] == ["core.bell:1"]
    sql, parameters = rows.query.sql_with_params()
    assert "'rung'" in sql
    assert parameters == ()
    with pytest.raises(ValueError, match="no word of ours"):
        Word("x' OR 'y")
