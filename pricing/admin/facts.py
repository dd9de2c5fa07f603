"""What the facts about prices are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.facts import name_facts

name_facts(
    {
        "pricing.defaults_made": _("Usual settings entered"),
        "pricing.price_set": _("Price set"),
        "pricing.transits_made": _("Usual transit times entered"),
    }
)
