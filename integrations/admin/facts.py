"""What the facts about files are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.differences import name_fields
from core.admin.facts import name_facts
from integrations.models import ImportRow

name_facts(
    {
        "integrations.import.finished": _("Import finished"),
        "integrations.import.kept": _("File kept for an import"),
        "integrations.import.started": _("Import started"),
        "integrations.import.stopped": _("Import stopped"),
        "integrations.product_rows_due": _("Next rows of an import due"),
    }
)
name_fields({"file": _("File"), "rows": _("Rows"), **dict(ImportRow.Outcome.choices)})
