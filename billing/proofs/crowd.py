"""Work on many numbers, shared out over processes that only reckon: they ask no database."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 500
EVERY_S = 5.0


def share_out(
    work: Callable[[int, range], T],
    seed: int,
    numbers: range,
    *,
    processes: int,
    tell: Callable[[str], object],
) -> Iterator[T]:
    """Do the work on portions of the numbers, and return what each gave, in their order; say how far it is."""
    portions = [numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE)]
    began = told = time.monotonic()
    done = 0
    for portion, found in zip(portions, _results(partial(work, seed), portions, processes), strict=True):
        done += len(portion)
        if (now := time.monotonic()) - told > EVERY_S:
            told = now
            rate = done / (now - began)
            tell(f"{done:,} of {len(numbers):,}, {rate:,.0f} a second, {(len(numbers) - done) / rate:,.0f} s to go")
        yield found


def _results(work: Callable[[range], T], portions: list[range], processes: int) -> Iterator[T]:
    if processes == 1 or len(portions) == 1:
        yield from map(work, portions)
        return
    # Forked, so that Django is ready in each: none of them touches a connection.
    with multiprocessing.get_context("fork").Pool(processes) as crowd:
        yield from crowd.imap(work, portions)
