"""What the facts about customers are called in the log."""

from django.utils.translation import gettext_lazy as _

from core.admin.facts import name_facts

name_facts({"customers.customer_changed": _("Customer changed")})
