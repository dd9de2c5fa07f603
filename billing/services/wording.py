"""The words of a document, in the language that is active: what it is, what the law wants said, how to pay."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.models import CreditNote
from core.money import format_amount, quantum
from customers.addresses import PostalAddress
from pricing.calculation import EU_COUNTRIES

Overpaid = CreditNote.Overpaid


def language() -> str:
    """Return the language that is active, as CLDR knows it. Plain English is European: day before month."""
    try:
        found = str(Locale.parse((get_language() or "en").replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return "en_GB"
    return "en_GB" if found == "en" else found


def means(kept: Mapping[str, str]) -> str:
    """Name what somebody paid with, as far as it may be known: “Visa •••• 4242”."""
    if last4 := kept.get("last4", ""):
        return f"{kept.get('brand', '').title()} •••• {last4}".strip()
    return kept.get("kind", "").replace("_", " ").title()


def day(value: date) -> str:
    """Write a date."""
    return format_date(value, format="long", locale=language())


def figure(amount: Decimal, currency: str) -> str:
    """Write an amount with the currency's decimals, without the currency: for columns."""
    places = -int(quantum(currency).as_tuple().exponent)
    return format_decimal(amount, format=f"#,##0.{'0' * places}" if places else "#,##0", locale=language())


def price(amount: Decimal, currency: str) -> str:
    """Write a unit price with as many decimals as it has, at least the currency's."""
    places = -int(quantum(currency).as_tuple().exponent)
    return format_decimal(amount, format=f"#,##0.{'0' * places}{'#' * (6 - places)}", locale=language())


def money(amount: Decimal, currency: str) -> str:
    """Write an amount with its currency."""
    return format_amount(amount, currency, language())


def rate(value: Decimal) -> str:
    """Write a tax rate."""
    return format_percent(value, format="#,##0.##\u00a0%", locale=language(), decimal_quantization=False)


def account(*, holder: str, iban: str, bic: str, bank: str) -> list[tuple[str, str]]:
    """Say where to pay, as (label, value); nothing without an account."""
    said = (
        (_("Account holder"), holder),
        (_("IBAN"), in_fours(iban)),
        (_("BIC"), bic),
        (_("Bank"), bank),
    )
    return [(label, value) for label, value in said if value] if iban else []


def postal(address: Mapping[str, Any]) -> list[str]:
    """Write an address, with the name of the country."""
    place = PostalAddress.from_dict(address)
    lines = place.lines()
    if place.country:
        lines[-1] = str(Locale.parse(language()).territories.get(place.country, place.country))
    return lines


def in_fours(iban: str) -> str:
    """Write an IBAN in groups of four, as it is read out and typed."""
    letters = iban.replace(" ", "")
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def tax_name(category: str, value: Decimal) -> str:
    """Name a rate as the tax table does (categories of EN 16931)."""
    named = {
        "Z": _("zero rated"),
        "E": _("exempt from VAT"),
        "AE": _("reverse charge"),
        "K": _("intra-Community supply"),
        "G": _("export"),
        "O": _("not subject to VAT"),
    }
    return f"{rate(value)} {named[category]}" if category in named else rate(value)


def reasons(breakdown: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return why who buys is exempt, as their certificate says it (art. 226, point 11)."""
    return list(dict.fromkeys(part["reason"] for part in breakdown if part.get("reason")))


def is_of_eu(seller: Mapping[str, Any]) -> bool:
    """Whether a seller, as papers copy him, sells under the law of the EU: his seat or his VAT id is there."""
    country = seller.get("address", {}).get("country", "")
    # The EU writes Greece in another way, and knows Northern Ireland.
    return not country or country in EU_COUNTRIES or seller.get("vat_id", "")[:2] in EU_COUNTRIES | {"EL", "XI"}


def legal_notes(
    breakdown: Sequence[Mapping[str, Any]], *, seller: Mapping[str, Any], mixed: bool = False
) -> list[str]:
    """Return the sentences the law asks for (Directive 2006/112/EC art. 226, points 11 and 11a) about sums by rate.

    A seller who is not of the EU exports by the law of his own country, which is not named. `mixed`: they are some of
    the sums of a document.
    """
    alone = not mixed and len({part["category"] for part in breakdown}) == 1
    categories = {f"{part['category']}{part.get('article', '')}" for part in breakdown}
    notes = {
        "AE": _("Reverse charge: the customer is liable for the VAT (Directive 2006/112/EC, art. 196)."),
        "K": _("Intra-Community supply, exempt from VAT (Directive 2006/112/EC, art. 138)."),
        "G": _("Export outside the EU, exempt from VAT (Directive 2006/112/EC, art. 146).")
        if is_of_eu(seller)
        else _("Export, exempt from VAT."),
        "E": _("Exempt from VAT.") if alone else _("Rows marked as exempt are exempt from VAT."),
        "O44": _(
            "Service to a business outside the EU, taxed there: not subject to VAT (Directive 2006/112/EC, art. 44)."
        ),
        "O58": _(
            "Supplied electronically to somebody outside the EU, taxed there: not subject to VAT "
            "(Directive 2006/112/EC, art. 58)."
        ),
        "O": _("No VAT is stated on this document.") if alone else _("Rows not subject to VAT state none."),
    }
    return [notes[category] for category in notes if category in categories]


def what_credit_does(note: CreditNote) -> str:
    """Say what becomes of the money of a credit note, whose rows may be written again."""
    if note.notes:
        return _("What you paid on the invoice counts for the new one.")
    said = {
        Overpaid.NOTHING: _("It reduces what is still to be paid on the invoice."),
        Overpaid.GOES_BACK: _(
            "It reduces what is still to be paid on the invoice; what is paid too much goes back to you."
        ),
        Overpaid.STORE_CREDIT: _(
            "It reduces what is still to be paid on the invoice; what is paid too much becomes your store credit."
        ),
        Overpaid.STAYS: _(
            "It reduces what is still to be paid on the invoice; what is paid too much stays with the order as credit."
        ),
    }
    # As the older ones say.
    before = _("It reduces what is still to be paid on the invoice; what you paid already goes back to you.")
    return said[Overpaid(note.overpaid)] if note.overpaid else before
