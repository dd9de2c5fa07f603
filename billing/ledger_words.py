"""What the accounts of the ledger are called, in the language that is active."""

from decimal import Decimal

from django.utils.translation import gettext as _

from billing import postings
from billing.method_names import method_name
from billing.models import LedgerAccount
from billing.services.wording import rate


def account_name(kind: str, detail: str) -> str:
    """Name an account: what is kept there, and for which country, rate or way to pay."""
    name = str(LedgerAccount.Kind(kind).label)
    if not detail:
        return name
    if kind == postings.REVENUE:
        country, category, share = detail.split(":")
        words = {"country": country, "rate": rate(Decimal(share)), "category": category}
        return _("Revenue %(country)s, VAT %(rate)s (%(category)s)") % words
    if kind == postings.TAX:
        country, share = detail.split(":")
        return _("Output VAT %(country)s %(rate)s") % {"country": country, "rate": rate(Decimal(share))}
    return f"{name} ({method_name(detail)})"
