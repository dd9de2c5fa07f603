"""The rows of a list as a CSV file, with the columns that the list showed."""

from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.db.models import Model
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.bulk import Batch, BulkSpec
from core.admin.columns import follow
from core.admin.viewed import name_of
from core.bulk import Paper
from core.csvfile import write_csv
from core.templatetags.back_office_lists import verbose_name_of

AT_A_TIME = 500


def export_spec(permission: str, *, order: int = 90) -> BulkSpec:
    """Return the step that writes rows into a file."""
    return BulkSpec(_("Export"), None, permission, paper=_csv, order=order)


def _csv(batch: Batch) -> tuple[Paper | None, dict[int, str]]:
    """Write the rows, the oldest first, with the columns of the list; where there are amounts, their currency last."""
    known = {name_of(column): column for column in batch.admin.every_column(batch.request)}
    usual = [name_of(column) for column in batch.admin.usual_columns(batch.request)]
    columns = [known[name] for name in (batch.columns or usual) if name in known]
    heads = [_label(batch.admin, column) for column in columns]
    in_money = next((column.currency_path for column in columns if hasattr(column, "currency_path")), "")
    rows = []
    for start in range(0, len(batch.ids), AT_A_TIME):
        some = batch.ids[start : start + AT_A_TIME]
        found = {record.pk: record for record in batch.admin.get_queryset(batch.request).filter(pk__in=some)}
        for record in (found[pk] for pk in some if pk in found):
            money = [follow(record, in_money)] if in_money else []
            rows.append([*(_cell(batch.admin, column, record) for column in columns), *money])
    name = f"{batch.admin.opts.model_name}-{timezone.localdate().isoformat()}.csv"
    # The byte order mark makes spreadsheets read it as UTF-8.
    content = "\ufeff" + write_csv([*heads, *([gettext("Currency")] if in_money else [])], rows)
    return Paper(name, content.encode(), "text/csv; charset=utf-8"), {}


def _label(admin: Any, column: Any) -> str:
    path = getattr(column, "field_path", "")
    text = verbose_name_of(admin.model, path) if path else ""
    return str(capfirst(text or str(label_for_field(column, admin.model, admin))))


def _cell(admin: Any, column: Any, record: Any) -> object:
    """Return a value for a spreadsheet: figures and days as such, states in words, records by their name."""
    if path := getattr(column, "raw_path", ""):
        *parents, last = path.split("__")
        owner = follow(record, "__".join(parents)) if parents else record
        spoken = getattr(owner, f"get_{last}_display", None)
        value = spoken() if spoken else getattr(owner, last, None)
    else:
        _field, _attribute, value = lookup_field(column, record, admin)
    if value is None or isinstance(value, bool | int | Decimal | date):
        return value
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value) if isinstance(value, Model) else unescape(strip_tags(str(value))).strip()
