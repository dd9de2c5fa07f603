"""Sentences that are stored in English, and read by everybody in his own language."""

import pytest
from django.utils import translation

from core.reader import retold
from core.sentences import SENTENCES

# Names that are the same in both languages, or hold nothing but values.
GERMAN = [
    ("Postcode 1 does not fit Germany", "Die Postleitzahl 1 passt nicht zum Land (Deutschland)"),
    ("Missing: a name, a street", "Es fehlt: ein Name, eine Straße"),
    (
        "Unusual price: MUG-RED at 1.00 EUR instead of 1250.00 EUR",
        "Ungewöhnlicher Preis: MUG-RED zu 1,00\xa0€ statt 1.250,00\xa0€",
    ),
    ("2 × MUG-BLUE missing, promised for 2026-11-02", "2 × MUG-BLUE fehlen, zugesagt für den 2. November 2026"),
    ("Parcel SH-001082 is lost", "Paket SH-001082 ist verloren"),
]


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
