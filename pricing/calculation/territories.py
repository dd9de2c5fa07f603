"""Where the VAT of the EU ends inside its member states, and where it goes on outside of them. Pure.

Directive 2006/112/EC art. 6 names the territories it does not apply to, art. 7 those that count as a part of
another country; goods in Northern Ireland follow the rules of the EU (Windsor Framework, art. 8 and annex 3; their
VAT ids begin with XI). Codes are those of ISO 3166-2, where there is one: Büsingen, Helgoland, Livigno and Campione
have none of their own, nor has what France calls DROM-COM as a whole.
"""

import re
from dataclasses import dataclass

# Art. 7: Monaco counts as France, the Isle of Man as the United Kingdom.
COUNTS_AS = {"MC": "FR", "IM": "GB"}
NORTHERN_IRELAND = "GB-NIR"
# As VAT knows it: what consumers there owe is declared with that of the member states.
NORTHERN_IRELAND_VAT = "XI"
CODE = re.compile(r"(?:([A-Z]{2})-)?([A-Z0-9]{1,3})")


@dataclass(frozen=True)
class Territory:
    """A part of a country, known by its postcodes, by its own code, or by codes of its parts."""

    code: str
    postcodes: re.Pattern[str]
    also: frozenset[str] = frozenset()

    @property
    def country(self) -> str:
        """Return the country it belongs to."""
        return self.code[:2]

    @property
    def names(self) -> frozenset[str]:
        """Return every code that means it."""
        return self.also | {self.code}


def _territory(code: str, postcodes: str, *also: str) -> Territory:
    return Territory(code, re.compile(postcodes), frozenset(also))


# Art. 6, points 1 and 2.
OUTSIDE = (
    _territory("DE-BUS", r"78266"),
    _territory("DE-HEL", r"27498"),
    _territory("ES-CN", r"(35|38)\d{3}", "ES-GC", "ES-TF"),
    _territory("ES-CE", r"51\d{3}"),
    _territory("ES-ML", r"52\d{3}"),
    _territory("FI-01", r"22\d{3}"),
    _territory("FR-OM", r"97\d{3}|98[678]\d{2}", "FR-971", "FR-972", "FR-973", "FR-974", "FR-976", "FR-GP", "FR-MQ",
               "FR-GF", "FR-RE", "FR-YT"),
    _territory("GR-69", r"63086"),
    _territory("IT-LIV", r"23041"),
    _territory("IT-CAM", r"22061"),
)  # fmt: skip
IRELAND = _territory(NORTHERN_IRELAND, r"BT\d.*", "GB-NI")
# Art. 105: rates of their own, in the VAT of their country.
APART = (
    _territory("PT-20", r"9[5-9]\d{2}(\d{3})?"),
    _territory("PT-30", r"9[0-4]\d{2}(\d{3})?"),
)
CODES_OUTSIDE = frozenset(one.code for one in OUTSIDE)


def taxed_as(country: str) -> str:
    """Return the country as which one counts for VAT."""
    return COUNTS_AS.get(country, country)


def region_of(country: str, region: str, postal_code: str) -> str:
    """Return the code of the region an address is in, as far as tax may ask for it; nothing where nobody can tell.

    A postcode is believed before what somebody wrote as region, which may be any words.
    """
    post = re.sub(r"[\s\-]", "", postal_code).upper().removeprefix(country)
    written = CODE.fullmatch(region.strip().upper())
    code = f"{country}-{written[2]}" if written and written[1] in (None, country) else ""
    here = [one for one in (*OUTSIDE, IRELAND, *APART) if one.country == country]
    if post:
        found = next((one.code for one in here if one.postcodes.fullmatch(post)), "")
        # A part of the country that its postcode does not lie in is a slip of the pen, or a wish.
        return found or ("" if any(code in one.names for one in here) else code)
    return next((one.code for one in here if code in one.names), code)
