"""The names of facts, for who reads the log: one registry, filled by the app that tells the fact.

    name_facts({"app.thing_sent": _("Thing sent")})

A history tells only what has a phrase (`core.admin.history`); the log names everything.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

FACTS: dict[str, Any] = {}


def name_facts(names: Mapping[str, Any]) -> None:
    """Give facts their names in the reader's language."""
    FACTS.update(names)


name_facts(
    {
        "core.api_key_created": _("API key made"),
        "core.api_key_revoked": _("API key revoked"),
        "core.bulk_job_due": _("Next turn of a step for many rows"),
        "core.data_purged": _("Old data purged"),
        "core.delivery_died": _("Work given up after many tries"),
        "core.mail_kept": _("Mail written"),
        "core.mail_refused": _("Mail refused"),
        "core.mail_resent": _("Mail sent again"),
        "core.retention_changed": _("Retention changed"),
        "core.savedview.deleted": _("Saved view deleted"),
        "core.user.password_set": _("Password set"),
    }
)
