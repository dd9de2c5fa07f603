"""What of a document may never change, as one text, and how each is tied to the one before it. Pure Python.

The text is canonical JSON: keys sorted, no spaces, UTF-8; amounts as text with all the places of their column,
days as ISO dates, moments in UTC with microseconds. It says the same on every database. `v` is its version:
a text that was hashed once is built the same way for ever, a new version goes beside the old one.

digest = SHA-256(text), seal = SHA-256("<seal of the one before>:<place>:<digest>"); the first has none before it.
The number stands in the text without its digits, which are the place: they are drawn when the text is known.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

VERSION = 1
INVOICE, CREDIT_NOTE = "invoice", "credit_note"
_HEAD = (
    "id", "legal_entity_id", "order_id", "series", "currency", "language", "seller", "buyer", "ship_to",
    "tax_breakdown", "net_total", "tax_total", "rounding", "total", "notes", "created_at", "issued_at", "issued_on",
)  # fmt: skip
_LINE = (
    "id", "position", "order_line_id", "charge_position", "sku", "name", "quantity", "unit_price", "tax_category",
    "tax_rate", "discount_total", "net_total", "tax_total", "total",
)  # fmt: skip
HEAD = {
    INVOICE: (*_HEAD, "source_reference", "supplied_on", "due_on", "replaces_id"),
    CREDIT_NOTE: (*_HEAD, "invoice_id", "reference", "reason", "overpaid"),
}
LINE = {INVOICE: _LINE, CREDIT_NOTE: (*_LINE, "invoice_line_id")}
# Columns that came later: a document of which they say nothing is written down as it was before them.
LATER = frozenset({"replaces_id", "overpaid"})
PLACES = {"unit_price": 6, "tax_rate": 4}
AMOUNTS = frozenset({"net_total", "tax_total", "rounding", "total", "discount_total", *PLACES})
DIGITS = 6


def number_of(stem: str, place: int) -> str:
    """Return the number that a document has at a place of its series."""
    return f"{stem}-{place:0{DIGITS}d}"


def stem_of(number: str) -> str:
    """Return a number without its digits."""
    return number.rpartition("-")[0]


def text_of(kind: str, stem: str, head: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> str:
    """Write down all of a document that may not change."""
    names = (name for name in HEAD[kind] if name not in LATER or head.get(name) not in (None, ""))
    content = {
        "v": VERSION,
        "kind": kind,
        "head": {"number": stem, **{name: _plain(name, head[name]) for name in names}},
        "lines": [
            {name: _plain(name, line[name]) for name in LINE[kind]}
            for line in sorted(lines, key=lambda line: (line["position"], line["id"]))
        ],
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(kind: str, stem: str, head: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> str:
    """Return the hash of what a document says."""
    return sha256(text_of(kind, stem, head, lines).encode("utf-8", "surrogatepass")).hexdigest()


def seal_of(before: str, place: int, digest: str) -> str:
    """Tie a document to the one before it. `core.numbering.draw_sealed` does the same in the database."""
    return sha256(f"{before}:{place}:{digest}".encode()).hexdigest()


def _plain(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in AMOUNTS:
        # Plus nothing: a negative zero is a zero.
        return f"{Decimal(value) + 0:.{PLACES.get(name, 3)}f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value
