"""Pairs of orders that look alike, as they happen: some are the same order sent twice, some only seem to be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from customers.addresses import PostalAddress

STREETS = (
    "Hauptstraße",
    "Gartenweg",
    "Lindenallee",
    "Am Markt",
    "Schillerstraße",
    "Mühlenweg",
    "Kirchgasse",
    "Seestraße",
)
TOWNS = (("10115", "Berlin"), ("20354", "Hamburg"), ("80331", "München"), ("50667", "Köln"), ("01067", "Dresden"))
FIRST = ("Anna", "Ben", "Clara", "David", "Emil", "Frieda", "Greta", "Henrik", "Ida", "Jonas")
LAST = ("Kruse", "Lindner", "Petersen", "Fischer", "Schuster", "Hartmann", "Vogel", "Brandt", "Winkler", "Neumann")
GOODS = [f"DUP-{number}" for number in range(30)]
SOME_AGAIN = "seven of ten lines again"
Lines = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Side:
    """One order of a pair."""

    email: str
    address: PostalAddress
    lines: Lines


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two orders, how many hours lie between them, and whether they are meant as one."""

    kind: str
    first: Side
    second: Side
    hours: int
    is_same: bool


def pairs(count: int, *, seed: int = 9) -> Iterator[Pair]:
    """Make pairs, half of them the same order twice; the same seed makes the same pairs."""
    random = Random(seed)  # noqa: S311 - it has to be repeatable, not secret
    for number in range(count):
        kinds = SAME if number % 2 == 0 else DIFFERENT
        kind, change = kinds[(number // 2) % len(kinds)]
        first = _side(random, number)
        second, hours = change(random, first, random.randint(0, 70))
        pair = Pair(kind=kind, first=first, second=second, hours=hours, is_same=kinds is SAME)
        if kind == SOME_AGAIN:
            yield _with_many_lines(pair, random, kept=7)
        elif pair.is_same and number % 6 == 4:
            yield _with_many_lines(pair, random, kept=random.choice((8, 9)))
        else:
            yield pair


def _side(random: Random, number: int) -> Side:
    postcode, town = random.choice(TOWNS)
    address = PostalAddress(
        name=f"{random.choice(FIRST)} {random.choice(LAST)}",
        line1=f"{random.choice(STREETS)} {number + 1}",
        city=town,
        postal_code=postcode,
        country="DE",
    )
    lines = {sku: random.randint(1, 4) for sku in random.sample(GOODS, random.randint(1, 4))}
    return Side(email=f"buyer{number}@example.com", address=address, lines=lines)


Change = Callable[[Random, Side, int], tuple[Side, int]]


def _moved(side: Side, **changes: str) -> Side:
    return replace(side, address=replace(side.address, **changes))


def _by_another(side: Side, **changes: str) -> Side:
    """Let the same address be written by somebody with another mailbox."""
    return _moved(replace(side, email=f"other.{side.email}"), **changes)


def _misspelled(random: Random, text: str) -> str:
    at = random.randint(2, len(text) - 5)
    return (
        text[:at] + text[at + 1] + text[at] + text[at + 2 :] if random.random() < 0.5 else text[:at] + text[at + 1 :]
    )


def _again(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    return side, hours


def _short_street(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    line = side.address.line1.replace("straße", "str.").replace("weg", "-Weg")
    return _by_another(side, line1=line.upper() if random.random() < 0.5 else line), hours


def _typo_in_street(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    street, _space, number = side.address.line1.rpartition(" ")
    return _by_another(side, line1=f"{_misspelled(random, street)} {number}"), hours


def _own_typo(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    return _moved(side, line1=_misspelled(random, side.address.line1), postal_code="12345"), hours


def _typo_in_name(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    first, last = side.address.name.split()
    return _by_another(side, name=f"{first[0]}. {last[:-1]}"), hours


def _at_another_time(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    return side, 73 + hours


def _elsewhere(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    return _by_another(side, line1="Waldweg 3", name="Olga Sommer"), hours


def _next_door(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    street, _space, number = side.address.line1.rpartition(" ")
    return _by_another(side, line1=f"{street} {int(number) + 1_000}"), hours


def _other_family(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    return _by_another(side, name="Olga Sommer"), hours


def _other_sizes(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    sizes = {sku: f"DUP-{(int(sku[4:]) + 15) % 30}" for sku in side.lines}
    return replace(side, lines={sizes[sku]: units + 5 for sku, units in side.lines.items()}), hours


def _next_town(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    return _by_another(side, city="Neustadt", postal_code="67433"), hours


def _other_street(random: Random, side: Side, hours: int) -> tuple[Side, int]:
    number = side.address.line1.rpartition(" ")[2]
    return _by_another(side, line1=f"Uferpromenade {number}"), hours


SAME: list[tuple[str, Change]] = [
    ("sent again", _again),
    ("street written short, other mailbox", _short_street),
    ("typo in the street, other mailbox", _typo_in_street),
    ("same customer, typo in the address", _own_typo),
    ("name written short, other mailbox", _typo_in_name),
]
DIFFERENT: list[tuple[str, Change]] = [
    ("reordered after three days", _at_another_time),
    ("other address", _elsewhere),
    ("the house next door", _next_door),
    ("another family in the house", _other_family),
    ("other sizes", _other_sizes),
    ("other street, same number", _other_street),
    ("the same street in another town", _next_town),
    (SOME_AGAIN, _again),
]


def _with_many_lines(pair: Pair, random: Random, *, kept: int) -> Pair:
    """Give a pair ten lines, of which some are kept: who sends an order again may change one, or two."""
    goods = random.sample(GOODS, 20)
    lines = {sku: random.randint(1, 4) for sku in goods[:10]}
    others = {**{sku: lines[sku] for sku in goods[:kept]}, **dict.fromkeys(goods[10 : 20 - kept], 1)}
    return replace(pair, first=replace(pair.first, lines=lines), second=replace(pair.second, lines=others))
