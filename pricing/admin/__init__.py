"""Pricing in the back office: what staff with the right to it may set."""

from django.utils.translation import gettext_lazy as _

from core.admin import navigation

from . import channels, prices, shipping, taxes

__all__ = ["channels", "prices", "shipping", "taxes"]

CATALOGUE = _("Catalogue")
for order, (group, label, name) in enumerate(
    [
        (CATALOGUE, _("Prices"), "price"),
        (CATALOGUE, _("Price lists"), "pricelist"),
        (CATALOGUE, _("Promotions"), "promotion"),
    ],
    start=750,
):
    navigation.register(
        group, label, f"admin:pricing_{name}_changelist", permission=f"pricing.view_{name}", order=order, icon="tag"
    )
for order, (label, name) in enumerate(
    [
        (_("Channels"), "channel"),
        (_("Shipping methods"), "shippingmethod"),
        (_("Shipping rates"), "shippingrate"),
        (_("Shipping zones"), "zone"),
        (_("Transit times"), "transit"),
        (_("Tax rates"), "taxrate"),
    ],
    start=910,
):
    navigation.register(
        navigation.SETTINGS,
        label,
        f"admin:pricing_{name}_changelist",
        permission=f"pricing.view_{name}",
        order=order,
        icon="gear",
    )
