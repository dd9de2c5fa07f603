"""What templates of staff and customers need: money, states, moments, icons.

{% load back_office %}
{% money order.total order.currency %}  {% money some_money %}
{% badge order.status order.get_status_display %}
{% when order.placed_at %}              14:05 · 12 Mar · 12 Mar 2025, in the reader's locale and zone
{% day order.promised_on %}             Thu 12 Mar
{% spoken_day now %}                   Thursday 12 March
{{ hold.reason|retold }}                a sentence of the machine in the words of the reader
{{ warehouse.country|country_name }}    Germany
{% icon "box" %}
"""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_date, format_datetime, format_skeleton, format_time, match_skeleton
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from core.badges import tone_of
from core.money import Money, format_amount
from core.reader import country_name as name_of_country
from core.reader import locale
from core.reader import retold as say_again
from core.reader import spoken_actor as name_of_actor

register = template.Library()
ICON_NAME = re.compile(r"^[a-z0-9-]+$")


@register.simple_tag
def money(amount: Money | Decimal | None, currency: str = "", quiet_zero: bool = False) -> str:
    """Write an amount with the decimals of its currency, as the reader expects it."""
    if amount is None or amount == "":
        return "–"
    value = amount if isinstance(amount, Money) else Money(Decimal(amount), currency)
    text = format_amount(value.amount, value.currency, locale()) if value.currency else str(value.amount)
    kind = "money quiet" if quiet_zero and not value.amount else "money"
    return format_html('<span class="{}">{}</span>', kind, text.replace("-", "−"))


@register.simple_tag
def badge(value: Any, label: Any = "", tone: str = "") -> str:
    """Show a state: a shape and a word, with a colour that only underlines them."""
    if value in ("", None):
        return "–"
    text = str(label or str(value).replace("_", " "))
    return _badge(text[:1].upper() + text[1:], tone or tone_of(value))


@lru_cache(1000)
def _badge(text: str, tone: str) -> str:
    return format_html('<span class="badge {}">{}{}</span>', tone, icon(f"tone-{tone}"), text)


@register.simple_tag
def icon(name: str, label: str = "") -> str:
    """Draw an icon of the sprite; with a label it speaks, without it is decoration."""
    return _icon(str(name), str(label))


@lru_cache(1000)
def _icon(name: str, label: str) -> str:
    """A page has hundreds of them, of few kinds."""
    if not ICON_NAME.match(name):
        return ""
    url = static("core/icons.svg")
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>', label, url, name)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', url, name)


@register.simple_tag
def when(moment: datetime | date | None) -> str:
    """Write a moment short: today the time, this year the day, else with the year; all of it on hover."""
    if not moment:
        return "–"
    if not isinstance(moment, datetime):
        return day(moment)
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    now = timezone.localtime()
    if local.date() == now.date():
        text = format_time(local, "short", locale=locale())
    elif abs((now.date() - local.date()).days) < 7:  # the seventh has the name of today
        text = f"{format_date(local, 'EEE', locale=locale())} {format_time(local, 'short', locale=locale())}"
    else:
        text = _short_day(local.date(), now.date())
    full = format_datetime(local, "full", locale=locale())
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), full, text)


@register.simple_tag
def moment(value: datetime | date | None) -> str:
    """Write a moment or a day in full: 12 Mar 2025, 14:05:09."""
    if not value:
        return "–"
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), format_date(value, locale=locale()))
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), format_datetime(local, locale=locale()))


@register.simple_tag
def day(value: date | None) -> str:
    """Write a day short, with a word for the days around today."""
    if not value:
        return "–"
    today = timezone.localdate()
    near = {0: gettext("today"), 1: gettext("tomorrow"), -1: gettext("yesterday")}
    text = near.get((value - today).days) or _short_day(value, today)
    full = format_date(value, "full", locale=locale())
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full, text)


@register.simple_tag
def spoken_day(value: date) -> str:
    """Write a day as one says it: Thursday 12 March."""
    skeletons = locale().datetime_skeletons
    # Where a language has only the short form of this pattern, its words are still written out.
    pattern = str(skeletons[match_skeleton("MMMMEEEEd", skeletons)].pattern)
    spoken = re.sub("M{3,4}", "MMMM", re.sub("E+", "EEEE", pattern))
    return str(format_date(value, spoken, locale=locale()))


def _short_day(value: date, today: date) -> str:
    return str(format_skeleton("MMMd" if value.year == today.year else "yMMMd", value, locale=locale()))


@register.filter
def at_hand(value: datetime | None) -> str:
    """Write the time of day."""
    return format_time(timezone.localtime(value), "short", locale=locale()) if value else ""


@register.filter
def retold(text: Any) -> str:
    """Say a sentence of the machine in the words of the reader; what a person wrote stays."""
    return say_again(str(text))


@register.filter
def country_name(code: Any) -> str:
    """Name a country by its code."""
    return name_of_country(str(code))


@register.inclusion_tag("admin/parts/moment.html")
def timeline_item(moment: Any) -> dict[str, Any]:
    """Draw one moment of a history (`core.admin.history.Moment`)."""
    return {"moment": moment}


@register.filter
def spoken_actor(actor: str) -> str:
    """Write an actor of the log for people: `staff:maya` → Maya."""
    return name_of_actor(actor)
