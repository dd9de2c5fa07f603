"""What the list and form templates of the back office need beyond Django's own tags."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django import template
from django.contrib.admin.templatetags.admin_list import ResultList, result_headers, result_hidden_fields, results
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import conditional_escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext

from core.admin.links import link_to, may_see
from core.templatetags.back_office import moment

register = template.Library()
CLASS = re.compile(r'class="')
# What BulkJob.reference writes into the log.
BULK = re.compile(r"bulk-([0-9a-f]{32})")
STEPS_IN_SIGHT = 3
MOST_COUNTED = 999
NUMBERS = (models.DecimalField, models.IntegerField, models.FloatField)


@register.inclusion_tag("admin/change_list_results.html")
def back_office_results(cl: Any) -> dict[str, Any]:
    """Draw the rows of a list: figures to the right, and on a phone every cell with its name."""
    headers = list(result_headers(cl))
    starts = []
    for column, header in zip(cl.list_display, headers, strict=True):
        if path := getattr(column, "field_path", ""):
            header["text"] = verbose_name_of(cl.model, path) or header["text"]
        figure = "num " if _is_figure(cl.model, column) else ""
        if figure:
            header["class_attrib"] = mark_safe(CLASS.sub('class="num ', str(header["class_attrib"]), count=1))  # noqa: S308
        starts.append(_start_of_cell(str(header["text"]), figure))
    return {
        "cl": cl,
        "empty_text": gettext("There is nothing here yet."),
        "result_hidden_fields": list(result_hidden_fields(cl)),
        "result_headers": headers,
        "results": [_dressed(row, starts) for row in results(cl)],
    }


def _start_of_cell(text: str, figure: str) -> str:
    """Return what every cell of a column begins with, worked out once: its name, and whether it is a figure."""
    label = conditional_escape(strip_tags(text).strip())
    name = f'data-label="{label[:1].upper()}{label[1:]}" ' if label else ""
    return f'{name}class="{figure}'


def _dressed(row: ResultList, starts: Sequence[str]) -> ResultList:
    cells = [
        mark_safe(cell.replace('class="', start, 1))  # noqa: S308 - escaped above
        for cell, start in zip(list(row), starts, strict=False)
    ]
    return ResultList(row.form, cells)


def verbose_name_of(model: Any, path: str) -> str:
    """Return what a field is called, across relations; nothing where there is no such field."""
    try:
        return str(get_fields_from_path(model, path)[-1].verbose_name)
    except (FieldDoesNotExist, AttributeError):
        return ""


def _is_figure(model: Any, column: Any) -> bool:
    if callable(column):
        return bool(getattr(column, "figure", False))
    try:
        field = model._meta.get_field(column)
    except FieldDoesNotExist:
        return False
    return isinstance(field, NUMBERS) and not field.is_relation and not field.choices


@register.simple_tag
def shown_range(cl: Any) -> str:
    """Say which rows are shown, of how many."""
    shown = len(cl.result_list)
    total = getattr(cl.paginator, "spoken_count", None) or number_format(cl.result_count, force_grouping=True)
    if cl.offset is None:
        return gettext("%(n)s of %(total)s") % {"n": shown, "total": total}
    first, last = (number_format(place, force_grouping=True) for place in (cl.offset + 1, cl.offset + shown))
    return gettext("%(first)s–%(last)s of %(total)s") % {"first": first, "last": last, "total": total}


@register.simple_tag
def open_count(cl: Any, tab: dict[str, Any]) -> str:
    """Return how many rows the open tab shows; of the others the browser asks when the list is there."""
    searched = bool(cl.query) and "changed" not in tab
    if not tab["open"] or tab["url"] == "?" or tab.get("changed") or searched:
        return ""
    return spoken_count(getattr(cl.paginator, "count", None))


def spoken_count(count: int | None) -> str:
    """Write a count as tabs show it: 12, 999+, or nothing where nobody knows."""
    if count is None:
        return ""
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


@register.simple_tag(takes_context=True)
def steps_beside(context: Any) -> list[Any]:
    """Return the steps that stand beside the main button of a page and the form for remarks: neither of them again."""
    steps, remedy, remark = (context.get(name) for name in ("steps", "remedy", "remark"))
    main = remedy.url.partition("?")[0] if remedy else ""
    others = [step for step in steps or () if step.url != main and not (remark and step.name == remark["step"])]
    if not remedy:
        return others
    return [replace(step, style="" if step.style == "primary" else step.style) for step in others]


@register.simple_tag
def bulk_job_of(moment: Any) -> str:
    """Return the page of the bulk job that a moment of a history belongs to, or nothing."""
    said = BULK.fullmatch(getattr(moment, "request_id", ""))
    return reverse("admin:bulk_job", args=[UUID(said[1])]) if said else ""


@register.filter
def in_sight(steps: Sequence[Any]) -> list[Any]:
    """Return the steps that stand on the page as buttons: the main one first, three at most if there are many."""
    ranked = _ranked(steps)
    return ranked if len(ranked) <= STEPS_IN_SIGHT + 1 else ranked[:STEPS_IN_SIGHT]


@register.filter
def out_of_sight(steps: Sequence[Any]) -> list[Any]:
    """Return the steps that stand in the menu, those that hurt last."""
    return _ranked(steps)[len(in_sight(steps)) :]


def _ranked(steps: Sequence[Any]) -> list[Any]:
    return sorted(steps or (), key=lambda step: {"primary": 0, "danger": 2}.get(step.style, 1))


@register.filter
def chosen(choices: Iterable[dict[str, Any]]) -> str:
    """Return what a filter is set to, unless it is set to everything."""
    for position, choice in enumerate(choices):
        if choice.get("selected"):
            return str(choice["display"]) if position else ""
    return ""


@register.simple_tag
def label_of(field: Any) -> SafeString:
    """Write the label of a field of a form, without a colon; what is only read has no input to point to."""
    if field.is_readonly:
        return format_html('<span class="label">{}</span>', capfirst(field.field["label"]))
    bound = field.field
    optional = "" if bound.field.required or field.is_checkbox else gettext("optional")
    text = format_html("{} <small>{}</small>", capfirst(bound.label), optional) if optional else capfirst(bound.label)
    if not bound.id_for_label:
        # Many boxes, each with a label of its own.
        return format_html('<span class="label">{}</span>', text)
    return format_html('<label for="{}">{}</label>', bound.id_for_label, text)


@register.simple_tag(takes_context=True)
def readable(context: Any, field: Any) -> str:
    """Write a value that cannot be edited here: data as data, links to what one may open, the rest as Django does."""
    name = field.field.get("name") if isinstance(field.field, dict) else None
    value = getattr(field.form.instance, name, None) if isinstance(name, str) else None
    if isinstance(value, models.Model):
        return link_to(value) if may_see(context["request"].user, value) else conditional_escape(str(value))
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, date):
        return moment(value)
    if isinstance(value, dict | list):
        if not value:
            return mark_safe("–")
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return conditional_escape(", ".join(value))
        return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))
    return field.contents()
