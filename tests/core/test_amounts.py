"""Figures with decimals are shown as their reader writes them, and read as he types them; what is unclear is asked."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from core.amounts import AmountField

FIELD = AmountField(max_digits=14, decimal_places=3)


@pytest.mark.parametrize(("language", "shown"), [("en", "1,234.50"), ("de", "1.234,50")])
def test_what_is_shown_is_read_back_in_every_language(language, shown):
    with translation.override(language):
        assert FIELD.prepare_value(Decimal("1234.500")) == shown
        assert FIELD.clean(shown) == Decimal("1234.50")
        for kept in ("0.125", "1.125", "1125", "99999999999.999", "-3.5"):
            assert FIELD.clean(FIELD.prepare_value(Decimal(kept))) == Decimal(kept)


@pytest.mark.parametrize("typed", ["1234.5", "1234,5", "1.234,50", "1,234.50", "1 234,50", "1'234.50"])
def test_people_type_as_they_are_used_to(typed):
    with translation.override("de"):
        assert FIELD.clean(typed) == Decimal("1234.5")


@pytest.mark.parametrize(("language", "typed", "fraction"), [("de", "1.234", "1,234"), ("en", "1,234", "1.234")])
def test_what_could_be_two_amounts_is_not_guessed(language, typed, fraction):
    with translation.override(language), pytest.raises(ValidationError) as refused:
        FIELD.clean(typed)

    assert refused.value.code == "two_ways"
    assert refused.value.params == {"whole": "1234", "fraction": fraction}


@pytest.mark.parametrize("typed", ["abc", "1e5", "NaN", "1.23.4", "--1", "123456789012"])
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(ValidationError):
        FIELD.clean(typed)
    assert FIELD.prepare_value(typed) == typed, "what was typed is not lost"


def test_yen_have_no_decimals_to_be_shown():
    assert AmountField(max_digits=14, decimal_places=0).prepare_value(Decimal("1234")) == "1234"
