"""Days as customers read them, in full, so that they fit into any sentence and mean one day; and whose shop it is."""

from datetime import date, datetime
from typing import Literal

from babel.dates import format_date
from django import template
from django.utils import timezone
from django.utils.html import format_html

from billing import services as billing
from core.reader import locale

register = template.Library()


@register.simple_tag
def on_day(value: datetime | date) -> str:
    """Write a day in full: 23 November 2026."""
    return _written(value, "long")


@register.simple_tag
def on_short_day(value: datetime | date) -> str:
    """Write a day for a column: 23 Nov 2026."""
    return _written(value, "medium")


@register.simple_tag
def shop_logo() -> billing.ShopLogo | None:
    """Return the logo of whose shop it is."""
    return billing.shop_logo()


def _written(value: datetime | date, form: Literal["medium", "long"]) -> str:
    found = timezone.localtime(value).date() if isinstance(value, datetime) else value
    text = format_date(found, form, locale=locale())
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)
