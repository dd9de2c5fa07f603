"""Fields and checks that the settings of pricing share: what is wrong is said beside the field."""

import json
from typing import Any, ClassVar

from babel.numbers import list_currencies
from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from core.amounts import AmountField, number_of
from core.countries import country_choices, is_country
from inventory.handling import CARRIED, TAGS, usual_handling
from inventory.models import Product
from pricing.models import Promotion, Zone

from .checks_field import ChecksField, as_typed


class CurrencyField(forms.CharField):
    """A currency of ISO 4217, in capitals."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 3)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        """Return the code."""
        code = str(super().clean(value)).upper()
        if code and code not in list_currencies():
            raise ValidationError(_("%(code)s is no currency.") % {"code": code})
        return code


class CountryField(forms.ChoiceField):
    """A country, chosen by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=lambda: country_choices(get_language() or "en"), **kwargs)


class CountriesField(forms.CharField):
    """Countries as codes with commas between them, kept as a list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3, "cols": 60}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write the list."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        """Read the list; every code must be that of a country."""
        codes = list(dict.fromkeys(str(super().clean(value)).upper().replace(",", " ").split()))
        if wrong := [code for code in codes if not is_country(code)]:
            text = ngettext("%(codes)s is no country.", "%(codes)s are no countries.", len(wrong))
            raise ValidationError(text % {"codes": ", ".join(wrong)})
        return codes

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        return self.prepare_value(initial or []) != self.prepare_value(data or "")


class NamesField(forms.CharField):
    """Names with commas or new lines between them, kept as a list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 2, "cols": 60}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write the list."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        """Read the list."""
        parts = str(super().clean(value)).replace("\n", ",").split(",")
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        return self.prepare_value(initial or []) != self.prepare_value(data or "")


class RoleLimitsField(forms.CharField):
    """An amount for each role, one `role: amount` per line, kept as a mapping."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3, "cols": 40}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write the mapping."""
        if isinstance(value, str) and value.startswith("{"):
            value = json.loads(value)
        return "\n".join(f"{role}: {amount}" for role, amount in value.items()) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:  # type: ignore[override]
        """Read the mapping."""
        found: dict[str, str] = {}
        for line in filter(None, (part.strip() for part in str(super().clean(value)).splitlines())):
            role, _colon, text = (part.strip() for part in line.rpartition(":"))
            amount = number_of(text)
            if amount is None or not Group.objects.filter(name=role).exists():
                known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
                raise ValidationError(_("%(line)s: write role: amount (%(known)s)") % {"line": line, "known": known})
            found[role] = f"{amount:f}"
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        written = self.prepare_value(initial or {}) or ""
        return written.split() != str(data or "").split()


class PeriodForm(forms.ModelForm):
    """A form whose period must run forward."""

    def clean(self) -> dict[str, Any]:
        """Say beside the end that it comes before the start."""
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("valid_from"), cleaned.get("valid_to")
        if start and end and end < start:
            self.add_error("valid_to", _("This day is before the first one."))
        return cleaned


class ChannelForm(forms.ModelForm):
    """A way in, with its policies."""

    currency = CurrencyField(label=_("currency"))
    seller_country = CountryField(label=_("seller's country"), help_text=_("Where goods are taxed from."))
    checks = ChecksField(
        label=_("checks"),
        required=False,
        help_text=_("What is looked at before an order is accepted. An empty limit is the usual one."),
    )

    change_limits = RoleLimitsField(
        label=_("changes without approval"),
        required=False,
        help_text=_(
            "By how much a role may change the total of an order, one per line, e.g. “Order desk: 100”. "
            "A role that is not named may change it by any amount."
        ),
    )

    discount_limits = RoleLimitsField(
        label=_("discounts without approval"),
        required=False,
        help_text=_(
            "How many percent of the goods a role may take off by hand, one per line, e.g. “Order desk: 10”. "
            "An order beyond that waits until somebody who may approves it."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["checks"] = as_typed(self.instance.checks, self.instance.check_limits)

    def clean(self) -> dict[str, Any]:
        """The prices must be in the money of the channel; of the checks policy and limits are kept apart."""
        cleaned = super().clean() or self.cleaned_data
        if (said := cleaned.get("checks")) is not None:
            cleaned["checks"], self.instance.check_limits = said
        elif "checks" not in self.errors:
            cleaned["checks"] = self.instance.checks
        prices, currency = cleaned.get("price_list"), cleaned.get("currency")
        if prices and currency and prices.currency != currency:
            text = _("This list is in %(theirs)s, the channel in %(ours)s.")
            self.add_error("price_list", text % {"theirs": prices.currency, "ours": currency})
        return cleaned


class PriceListForm(PeriodForm):
    """A price list."""

    currency = CurrencyField(label=_("currency"))

    class Meta:
        """What the fields are for."""

        help_texts: ClassVar[dict[str, Any]] = {
            "group": _("Only for customers of this group. Empty: for everybody."),
            "channel": _("Only on this channel. Empty: on every one."),
            "priority": _("Of two lists that are equally close to a sale, the higher one goes first."),
            "valid_to": _(
                "A list that names no group, channel or period holds only where a channel has it as its own."
            ),
        }


class PriceForm(PeriodForm):
    """The price of a product."""

    def clean_amount(self) -> Any:
        """A price is zero or more."""
        return _not_negative(self.cleaned_data["amount"])

    def clean_min_quantity(self) -> int:
        """A price is for one unit or more."""
        quantity = int(self.cleaned_data["min_quantity"])
        if quantity < 1:
            raise ValidationError(_("At least one."))
        return quantity


class PromotionForm(PeriodForm):
    """A discount."""

    currency = CurrencyField(
        label=_("currency"),
        required=False,
        help_text=_("Only orders in this currency get it. Needed where it names an amount."),
    )
    categories = NamesField(
        label=_("categories"), required=False, help_text=_("Only goods of these, with commas. None: of every one.")
    )
    skus = NamesField(label=_("products"), required=False, help_text=_("Only these, by SKU, beside the categories."))

    class Meta:
        """What the fields are for."""

        help_texts: ClassVar[dict[str, Any]] = {
            "max_discount": _("What a share takes off at most, also when the order grows later."),
            "min_goods_value": _("What the goods that it is for must be worth at least, in its currency."),
            "priority": _("The higher one is worked out first; at the same priority shares before amounts."),
            "exclusive": _("Taken only where no other is before it; then none is taken beside it."),
            "max_uses": _("An order that is cancelled or expires gives its use back. Empty: any number."),
            "first_order": _("Once per customer, with the first order."),
        }

    def clean_skus(self) -> list[str]:
        """Products are named by a SKU that there is."""
        skus = [sku.upper() for sku in self.cleaned_data["skus"]]
        known = set(Product.objects.filter(sku__in=skus).values_list("sku", flat=True))
        if wrong := [sku for sku in skus if sku not in known]:
            raise ValidationError(_("There is no product %(sku)s.") % {"sku": ", ".join(wrong)})
        return skus

    def clean_categories(self) -> list[str]:
        """Categories are those that some product has."""
        names: list[str] = self.cleaned_data["categories"]
        known = set(Product.objects.filter(category__in=names).values_list("category", flat=True))
        if wrong := [name for name in names if name not in known]:
            raise ValidationError(_("No product is in %(names)s.") % {"names": ", ".join(wrong)})
        return names

    def clean_code(self) -> str:
        """Codes are kept in capitals, so that it does not matter how they are typed."""
        return str(self.cleaned_data["code"]).strip().upper()

    def clean_value(self) -> Any:
        """A discount is zero or more."""
        return _not_negative(self.cleaned_data["value"])

    def clean_min_goods_value(self) -> Any:
        """Goods are worth zero or more."""
        return _not_negative(self.cleaned_data["min_goods_value"])

    def clean(self) -> dict[str, Any]:
        """A share ends at 100, and every amount needs its currency."""
        cleaned = super().clean()
        kind, value, least = cleaned.get("kind"), cleaned.get("value"), cleaned.get("min_goods_value")
        if kind == Promotion.Kind.PERCENT and value is not None and value > 100:
            self.add_error("value", _("At most 100 percent."))
        has_amount = kind == Promotion.Kind.AMOUNT or least or cleaned.get("max_discount")
        if has_amount and not cleaned.get("currency") and "currency" not in self.errors:
            self.add_error("currency", _("An amount needs a currency."))
        most = cleaned.get("max_discount")
        if most is not None and kind != Promotion.Kind.PERCENT:
            self.add_error("max_discount", _("Only a share ends at an amount."))
        elif most is not None and most <= 0:
            self.add_error("max_discount", _("More than zero, or empty."))
        return cleaned


class TaxRateForm(PeriodForm):
    """The rate of a class in a country."""

    country = CountryField(label=_("country"))
    rate = AmountField(
        label=_("rate"),
        max_digits=6,
        decimal_places=4,
        help_text=_("As a share: 0.19 for 19 %."),
    )

    region = forms.CharField(
        label=_("region"), max_length=6, required=False, help_text=_("As in US-CA; empty: the whole country.")
    )
    customer_class = forms.CharField(
        label=_("class of customers"),
        max_length=20,
        required=False,
        help_text=_("Customers with this tax class pay this rate; empty: everybody else does."),
    )

    def clean_region(self) -> str:
        """A region begins with its country."""
        region, country = str(self.cleaned_data["region"]).strip().upper(), self.cleaned_data.get("country")
        if region and not region.startswith(f"{country or self.instance.country}-"):
            raise ValidationError(_("A region begins with its country, as in US-CA."))
        return region

    def clean_customer_class(self) -> str:
        """Classes are compared in small letters."""
        return str(self.cleaned_data["customer_class"]).strip().lower()

    def clean_rate(self) -> Any:
        """A rate is a share."""
        rate = self.cleaned_data["rate"]
        if not 0 <= rate < 1:
            raise ValidationError(_("From 0 to below 1: write 0.19 for 19 %."))
        return rate


class ZoneForm(forms.ModelForm):
    """Countries that are served alike."""

    countries = CountriesField(
        label=_("countries"), required=False, help_text=_("Two-letter codes. None: the rest of the world.")
    )

    def clean_countries(self) -> list[str]:
        """A country is in one zone, and one zone is the rest of the world."""
        countries: list[str] = self.cleaned_data["countries"]
        for other in Zone.objects.exclude(pk=self.instance.pk):
            if shared := sorted(set(countries) & set(other.countries)):
                text = _("%(codes)s: already in %(zone)s.")
                raise ValidationError(text % {"codes": ", ".join(shared), "zone": other.name})
            if not countries and not other.countries:
                raise ValidationError(_("%(zone)s is the rest of the world already.") % {"zone": other.name})
        return countries


class ShippingMethodForm(forms.ModelForm):
    """A way of delivery."""

    german = forms.CharField(label=_("name in German"), max_length=80, required=False)
    handles = forms.MultipleChoiceField(
        label=_("can carry"),
        choices=[(tag, label) for tag, label in TAGS.items() if tag in CARRIED],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=lambda: [tag for tag in usual_handling() if tag in CARRIED],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["german"].initial = self.instance.names.get("de", "")

    def clean(self) -> dict[str, Any]:
        """Keep the German name with the others."""
        cleaned = super().clean() or self.cleaned_data
        others = {code: name for code, name in self.instance.names.items() if code != "de"}
        german = str(cleaned.get("german") or "").strip()
        self.instance.names = {**others, "de": german} if german else others
        return cleaned


class ShippingRateForm(forms.ModelForm):
    """The charge for a method into a zone."""

    currency = CurrencyField(label=_("currency"))

    class Meta:
        """What the fields are for."""

        help_texts: ClassVar[dict[str, Any]] = {
            "min_weight_grams": _(
                "Of the steps that the goods reach, the heaviest counts, and of those the one with the highest value: "
                "name the value from which it is free for each weight."
            ),
        }

    def clean_amount(self) -> Any:
        """A charge is zero or more."""
        return _not_negative(self.cleaned_data["amount"])

    def clean_min_goods_value(self) -> Any:
        """A threshold is zero or more."""
        return _not_negative(self.cleaned_data["min_goods_value"])


def _not_negative(value: Any) -> Any:
    if value is not None and value < 0:
        raise ValidationError(_("Zero or more."))
    return value
