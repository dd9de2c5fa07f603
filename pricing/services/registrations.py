"""Where the seller pays VAT: who keeps his profile says so."""

from collections.abc import Mapping
from datetime import date

from core.service import service
from pricing.models import DistanceSales, TaxRegistration
from pricing.reference import forget


@service
def set_registrations(registrations: Mapping[str, str]) -> None:
    """Write down in which countries the seller pays VAT, and under which id. The history is on his profile."""
    known = dict(TaxRegistration.objects.values_list("country", "vat_id"))
    if known == dict(registrations):
        return
    TaxRegistration.objects.exclude(country__in=registrations).delete()
    for country, vat_id in sorted(registrations.items()):
        if known.get(country) != vat_id:
            TaxRegistration.objects.update_or_create(country=country, defaults={"vat_id": vat_id})
    forget()


@service
def set_distance_sales(ways: Mapping[date, str]) -> None:
    """Write down how consumers in other member states are taxed, from which days on."""
    known = dict(DistanceSales.objects.values_list("valid_from", "way"))
    if known == dict(ways):
        return
    DistanceSales.objects.exclude(valid_from__in=ways).delete()
    for day, way in sorted(ways.items()):
        if known.get(day) != way:
            DistanceSales.objects.update_or_create(valid_from=day, defaults={"way": way})
    forget()
