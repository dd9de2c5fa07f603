"""What is asked at the desk."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.method_names import method_name
from core.amounts import number_of, written
from core.countries import country_names
from core.money import round_amount
from core.reader import locale
from core.spoken_json import read_json, storable
from customers.addresses import PostalAddress
from desk.basket import MOST_LINES, MOST_UNITS, Discount
from desk.selling import CARD, CASH
from desk.shipping import MoneyIn, ReadyToShip
from desk.till import Till

# What a till counts: nobody hands over more than this.
WAYS_TO_PAY = ("bank_transfer", "cash", "card_terminal", "on_account")
MOST_MONEY = Decimal(10_000_000)
# What lies on a counter says no more than this.
LONGEST_BODY = 100_000


def discount_of(text: str, currency: str) -> Discount | None:
    """Read a discount as people type it: 10 %, or 2.50. Raises ValidationError."""
    said = text.strip()
    if not said:
        return None
    percent = said.endswith("%")
    number = number_of(said.rstrip("% \u00a0"))
    if number is None or (percent and number > 100) or number > MOST_MONEY:
        raise ValidationError(gettext("Enter an amount, or a percentage."))
    if percent:
        return Discount(percent=number)
    if round_amount(number, currency) != number:
        raise ValidationError(gettext("This is finer than %(currency)s can be paid.") % {"currency": currency})
    return Discount(amount=number)


def units_of(said: Any) -> dict[str, int]:
    """Read what lies on the counter: codes with units. Raises ValidationError for what no page of ours sends."""
    if not isinstance(said, list) or len(said) > MOST_LINES:
        raise ValidationError(gettext("A sale has at most %(n)s lines.") % {"n": MOST_LINES})
    units: dict[str, int] = {}
    for row in said:
        sku, quantity = (row.get("sku"), row.get("quantity")) if isinstance(row, Mapping) else (None, None)
        if not isinstance(sku, str) or not sku.strip() or sku != storable(sku) or len(sku) > 40:
            raise ValidationError(gettext("Every line names an article."))
        if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= MOST_UNITS:
            raise ValidationError(gettext("A quantity is a whole number from 1 to %(n)s.") % {"n": MOST_UNITS})
        units[sku.strip().upper()] = min(MOST_UNITS, units.get(sku.strip().upper(), 0) + quantity)
    return units


class MoneyField(forms.CharField):
    """An amount as people type it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write what is due as its reader does; what was typed stays as it was typed."""
        return written(value, -int(value.as_tuple().exponent)) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        """Return the amount, or None where nothing was typed."""
        text = super().clean(value)
        if not text:
            return None
        amount = number_of(text)
        if amount is None or amount > MOST_MONEY:
            raise ValidationError(gettext("Enter an amount of money."))
        return amount


class LinesField(forms.JSONField):
    """What lies on the counter, as the page sends it."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        """Read it without trusting it."""
        if not isinstance(value, str) or value in self.empty_values:
            return super().to_python(value)
        try:
            return read_json(value, longest=LONGEST_BODY)
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": ""}) from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Show again what can be read."""
        try:
            return storable(self.to_python(data))
        except ValidationError:
            return None


class TillForm(forms.Form):
    """Which shop this device stands in, and at whose prices it sells."""

    warehouse = forms.ChoiceField(label=_("Shop"), widget=forms.RadioSelect)
    channel = forms.ChoiceField(label=_("Sells at the prices of"))

    def __init__(self, *args: Any, shops: list[Any], channels: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"].choices = [(shop.code, shop.name) for shop in shops]  # type: ignore[attr-defined]
        self.fields["channel"].choices = [(one.code, one.name) for one in channels]  # type: ignore[attr-defined]


class SaleForm(forms.Form):
    """A sale over the counter."""

    token = forms.RegexField("^[0-9a-f]{32}$", widget=forms.HiddenInput)
    lines = LinesField(required=False)
    total = forms.DecimalField(widget=forms.HiddenInput, max_digits=14, decimal_places=3, required=False)
    page = forms.RegexField("^[0-9a-f]{32}$", widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1, required=False)
    then = forms.RegexField(r"^[\w-]{1,20}$", widget=forms.HiddenInput, required=False)
    discount = forms.CharField(label=_("Discount"), max_length=20, required=False)
    method = forms.ChoiceField(
        choices=[(CASH, _("Cash")), (CARD, _("Card terminal"))], initial=CASH, widget=forms.RadioSelect
    )
    given = MoneyField(label=_("Given"))
    reference = forms.CharField(label=_("Number on the slip"), max_length=100, required=False)
    customer = forms.RegexField(r"^[\w-]{1,20}$", widget=forms.HiddenInput, required=False)
    customer_label = forms.CharField(widget=forms.HiddenInput, max_length=300, required=False)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    company = forms.CharField(label=_("Company"), max_length=200, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    line1 = forms.CharField(label=_("Street"), max_length=200, required=False)
    postal_code = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)

    def __init__(self, *args: Any, till: Till, may_discount: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.till = till
        names = country_names(str(locale()))
        choices = sorted(names.items(), key=lambda pair: pair[1])
        self.fields["country"].choices = choices  # type: ignore[attr-defined]
        self.fields["country"].initial = till.warehouse.country
        if not may_discount:
            del self.fields["discount"]

    def clean_lines(self) -> dict[str, int]:
        """Return units by SKU."""
        units = units_of(self.cleaned_data["lines"] or [])
        if not units:
            raise ValidationError(gettext("There is nothing to sell yet: scan something."))
        return units

    def clean_discount(self) -> Discount | None:
        """Return the discount as it was meant."""
        return discount_of(self.cleaned_data["discount"], self.till.channel.currency)

    def clean_given(self) -> Decimal | None:
        """Refuse cash that does not exist."""
        given: Decimal | None = self.cleaned_data["given"]
        currency = self.till.channel.currency
        if given is not None and round_amount(given, currency) != given:
            raise ValidationError(gettext("This is finer than %(currency)s can be paid.") % {"currency": currency})
        return given

    def clean(self) -> dict[str, Any]:
        """Ask for the name that goes on an invoice with an address."""
        said = super().clean() or {}
        named = said.get("name") or said.get("company") or said.get("customer")
        if not named and any(said.get(part) for part in ("line1", "postal_code", "city", "email")):
            self.add_error("name", gettext("Whose invoice is it?"))
        return said

    def address(self) -> PostalAddress | None:
        """Return where the invoice is addressed to, if somebody said so."""
        said = self.cleaned_data
        if said["customer"] or not any(said[part] for part in ("line1", "postal_code", "city")):
            return None
        parts = {part: said[part] for part in ("name", "company", "line1", "postal_code", "city")}
        return PostalAddress(**parts, country=said["country"] or self.till.warehouse.country)


class ShipForm(forms.Form):
    """Tracking numbers of the parcels that leave, and the money that came in."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=2000)
    paid = forms.BooleanField(label=_("Money came in"), required=False)
    amount = MoneyField(label=_("Amount"))
    method = forms.ChoiceField(label=_("How it came"), required=False)
    reference = forms.CharField(label=_("Reference"), max_length=100, required=False)

    def __init__(self, *args: Any, ready: ReadyToShip, may_take_money: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ready = ready
        for parcel in ready.parcels:
            if parcel.types_number:
                several = sum(one.types_number for one in ready.parcels) > 1
                label = gettext("Tracking number from %(place)s") % {"place": parcel.place}
                self.fields[f"number-{parcel.key}"] = forms.CharField(
                    label=label if several else gettext("Tracking number"),
                    max_length=60,
                    required=False,
                    initial=parcel.number,
                )
        if not may_take_money or not ready.due:
            for name in ("paid", "amount", "method", "reference"):
                del self.fields[name]
            return
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (one, method_name(one)) for one in WAYS_TO_PAY
        ]

    def number_fields(self) -> list[forms.BoundField]:
        """Return the fields of the tracking numbers."""
        return [self[name] for name in self.fields if name.startswith("number-")]

    def clean_amount(self) -> Decimal | None:
        """Refuse what cannot change hands."""
        amount: Decimal | None = self.cleaned_data["amount"]
        currency = self.ready.order.currency
        if amount is not None and amount <= 0:
            raise ValidationError(gettext("The amount has to be more than nothing."))
        if amount is not None and round_amount(amount, currency) != amount:
            raise ValidationError(gettext("This is finer than %(currency)s can be paid.") % {"currency": currency})
        return amount

    def clean_seen(self) -> str:
        """Refuse what somebody else changed meanwhile."""
        if self.cleaned_data["seen"] != self.ready.seen:
            raise ValidationError(gettext("This changed since you looked; look again before you ship."))
        return self.ready.seen

    def clean(self) -> dict[str, Any]:
        """Ask for the amount where money came in."""
        said = super().clean() or {}
        if said.get("paid") and said.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", gettext("How much came in?"))
        if self.ready.first_pay and not said.get("paid"):
            self.add_error("paid" if "paid" in self.fields else None, gettext("It waits for its money first."))
        return said

    def numbers(self) -> dict[str, str]:
        """Return the tracking numbers by parcel."""
        said = self.cleaned_data
        return {name.removeprefix("number-"): said[name] for name in said if name.startswith("number-")}

    def money(self) -> MoneyIn | None:
        """Return the money that came in."""
        said = self.cleaned_data
        if not said.get("paid"):
            return None
        return MoneyIn(method=said["method"] or WAYS_TO_PAY[0], amount=said["amount"], reference=said["reference"])


class MailForm(forms.Form):
    """Where the invoice of a sale is sent to."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
