"""Who did it is written down, whoever it was."""

import pytest

from core.actors import Actor
from core.models import EventRecord, Milestone

LONG = Actor("staff", "m" * 150)


@pytest.mark.parametrize("model", [EventRecord, Milestone])
def test_the_longest_user_name_fits_into_every_log(model):
    assert len(str(LONG)) == model._meta.get_field("actor").max_length


def test_a_name_as_people_have_them_is_kept_whole():
    assert str(Actor("staff", "maya.lindner@example.com")) == "staff:maya.lindner@example.com"
    assert str(Actor("system")) == "system"
