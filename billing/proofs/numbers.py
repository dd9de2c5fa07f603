"""Numbers of documents: drawn by many processes at once, some of which change their mind and some of which are killed.

Of each series it is shown that its numbers run from one on without gap and double, over the change of the year too,
that they follow each other as they were drawn, and that each document is chained to the one before it.
"""

import os
import random
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.utils import timezone

from billing import chain
from billing.chaining import series_key
from billing.models import Invoice
from billing.proofs import apart
from billing.proofs.asking import Asked
from billing.proofs.issuing import Issued, Share, open_house, read_logs
from billing.verifying import Fault, verify
from core.models import NumberSeries

SERIES = 3
IN_VAIN = 5
ISSUES_PER_KILL = 100
DRAFT = "billing.proofs.issuing:draft_some"
ISSUE = "billing.proofs.issuing:issue_some"
MOST_TOLD = 20


def prove(asked: Asked) -> dict[str, Any]:
    """Issue that many invoices on the database of this process, which is there for that, and look at their numbers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drafts = drafted(asked, folder, SERIES)
        asked.tell(f"{len(drafts):,} drafts are there; {asked.processes} processes issue them")
        kills = _issue_and_kill(asked, drafts, folder)
        issued = list(read_logs(sorted(folder.glob("issued-*"))))
    faults = [*_of_numbers(len(drafts)), *_of_sequence(issued)]
    faults += [str(told) for told in verify(papers=False) if isinstance(told, Fault)]
    return {
        "issued": Invoice.objects.filter(number__isnull=False).count(),
        "seed": asked.seed,
        "processes": asked.processes,
        "series": SERIES,
        "kills": kills,
        "rolled_back_percent": IN_VAIN,
        "waited_for_each_other": waited(issued),
        "per_second_and_series": rates(issued),
        "faults": len(faults),
        "met": not faults,
        "told": faults[:MOST_TOLD],
    }


def drafted(asked: Asked, folder: Path, series: int) -> list[int]:
    """Draft invoices by all processes, spread evenly over the series, and return their keys, mixed."""
    house = open_house(series)
    each = [(asked.cases + asked.processes - 1 - n) // asked.processes for n in range(asked.processes)]
    parts = [
        (channel, (count + series - 1 - place) // series, str(folder / f"drafts-{number}-{place}"))
        for number, count in enumerate(each)
        for place, channel in enumerate(house.channels)
    ]
    asked.tell(f"Drafting {asked.cases:,} invoices")
    for start in range(0, len(parts), max(1, os.cpu_count() or 1)):
        apart.run_all(DRAFT, list(parts[start : start + max(1, os.cpu_count() or 1)]))
    keys = [int(key) for path in sorted(folder.glob("drafts-*")) for key in path.read_text().split()]
    random.Random(asked.seed).shuffle(keys)  # noqa: S311 - no secret
    return keys


def _issue_and_kill(asked: Asked, drafts: Sequence[int], folder: Path) -> int:
    """Let the processes issue, kill one now and then, and let another go on in its place. Return how many died."""
    dice = random.Random(asked.seed)  # noqa: S311 - no secret
    last_year = timezone.localdate().year - 1
    shares = [
        Share(drafts[n :: asked.processes], str(folder / f"issued-{n}"), asked.seed + n, IN_VAIN, last_year)
        for n in range(asked.processes)
    ]
    running = {n: apart.begin(ISSUE, share) for n, share in enumerate(shares)}
    wanted, kills, told = len(drafts) // ISSUES_PER_KILL, 0, time.monotonic()
    while running:
        time.sleep(0.02)
        for number, process in list(running.items()):
            if process.is_alive():
                continue
            process.join()
            del running[number]
            if process.exitcode == -signal.SIGKILL:
                running[number] = apart.begin(ISSUE, shares[number])
            elif process.exitcode:
                raise RuntimeError("A process failed; what it said stands above")
        done = sum(_lines(Path(share.log)) for share in shares)
        if running and kills < wanted and done >= (kills + 1) * len(drafts) // (wanted + 1):
            process = running[dice.choice(sorted(running))]
            if process.is_alive():
                process.kill()
                kills += 1
        if time.monotonic() - told > 5:
            told = time.monotonic()
            asked.tell(f"{done:,} of {len(drafts):,} issued, {kills} processes killed")
    return kills


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _of_numbers(wanted: int) -> list[str]:
    """Return what is wrong with the numbers that are kept."""
    faults = []
    rows = Invoice.objects.values_list("legal_entity__code", "series", "place", "number", "status")
    places: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for code, series, place, number, status in rows:
        if number is None or place is None:
            faults.append(f"an invoice is {status} and has no number")
            continue
        places[code, series].append((place, number))
    if (found := sum(map(len, places.values()))) != wanted:
        faults.append(f"{found} numbers for {wanted} invoices")
    for (code, series), given in places.items():
        key = series_key(chain.INVOICE, code, series)
        given.sort()
        last = NumberSeries.objects.get(key=key).last
        if [place for place, _ in given] != list(range(1, last + 1)):
            missing = sorted(set(range(1, last + 1)) - {place for place, _ in given})
            faults.append(f"{key}: {len(given)} numbers up to {last}; missing {missing[:5]}")
        stems = {chain.stem_of(number) for _, number in given}
        if len(stems) != 1 or any(number != chain.number_of(chain.stem_of(number), place) for place, number in given):
            faults.append(f"{key}: numbers and places differ")
        if len({number for _, number in given}) != len(given):
            faults.append(f"{key}: a number was given twice")
    return faults


def _of_sequence(issued: Sequence[Issued]) -> list[str]:
    """Return where a number was drawn before one that is smaller; in between somebody may have lost his line."""
    return [
        f"{later.number} was drawn before {one.number}"
        for rows in _by_series(issued).values()
        for one, later in pairwise(rows)
        if later.drawn <= one.drawn
    ]


def waited(issued: Sequence[Issued]) -> int:
    """Return how many asked for a number while the one before them held it."""
    return sum(
        later.asked < one.done <= later.done and one.drawn < later.drawn
        for rows in _by_series(issued).values()
        for one, later in pairwise(rows)
    )


def rates(issued: Sequence[Issued]) -> dict[str, float]:
    """Return, by series, how many numbers were given in a second."""
    return {
        stem: round(len(rows) * 1e9 / max(1, max(row.done for row in rows) - min(row.began for row in rows)), 1)
        for stem, rows in sorted(_by_series(issued).items())
    }


def _by_series(issued: Sequence[Issued]) -> dict[str, list[Issued]]:
    found: dict[str, list[Issued]] = defaultdict(list)
    for one in issued:
        found[chain.stem_of(one.number)].append(one)
    return {stem: sorted(rows, key=lambda row: row.number) for stem, rows in found.items()}
