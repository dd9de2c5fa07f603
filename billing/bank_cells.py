"""The cells of a bank's file, read: which way money went, how much, on which day. Pure.

What can be read in two ways is read as the rest of its file tells, never as it is likely: a rent that is taken for
money that came in, or January for November, is worse than a row that somebody has to look at.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from core.money import decimals_of

# Words of a direction, without accents and points, as `direction_of` looks them up: German, English, ISO 20022 (CRDT,
# DBIT), MT940 (C, D; RC takes a credit back, RD a debit), Dutch, French, Italian, Spanish, Portuguese, Polish, Nordic.
CAME = {
    "+", "IN", "C", "CR", "CRDT", "CREDIT", "DEPOSIT", "H", "HABEN", "GUTSCHRIFT", "EINGANG", "RD", "BIJ", "KREDIT",
    "CREDITO", "ACCREDITO", "AVERE", "ABONO", "HABER", "UZNANIE", "KREDYT",
}  # fmt: skip
WENT = {
    "-", "OUT", "D", "DR", "DB", "DBIT", "DEBIT", "WITHDRAWAL", "S", "SOLL", "LASTSCHRIFT", "BELASTUNG", "AUSGANG",
    "RC", "AF", "DEBET", "DEBITO", "ADDEBITO", "DARE", "CARGO", "DEBE", "OBCIAZENIE",
}  # fmt: skip
# What stands before or behind an amount for its currency, where that is not its code.
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
SAID = re.compile(
    r"(?P<bracket>\()?(?P<before>[+-])?\s*(?P<figure>\d(?:[\d.,'’\s]*\d)?)\s*(?P<behind>[+-])?(?(bracket)\))"
    r"\s*(?P<word>[^\W\d_]+\.?)?"
)
# Digits in groups, or not, and decimals behind another mark than the groups have. India writes 12,34,567.50.
NUMBER = re.compile(
    r"(?P<whole>\d+|\d{1,3}(?P<mark>[.,'’\s])(?:(?:\d{3}|(?<=,)\d{2})(?P=mark))*\d{3})"
    r"(?:(?!(?P=mark))(?P<point>[.,])(?P<rest>\d+))?"
)
# The first of two numbers may be the day or the month; where points stand between them, it is the day everywhere.
EITHER_FIRST = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})")
DAYS = ("%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")
DAY_FIRST, MONTH_FIRST = "day", "month"


@dataclass(frozen=True)
class DayOrder:
    """What stands first in the days of a file: `order` is empty where nothing in it tells, or as much for either.

    The others are a text each that shows it: the day first, the month first, and what could be two days.
    """

    order: str
    day_first: str = ""
    month_first: str = ""
    either: str = ""


def direction_of(word: str) -> int | None:
    """Return 1 for money that came in, -1 for money that went out, 0 where nothing is said; None for unknown words."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", word) if not unicodedata.combining(one))
    plain = plain.upper().replace("Ł", "L").replace("−", "-").strip(" .")
    if not plain:
        return 0
    if plain in CAME:
        return 1
    return -1 if plain in WENT else None


def day_order_of(texts: Iterable[str]) -> DayOrder:
    """Find what stands first in the days of a file; what more of them show than not decides."""
    shown: Counter[str] = Counter()
    first: dict[str, str] = {}
    for text in texts:
        found = EITHER_FIRST.fullmatch(text)
        if found is None or found[1] == found[3]:
            continue
        one, other = int(found[1]), int(found[3])
        what = "either" if max(one, other) <= 12 else DAY_FIRST if other <= 12 else MONTH_FIRST
        shown[what] += 1
        first.setdefault(what, text)
    ahead = shown[DAY_FIRST] - shown[MONTH_FIRST]
    # Nothing that could be two days: any order reads all of them alike.
    order = DAY_FIRST if ahead > 0 or not shown else MONTH_FIRST if ahead < 0 else ""
    return DayOrder(order, first.get(DAY_FIRST, ""), first.get(MONTH_FIRST, ""), first.get("either", ""))


def day_of(text: str, *, order: str = DAY_FIRST) -> date | None:
    """Read a day as banks write it, the month first where its file does so (`day_order_of`)."""
    if found := EITHER_FIRST.fullmatch(text):
        day, month = (found[3], found[1]) if order == MONTH_FIRST else (found[1], found[3])
        text = f"{day}.{month}.{found[4]}"
    for shape in DAYS:
        try:
            return datetime.strptime(text, shape).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def decimal_sign_of(texts: Iterable[str]) -> str:
    """Return what stands before the decimals in a file, comma or point; empty where nothing in it tells."""
    shown: Counter[str] = Counter()
    for text in texts:
        said = SAID.search(text)
        number = NUMBER.fullmatch(said["figure"]) if said else None
        if number is None:
            continue
        if number["mark"] in (",", "."):
            shown["." if number["mark"] == "," else ","] += 1
        elif number["point"] and (number["mark"] or len(number["rest"]) != 3):
            shown[number["point"]] += 1
    comma, point = shown[","], shown["."]
    if comma == point:
        return ""
    return "," if comma > point else "."


def amount_of(text: str, *, currency: str = "EUR", decimal_sign: str = "") -> Decimal | None:
    """Read an amount: 1.234,56 and 1,234.56, a sign or a word of its direction beside it, and its currency.

    Three digits behind one mark are thousands, as no amount in euro has three decimals; with three in its currency
    12.345 are twelve dinars, unless its file has a decimal comma (`decimal_sign`). None where it is no amount, could
    be two, or has more decimals than its currency.
    """
    plain = text.replace("−", "-").replace(currency, " ").replace(SYMBOLS.get(currency, currency), " ").strip()
    said = SAID.fullmatch(plain)
    number = NUMBER.fullmatch(said["figure"]) if said else None
    direction = direction_of(said["word"] or "") if said else None
    if said is None or number is None or direction is None:
        return None
    whole, rest = re.sub(r"\D", "", number["whole"]), number["rest"] or ""
    decimals = decimals_of(currency)
    if (
        len(rest) == 3
        and not number["mark"]
        and (decimals < 3 or number["point"] != (decimal_sign or number["point"]))
    ):
        # No thousands begin with 0, and in a file with decimal points 1.250 is neither: somebody has to look.
        if len(whole) > 3 or whole.startswith("0") or number["point"] == decimal_sign:
            return None
        whole, rest = whole + rest, ""
    if len(rest.rstrip("0")) > decimals:
        return None
    is_out = direction < 0 or said["bracket"] or "-" in (said["before"], said["behind"])
    try:
        amount = Decimal(f"{whole}.{rest or '0'}").quantize(Decimal("0.01") if len(rest) <= 2 else Decimal("0.001"))
    except InvalidOperation:
        return None
    return -amount if is_out else amount
