"""How money comes in, and by whom it is taken, in words: on documents and pages, in the language that is active."""

from django.utils.translation import gettext as _


def method_name(method: str) -> str:
    """Return how money came in, in words."""
    names = {
        "bank_transfer": _("bank transfer"),
        "cash": _("cash"),
        "card_terminal": _("card terminal"),
        "on_account": _("on account"),
        "store_credit": _("store credit"),
        "card": _("card"),
        "on_its_way": _("on its way to the bank"),
        "paypal": "PayPal",
        # In the ledger money that a provider keeps for us stands under the provider.
        **_providers(),
    }
    return names.get(method) or method.replace("_", " ")


def gateway_name(gateway: str) -> str:
    """Return who took the money in: the provider, or what stands in the place of one."""
    names = {
        "manual": _("written down by hand"),
        "store_credit": _("store credit"),
        **_providers(),
    }
    return names.get(gateway) or gateway.replace("_", " ")


def _providers() -> dict[str, str]:
    return {"stripe": "Stripe", "demo": _("provider of the demo")}
