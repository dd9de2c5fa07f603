"""The one door through which a status moves, and the log that remembers it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from core.actors import Actor
from core.errors import Conflict, TransitionRefused
from core.invariants import Finding, ask
from core.machines import _legal, _logged
from core.models import EventRecord
from core.service import service, unit_of_work
from core.transitions import advance
from tests.core.lamps import Lamp
from tests.racing import Meeting, concurrently

pytestmark = pytest.mark.django_db
MAYA = Actor("staff", "maya")


@service
def switch(pk: int, *transitions: str, **given: Any) -> Lamp:
    lamp = Lamp.objects.select_for_update().get(pk=pk)
    advance(lamp, *transitions, actor=MAYA, **given)
    return lamp


def findings() -> tuple[Finding, Finding]:
    field = Lamp._meta.get_field("status")
    return ask(_logged(Lamp, field)), ask(_legal(Lamp, field))


def test_a_passage_is_saved_and_written_down(lamps: Any) -> None:
    lamp = lamps.create()
    when = datetime(2011, 12, 9, 12, 50, tzinfo=UTC)
    switch(lamp.pk, "switch_on", note="it was dark", at=when)
    assert lamps.values_list("status", "version", "switched_by").get() == ("on", 1, "somebody")
    line = EventRecord.objects.get()
    assert (line.name, line.transition, line.source, line.target) == ("lamps.lamp.switch_on", "switch_on", "off", "on")
    assert (line.actor, line.note, line.at) == ("staff:maya", "it was dark", when)
    assert (line.subject_type, line.subject_id, line.thread) == ("lamps.lamp", lamp.pk, f"lamps.lamp:{lamp.pk}")
    assert line.recorded_at > when


def test_several_passages_are_one_save_and_one_insert(lamps: Any, django_assert_num_queries: Any) -> None:
    lamp = lamps.create()
    with django_assert_num_queries(5):  # savepoint, select, update, insert, release
        switch(lamp.pk, "switch_on", "switch_off", "switch_on")
    assert lamps.values_list("status", "version").get() == ("on", 3)
    assert list(EventRecord.objects.order_by("id").values_list("source", "target")) == [
        ("off", "on"),
        ("on", "off"),
        ("off", "on"),
    ]


def test_a_new_row_is_inserted_in_its_last_state(lamps: Any) -> None:
    with unit_of_work():
        lamp = Lamp()
        advance(lamp, "switch_on", actor=MAYA)
    assert lamps.values_list("status", flat=True).get() == "on"
    assert EventRecord.objects.get().subject_id == lamp.pk


def test_a_refusal_says_why_and_changes_nothing(lamps: Any) -> None:
    lamp = lamps.create(has_bulb=False)
    with pytest.raises(TransitionRefused, match="There is no bulb in it") as refusal:
        switch(lamp.pk, "switch_on")
    assert refusal.value.details == {"status": "off", "transition": "switch_on"}
    with pytest.raises(TransitionRefused):
        switch(lamp.pk, "switch_off")
    assert not EventRecord.objects.exists()


def test_a_refusal_half_way_leaves_no_half(lamps: Any) -> None:
    """A caller that goes on after a refusal finds row, object and log as they were."""
    lamp = lamps.create()

    @service
    def try_and_go_on() -> None:
        locked = Lamp.objects.get(pk=lamp.pk)
        with pytest.raises(TransitionRefused):
            advance(locked, "switch_on", "switch_on", actor=MAYA)
        assert (locked.status, locked.switched_by, locked.version) == ("off", "", 0)
        advance(locked, "drop", actor=MAYA)

    try_and_go_on()
    assert list(EventRecord.objects.values_list("source", "target")) == [("off", "broken")]
    assert [finding.breaches for finding in findings()] == [[], []]


def test_no_passage_outside_a_service(lamps: Any) -> None:
    with pytest.raises(RuntimeError, match="inside a @service"):
        advance(lamps.create(), "switch_on", actor=MAYA)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_hands_on_one_switch_are_one_light(lamps: Any) -> None:
    """Fails on PostgreSQL with `status=before` taken out of `transitions._save`: every hand switches it on."""
    lamp = lamps.create()
    meeting = Meeting(8)

    def switch_unlocked() -> None:
        with unit_of_work():
            seen = Lamp.objects.get(pk=lamp.pk)
            meeting.wait()
            advance(seen, "switch_on", actor=MAYA)

    outcomes = concurrently(*[switch_unlocked] * 8, raising=False)
    assert sum(outcome.error is None for outcome in outcomes) == 1
    assert {type(outcome.error) for outcome in outcomes if outcome.error} <= {Conflict, TransitionRefused}
    assert EventRecord.objects.count() == 1


def test_the_invariants_find_what_went_past_the_door(lamps: Any) -> None:
    honest, moved, forged, illegal = (lamps.create() for _ in range(4))
    switch(honest.pk, "switch_on", "switch_off", "drop")
    lamps.filter(pk=moved.pk).update(status="on")
    switch(forged.pk, "switch_on")
    EventRecord.objects.filter(subject_id=forged.pk).update(source="broken")
    switch(illegal.pk, "switch_on")
    EventRecord.objects.filter(subject_id=illegal.pk).update(transition="switch_off")
    logged, legal = findings()
    assert (logged.checked, logged.breaches) == (4, [str(moved.pk)])
    assert (legal.checked, legal.breaches) == (5, [str(forged.pk), str(illegal.pk)])


def test_the_legal_chain_is_one_statement(lamps: Any, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        switch(lamps.create().pk, "switch_on", "drop")
    with django_assert_num_queries(4):
        findings()
    assert connection.vendor in ("sqlite", "postgresql")
