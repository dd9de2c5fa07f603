"""How many working days a parcel usually takes, until somebody says how long it really takes."""

from collections.abc import Collection

from pricing.calculation import EU_COUNTRIES

# From a warehouse into its own zone, into the union, and elsewhere.
DAYS = {"standard": (2, 4, 8), "express": (1, 2, 4)}


def usual_days(method: str, *, origin: str, countries: Collection[str]) -> int | None:
    """Return the usual days by a method from a country into a zone; none for a method that we do not know."""
    if method not in DAYS:
        return None
    near, union, far = DAYS[method]
    if origin in countries:
        return near if len(countries) == 1 else union
    if origin in EU_COUNTRIES and set(countries) & EU_COUNTRIES:
        return union
    return far
