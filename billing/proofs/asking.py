"""What is asked of a proof."""

from collections.abc import Callable
from dataclasses import dataclass


def _silent(said: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Asked:
    """How many cases, which ones, by how many processes; `only` asks for a single one, `tell` hears how far it is."""

    cases: int
    seed: int = 2026
    processes: int = 1
    only: int | None = None
    tell: Callable[[str], object] = _silent
