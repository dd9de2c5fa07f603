"""How far a seller's sales to consumers in other member states have come, and what is to be done about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing import selectors
from billing.models import LegalEntity
from billing.selectors import DISTANCE_CURRENCY, DISTANCE_THRESHOLD, DistanceTurnover
from core import seat
from core.reader import spoken_amount, spoken_date
from pricing.calculation import EU_COUNTRIES, ONE_STOP_SHOP
from pricing.models import DistanceSales


@dataclass(frozen=True)
class Standing:
    """Where a seller stands: the sums, and the hint there is, if any."""

    entity: LegalEntity
    turnover: DistanceTurnover
    hint: str = ""


def standings(entities: Iterable[LegalEntity], today: date | None = None) -> list[Standing]:
    """Return where sellers in the EU stand, in one statement; of one elsewhere nothing, there is no threshold."""
    day = today or seat.today()
    found = selectors.distance_turnovers(day)
    return [
        _standing(entity, found.get(entity.pk, selectors.NO_DISTANCE_SALES), day)
        for entity in entities
        if entity.country in EU_COUNTRIES
    ]


def pressing(today: date | None = None) -> list[Standing]:
    """Return where those sellers stand who have to be told something; where there is none, one statement says so."""
    day = today or seat.today()
    near = {pk: found for pk, found in selectors.distance_turnovers(day).items() if found.is_near}
    if not near:
        return []
    sellers = LegalEntity.objects.filter(pk__in=near).order_by("pk")
    here = (_standing(one, near[one.pk], day) for one in sellers if one.country in EU_COUNTRIES)
    return [one for one in here if one.hint]


def _standing(entity: LegalEntity, turnover: DistanceTurnover, day: date) -> Standing:
    # Who has switched declares where the goods go, whatever the sum.
    switched = entity.way_of_distance_sales(day) == ONE_STOP_SHOP
    return Standing(entity, turnover, "" if switched else _hint(turnover))


def _hint(found: DistanceTurnover) -> str:
    words = {
        "amount": spoken_amount(max(found.this_year, found.last_year), DISTANCE_CURRENCY),
        "threshold": _threshold(),
    }
    if found.is_passed:
        said = _(
            "Consumers in other member states bought for %(amount)s net: the threshold of %(threshold)s is passed. "
            "From then on tax is owed where the goods go; register for the one-stop shop (OSS) and switch to it."
        )
    elif found.is_near:
        said = _(
            "Consumers in other member states bought for %(amount)s net, of %(threshold)s up to which tax is owed at "
            "home. Prepare for the one-stop shop (OSS)."
        )
    else:
        return ""
    return said % words


def _threshold() -> str:
    return spoken_amount(DISTANCE_THRESHOLD, DISTANCE_CURRENCY)


def turnover_of(entity: LegalEntity) -> dict[str, Any] | None:
    """Return what the page of a seller shows of it."""
    standing = next(iter(standings([entity])), None)
    if standing is None:
        return None
    year, found = seat.today().year, standing.turnover
    labels = dict(DistanceSales.Way.choices)
    return {
        "rows": [
            (str(at), spoken_amount(net, DISTANCE_CURRENCY), _share(net))
            for at, net in ((year, found.this_year), (year - 1, found.last_year))
        ],
        "threshold": _threshold(),
        "apart": [spoken_amount(net, currency) for currency, net in found.apart.items()],
        "hint": standing.hint,
        "is_passed": found.is_passed,
        "ways": [
            (spoken_date(date.fromisoformat(day)), labels.get(way, way))
            for day, way in sorted(entity.distance_sales.items())
        ],
    }


def _share(net: Decimal) -> str:
    return f"{max(net, Decimal(0)) * 100 / DISTANCE_THRESHOLD:.0f}\u00a0%"
