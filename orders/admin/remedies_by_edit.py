"""What the order desk offers against exceptions by changing the order, with what that costs, and by writing."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.reader import retold, spoken_amount, spoken_date
from orders import remedies, selectors, services
from orders.admin.letters_offered import letter_for
from orders.admin.mending_forms import AddressForm, CancelMissingForm, SubstituteForm, WriteForm
from orders.changing import ChangePreview
from orders.remedies import Offer, Remedy
from orders.wishes import Wish

EDITS, OPERATES = "orders.change_order", "orders.operate_order"
ABOUT_ADDRESS = ("address", "complete")
LACKING = ("backorder", "late", "promise", "shortfall")


def costs(shown: ChangePreview) -> list[str]:
    """Say what an edit does to the total, to what is to be paid or goes back, and to the promise."""

    def amount(value: Any) -> str:
        return spoken_amount(Decimal(value), shown.currency)

    said = []
    before, after = shown.before, shown.after
    if before["total"] != after["total"]:
        words = {"after": amount(after["total"]), "before": amount(before["total"])}
        said.append(_("The order comes to %(after)s instead of %(before)s.") % words)
    if shown.to_refund:
        said.append(_("%(amount)s goes back to the customer.") % {"amount": amount(shown.to_refund)})
    if shown.to_pay:
        said.append(_("%(amount)s more is to be paid.") % {"amount": amount(shown.to_pay)})
    if after["promised_on"] and before["promised_on"] != after["promised_on"]:
        said.append(_("It is promised for %(day)s.") % {"day": spoken_date(date.fromisoformat(after["promised_on"]))})
    return said


def _shown(exception: Any, wish: Wish | None) -> ChangePreview | None:
    """Return what an edit would do, where it may be done."""
    if wish is None or exception.order is None or exception.order.status not in selectors.WAITING:
        return None
    shown = services.preview_change(exception.order_id, wish)
    return shown if shown.is_possible else None


def _told(order: Any) -> list[str]:
    return [_("%(email)s gets a mail.") % {"email": order.email}] if order.email and not order.quiet else []


def _without_missing(exception: Any) -> Offer | None:
    shown = _shown(exception, services.without_missing(exception))
    if shown is None:
        return None
    units = ", ".join(f"{units} × {line.sku}" for line, units in services.missing_lines(exception).items())
    said = [_("%(units)s is taken off the order, the rest of it stays.") % {"units": units}]
    return Offer((*said, *costs(shown), *_told(exception.order)))


def _substitute(exception: Any) -> Offer | None:
    if exception.order is None or exception.order.status not in selectors.WAITING:
        return None
    likest = next(iter(services.substitutes_for(exception, limit=1)), None)
    if likest is None:
        return None
    said = [_("%(product)s is free, and maybe more that is like it: you choose.") % {"product": likest.name}]
    return Offer((*said, *costs(likest.shown), *_told(exception.order)))


def _in_part(exception: Any) -> Offer | None:
    if exception.order is None:
        return None
    shown = _shown(exception, services.sent_in_part(exception.order))
    if shown is None:
        return None
    said = [_("What is here leaves now, the rest follows in a parcel of its own.")]
    return Offer((*said, *costs(shown), *_told(exception.order)))


def _address(exception: Any) -> Offer | None:
    order = exception.order
    asked = exception.payload.get("check") in ABOUT_ADDRESS
    if not asked or order is None or order.status not in selectors.WAITING:
        return None
    return Offer((_("The order is checked again with the new address; its price follows where it goes."),))


def _write(exception: Any) -> Offer | None:
    order = exception.order
    if order is None or not order.email or order.quiet:
        return None
    said = _("%(email)s gets it by mail and finds it on the page of the order; the exception stays open.")
    return Offer((said % {"email": order.email},))


def _letter(exception: Any) -> dict[str, Any]:
    with translation.override(exception.order.language):
        return {"text": letter_for(exception)}


remedies.register(
    Remedy(
        "in_part",
        gettext_lazy("Send what is here"),
        LACKING,
        EDITS,
        _in_part,
        services.send_in_part,
        order=35,
    )
)
remedies.register(
    Remedy(
        "substitute",
        gettext_lazy("Send something else"),
        (*LACKING, "short_pick"),
        EDITS,
        _substitute,
        services.substitute_missing,
        form=SubstituteForm,
        order=40,
    )
)
remedies.register(
    Remedy(
        "cancel_missing",
        gettext_lazy("Cancel what is missing"),
        (*LACKING, "short_pick"),
        EDITS,
        _without_missing,
        services.cancel_missing,
        form=CancelMissingForm,
        order=45,
        initial=lambda exception: {"reason": retold(exception.title)},
    )
)
remedies.register(
    Remedy(
        "address",
        gettext_lazy("Correct the address"),
        ("check",),
        EDITS,
        _address,
        services.correct_address,
        form=AddressForm,
        order=20,
        initial=lambda exception: dict(exception.order.shipping_address),
        arguments=lambda exception, said: {"address": AddressForm.written(said)},
    )
)
remedies.register(
    Remedy(
        "write",
        gettext_lazy("Write to the customer"),
        (),
        OPERATES,
        _write,
        services.write_to_customer,
        form=WriteForm,
        order=80,
        initial=_letter,
    )
)
