"""Who is limited to channels sees those channels."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import sight
from pricing.models import Channel

Rows = QuerySet[Any]


def _offers() -> list[tuple[str, str]]:
    return [(channel.code, str(channel)) for channel in Channel.objects.order_by("code")]


sight.limit("channel", _("Channels"), offers=_offers)


@sight.hides("pricing.channel", "channel")
def channels(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return those channels."""
    return rows.filter(code__in=codes)


@sight.hides("pricing.pricelist", "channel")
@sight.hides("pricing.promotion", "channel")
def of_channels(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return what holds for those channels, and for all."""
    return rows.filter(Q(channel=None) | Q(channel__code__in=codes))


@sight.hides("pricing.transit", "warehouse")
def transits(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the ways from those warehouses."""
    return rows.filter(warehouse__code__in=codes)


@sight.hides("core.apikey", "channel")
def keys(rows: Rows, codes: frozenset[str]) -> Rows:
    """Return the keys that open none but those channels; a house has a few dozen, read here: JSON is asked nowhere."""
    held = rows.values_list("pk", "channels")
    return rows.filter(pk__in=[pk for pk, channels in held if channels and codes.issuperset(channels)])
