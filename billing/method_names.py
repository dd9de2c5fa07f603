"""How money comes in, in words: on documents and pages, in the language that is active."""

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
    }
    return names.get(method) or method.replace("_", " ")
