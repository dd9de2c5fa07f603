"""Sentences that are stored in English, and read by everybody in his own language."""

from itertools import product

import pytest
from babel import Locale
from django.utils import translation

from core import sentences
from core.reader import retold
from core.sentences import NESTED, PLACE, SENTENCES, Sentence, retell, sentence, understood

# Names that are the same in both languages, or hold nothing but values.
GERMAN = [
    ("Postcode 1 does not fit Germany", "Die Postleitzahl 1 passt nicht zum Land (Deutschland)"),
    ("Nobody delivers to FR", "Niemand liefert nach: Frankreich"),
    ("Missing: a name, a street", "Es fehlt: ein Name, eine Straße"),
    (
        "Unusual price: MUG-RED at 1.00 EUR instead of 1250.00 EUR",
        "Ungewöhnlicher Preis: MUG-RED zu 1,00\xa0€ statt 1.250,00\xa0€",
    ),
    ("2 × MUG-BLUE missing, promised for 2026-11-02", "2 × MUG-BLUE fehlen, zugesagt für den 2. November 2026"),
    ("Parcel SH-001082 is lost", "Paket SH-001082 ist verloren"),
    (
        "SO-000009 is stopped by a check: 124.83 EUR on account would exceed the limit of 15.00 EUR",
        "SO-000009 wird von einer Prüfung aufgehalten: "
        "124,83\xa0€ auf Rechnung wären mehr als das Limit von 15,00\xa0€",
    ),
    (
        "SO-000009 is stopped by a check: Missing: a name, a street",
        "SO-000009 wird von einer Prüfung aufgehalten: Es fehlt: ein Name, eine Straße",
    ),
    (
        "12.5 % taken off by hand; more than 10 % needs approval",
        "12,5 % von Hand nachgelassen; mehr als 10 % braucht eine Freigabe",
    ),
]
# What stands in the places of sentences, by their names; in others, free text.
TYPICAL = {
    "amount": "-12.50 EUR", "cause": "The belt tore", "certificate": "EX 2026/1", "code": "10115", "count": "3",
    "country": "Germany", "credit": "5.00 EUR", "currency": "CHF", "customer": "Ada Byron (C-000001)",
    "day": "2026-11-02", "document": "C536365", "domain": "example.org", "expected": "22.06 EUR",
    "file": "orders of May.csv", "former": "INV-000001", "given": "1.000001 EUR", "goods": "10.00 EUR", "hours": "24",
    "known": "EUR, CHF", "limit": "15.00 EUR", "limit_currency": "EUR", "line": "7", "listed": "1250 JPY",
    "mail": "ada@exmple.org", "meant": "ada@example.org", "most": "12", "moved": "41.76 EUR", "n": "2",
    "names": "sku, name", "number": "SO-000001", "order": "SO-000007", "other": "SW1A 1AA", "ours": "1.00 EUR",
    "over": "7.20 EUR", "owed": "124.83 EUR", "paid": "5.00 EUR", "parcel": "SH-001082", "parts": "x, y",
    "payment": "PAY-7Q2F", "person": "maya", "phone": "+49 30 1", "place": "Leipzig: hall 2", "price": "0.0125",
    "reason": "The belt tore: nothing moves", "reference": "po_1", "share": "11.5 %", "sku": "MUG RED", "text": "abc",
    "units": "2 × MUG-RED, 1 × TEA (1 × KIT)", "vat_id": "DE123456789", "wanted": "6.00 EUR", "warehouse": "LEJ",
    "why": "cut off", "work": "send order mail", "status": "502", "change": "CH-000003",
}  # fmt: skip


def said_with(known: Sentence, **other: str) -> tuple[str, dict[str, str]]:
    """Say a sentence with typical values; return it with them."""
    values = {name: other.get(name, TYPICAL.get(name, f"some {name}")) for name in PLACE.findall(known.words)}
    return known(**values), values


@pytest.fixture
def other_sentences(monkeypatch):
    """No sentences but those that a test makes."""
    monkeypatch.setattr(sentences, "SENTENCES", made := [])
    understood.cache_clear()
    yield made
    understood.cache_clear()


@pytest.mark.parametrize(("stored", "read"), GERMAN)
def test_a_german_reads_what_the_machine_wrote_in_german(stored, read):
    with translation.override("de"):
        assert retold(stored) == read


def test_an_english_reader_gets_days_and_amounts_as_on_every_other_page():
    with translation.override("en"):
        assert retold("SO-000007 is not there, promised for 2026-11-02") == (
            "SO-000007 is not there, promised for 2 November 2026"
        )
        assert retold("Discount of 9.50 EUR on goods for 10.00 EUR") == "Discount of €9.50 on goods for €10.00"


@pytest.mark.parametrize("typed", ["Wants the engraving changed", "The customer lost his voucher: sent again", ""])
def test_what_a_person_wrote_stays_as_it_is(typed):
    with translation.override("de"):
        assert retold(typed) == typed


def test_every_sentence_has_its_german():
    with translation.override("de"):
        untold = [one.words for one in SENTENCES if translation.gettext(one.words) == one.words]

    assert untold == []


def test_every_sentence_is_understood_as_itself_and_with_its_values():
    wrong = []
    for known in SENTENCES:
        text, values = said_with(known)
        meant = understood(text)
        if meant is None or (meant.sentence.words, meant.values) != (known.words, values):
            wrong.append((text, meant))

    assert len(SENTENCES) > 200
    assert wrong == []


def test_every_sentence_is_understood_within_every_other_that_may_hold_one():
    holding = [(one, name) for one in SENTENCES for name in PLACE.findall(one.words) if name in NESTED]
    wrong = []
    for (outer, name), inner in product(holding, SENTENCES):
        text, values = said_with(outer, **{name: said_with(inner)[0]})
        meant = understood(text)
        if meant is None or (meant.sentence.words, meant.values) != (outer.words, values):
            wrong.append((text, meant))

    assert len(holding) > 10
    assert wrong == []


@pytest.mark.usefixtures("other_sentences")
@pytest.mark.parametrize("is_narrow_first", [True, False])
def test_of_two_sentences_that_fit_the_one_with_more_words_is_meant(is_narrow_first):
    words = ["%(sku)s is sent", "%(sku)s is sent by %(place)s"]
    for one in words if is_narrow_first else reversed(words):
        sentence(one)

    meant = understood("The mug is sent by Leipzig")

    assert meant is not None
    assert meant.sentence.words == "%(sku)s is sent by %(place)s"
    assert meant.values == {"sku": "The mug", "place": "Leipzig"}


@pytest.mark.usefixtures("other_sentences")
def test_a_sentence_counts_the_words_of_the_one_within_it():
    sentence("No: %(reason)s")
    sentence("%(sku)s is far too much of it")

    german = {"No: %(reason)s": "Nein: %(reason)s", "%(sku)s is far too much of it": "%(sku)s ist viel zu viel davon"}
    text = "No: the mug is far too much of it"

    meant = understood(text)

    assert meant is not None
    assert (meant.sentence.words, meant.letters) == ("No: %(reason)s", len("No:  is far too much of it"))
    assert retell(text, translate=german.__getitem__, locale=Locale("de")) == "Nein: the mug ist viel zu viel davon"
