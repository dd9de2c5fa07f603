"""What the facts about stock are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.differences import name_fields, value_words
from core.admin.facts import name_facts
from inventory.handling import TAGS

name_facts(
    {
        "inventory.release_moved": _("Release date moved"),
        "inventory.stock_received": _("More units free"),
        "inventory.stock_released": _("Reserved units given back"),
        "inventory.supply_changed": _("Expected goods changed"),
    }
)
name_fields({"shelves": _("Shelves"), "parts": _("Parts"), "received": _("received")})
for field in ("handling", "handles"):
    value_words(field, lambda tag: TAGS.get(tag, tag))
