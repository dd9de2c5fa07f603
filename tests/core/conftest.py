"""What the tests of the mechanics share: an event that nobody else knows, and lamps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from core import outbox
from core.events import Event
from core.models import Delivery
from core.service import unit_of_work
from tests.core.lamps import lamps  # noqa: F401 - a fixture
from tests.core.ringing import desk, maya, step  # noqa: F401 - fixtures


@dataclass(frozen=True, kw_only=True)
class Rang(Event):
    """A bell rang."""

    name: ClassVar[str] = "tests.rang"
    about_type: ClassVar[str] = "tests.bell"
    about: ClassVar[str] = "bell_id"
    public: ClassVar[bool] = True
    bell_id: int = 1
    times: int = 1


@pytest.fixture
def bell() -> Iterator[Any]:
    """Lend the event `tests.rang`, which nobody hears yet."""
    outbox.HANDLERS.pop(Rang.name, None)
    yield Rang
    outbox.HANDLERS.pop(Rang.name, None)


@pytest.fixture
def ring(bell: Any) -> Callable[..., int]:
    """Ring in a transaction of its own; returns the debt of the only handler."""

    def ring_it(**given: int) -> int:
        with unit_of_work():
            outbox.emit(Rang(**given))
        latest = Delivery.objects.order_by("-pk").first()
        return latest.pk if latest else 0

    return ring_it
