"""How a customer pays, by the codes that orders and invoices know."""

from django.utils.translation import gettext_lazy as _

TERMS = (
    ("prepaid", _("in advance")),
    ("net14", _("by invoice, within 14 days")),
    ("net30", _("by invoice, within 30 days")),
    ("on_delivery", _("on delivery")),
    ("in_store", _("in the shop")),
)
