"""The column that holds the state of a machine."""

from collections.abc import Sequence
from typing import Any

from django_fsm import FSMField


class StatusField(FSMField):
    """A state that only transitions change.

    What a migration remembers of it is a column of text. django-fsm would have every historical model listen for every
    other one that is made, which took a third of the time in which a database is made ready.
    """

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Return the field as history knows it."""
        name, _path, arguments, options = super().deconstruct()
        options.pop("protected", None)
        return name, "django.db.models.CharField", arguments, options
