"""Who says how a sale is taxed: we do, unless the house has put somebody else in our place.

A provider is asked while an order is priced, so it answers from what it has: it reads no database and calls nobody
(ADR 27). Its answers are kept with the order, and nothing else of the house knows who gave them.
"""

from typing import Protocol

from . import treatment
from .treatment import TaxKey, Treatment
from .values import TaxSituation


class TaxProvider(Protocol):
    """Two questions: how is a supply to this buyer in this place treated, and at which rate is a class of it taxed."""

    def treat(self, tax: TaxSituation, supply: str) -> Treatment:
        """Decide how goods, or a service, are taxed; the reason is told with the order."""

    def key_for(self, treatment: Treatment, tax: TaxSituation, tax_class: str) -> TaxKey:
        """Return category and rate of a class. Raises TaxRateMissing where there is none."""


class HouseTax:
    """Ours: the rules of the EU, and the rates that the house has entered."""

    def treat(self, tax: TaxSituation, supply: str) -> Treatment:
        """Decide by where goods come from, where they go, and who buys."""
        return treatment.treat(tax, supply)

    def key_for(self, treated: Treatment, tax: TaxSituation, tax_class: str) -> TaxKey:
        """Return the rate of the place and the day."""
        return treatment.key_for(treated, tax, tax_class)


HOUSE = HouseTax()
