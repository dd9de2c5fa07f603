"""A lamp: the smallest thing with a machine, known to no app, on a table made by the test."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection, models
from django_fsm import FSMField, transition

lamp_apps = Apps()


class Lamp(models.Model):
    """Something to switch."""

    status = FSMField(default="off", choices=[("off", "Off"), ("on", "On"), ("broken", "Broken")], protected=True)
    version = models.PositiveIntegerField(default=0)
    has_bulb = models.BooleanField(default=True)
    switched_by = models.CharField(max_length=40, default="")

    class Meta:
        app_label = "lamps"
        apps = lamp_apps

    def __str__(self) -> str:
        return f"Lamp {self.pk}"

    @transition(status, source="off", target="on", conditions=[lambda lamp: lamp.has_bulb])
    def switch_on(self) -> None:
        """Let there be light."""
        self.switched_by = "somebody"

    @transition(status, source="on", target="off")
    def switch_off(self) -> None:
        """Good night."""

    @transition(status, source="*", target="broken")
    def drop(self) -> None:
        """Oh."""

    def why_not(self, name: str) -> str:
        """Say why a transition may not happen."""
        return "" if self.has_bulb else "There is no bulb in it"


def lamp_table() -> None:
    """Make the table."""
    key = "bigserial" if connection.vendor == "postgresql" else "integer"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE lamps_lamp (id {key} PRIMARY KEY, status varchar(50) NOT NULL, version integer NOT NULL, "
            "has_bulb boolean NOT NULL, switched_by varchar(40) NOT NULL)"
        )


@pytest.fixture
def lamps(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Lend a table of lamps."""
    request.getfixturevalue("transactional_db" if request.node.get_closest_marker("race") else "db")
    lamp_table()
    yield Lamp.objects
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE lamps_lamp")
