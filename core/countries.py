"""Names of countries, in the reader's language (CLDR), by ISO 3166-1 alpha-2 code."""

from functools import lru_cache

from babel import Locale

# Codes of CLDR that are no countries of ISO 3166-1.
NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB", "XK", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})


@lru_cache(maxsize=8)
def country_names(language: str) -> dict[str, str]:
    """Return every country's name by its code."""
    territories = Locale.parse(language.replace("-", "_")).territories
    known = {code: name for code, name in territories.items() if len(code) == 2 and code.isalpha()}
    return {code: name for code, name in known.items() if code not in NOT_COUNTRIES}


def country_choices(language: str) -> list[tuple[str, str]]:
    """Return the countries for a select field, sorted by name."""
    return [("", ""), *sorted(country_names(language).items(), key=lambda item: item[1].casefold())]


def is_country(code: str) -> bool:
    """Whether a code stands for a country."""
    return code in country_names("en")
