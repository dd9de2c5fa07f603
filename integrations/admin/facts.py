"""What the facts about files are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.facts import name_facts

name_facts(
    {
        "integrations.import.finished": _("Import finished"),
        "integrations.import.kept": _("File kept for an import"),
        "integrations.import.started": _("Import started"),
        "integrations.import.stopped": _("Import stopped"),
        "integrations.product_rows_due": _("Next rows of an import due"),
    }
)
