"""What visitors fill in; every error stands beside its field, and nothing typed is lost."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import EmailValidator
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.countries import country_choices
from core.errors import DomainError
from customers import vat_ids
from customers.addresses import PostalAddress
from customers.models import Customer
from inventory.models import Product
from orders.models import Order, OrderLine
from orders.services import fitting_methods
from orders.verification import postcode_fits
from orders.wishes import LineWish, Wish

ADDRESS = ("name", "company", "line1", "line2", "postal_code", "city", "country", "phone")
TERMS = {
    "prepaid": _("Pay in advance by bank transfer"),
    "net14": _("Invoice, 14 days"),
    "net30": _("Invoice, 30 days"),
}


# What the order services call a field, where the form calls it otherwise.
FIELD_OF = {"coupon_codes": "coupon_code", "customer_name": "name", "customer_company": "company"}


class PortalForm(forms.Form):
    """Ties errors and hints to their fields for screen readers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def add_error(self, field: str | None, error: Any) -> None:
        """Note an error, and tell screen readers where it stands."""
        super().add_error(field, error)
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"error_{name}"}
        # Where to go on: on a phone the first wrong field may be far below.
        wrong = [one for name, one in self.fields.items() if name in self.errors]
        for one in wrong:
            one.widget.attrs.pop("autofocus", None)
        if wrong:
            wrong[0].widget.attrs["autofocus"] = True


def email_field() -> forms.EmailField:
    """Return a field for an e-mail address."""
    field = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    # In our own words: in German a library speaks to customers like to friends.
    field.error_messages["invalid"] = _("Enter a valid e-mail address.")
    field.validators[0] = EmailValidator(message=field.error_messages["invalid"])
    return field


class LookUpForm(PortalForm):
    """An order's number and the e-mail address it was placed with."""

    number = forms.CharField(
        label=_("Order number"), max_length=20, widget=forms.TextInput(attrs={"placeholder": "SO-000123"})
    )
    email = email_field()


class MailLinkForm(PortalForm):
    """Where to send a link that signs in."""

    email = email_field()


class SignInForm(PortalForm):
    """E-mail address and password."""

    username = forms.CharField(
        label=_("E-mail address or user name"), widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class CheckoutForm(PortalForm):
    """Who, where to, how, and how to pay."""

    email = email_field()
    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    company = forms.CharField(
        label=_("Company"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    # Only of who is signed in: whoever types an e-mail address changes nothing of its owner's.
    vat_id = forms.CharField(
        label=_("VAT id of the company"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    line1 = forms.CharField(
        label=_("Street and number"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "address-line1"})
    )
    line2 = forms.CharField(
        label=_("Addition"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    postal_code = forms.CharField(
        label=_("Postcode"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    city = forms.CharField(
        label=_("City"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )
    country = forms.ChoiceField(label=_("Country"), widget=forms.Select(attrs={"autocomplete": "country"}))
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    shipping_method = forms.ChoiceField(label=_("Delivery"), widget=forms.RadioSelect)
    payment_terms = forms.ChoiceField(label=_("Payment"), widget=forms.RadioSelect)
    use_credit = forms.BooleanField(required=False)
    purchase_order_number = forms.CharField(label=_("Your order number"), max_length=100, required=False)
    coupon_code = forms.CharField(label=_("Voucher"), max_length=40, required=False)
    customer_note = forms.CharField(
        label=_("Note for us"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    # Long and random: whoever sends the same one again is shown the order that it placed.
    token = forms.RegexField("^[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        customer: Customer | None,
        products: Iterable[Product] = (),
        credit: str = "",
        **kwargs: Any,
    ) -> None:
        """Ask; `credit` is what of store credit there is to use, as it is read, nothing where there is none."""
        super().__init__(*args, **kwargs)
        self.customer = customer
        language = get_language() or "en"
        self.fields["country"].choices = country_choices(language)  # type: ignore[attr-defined]
        methods, _unfit = fitting_methods(products)
        self.travelling = {method.code for method in methods if not method.pickup}
        self.fields["shipping_method"].choices = [  # type: ignore[attr-defined]
            (method.code, method.name_in(language)) for method in methods
        ]
        allowed = {"prepaid"} | ({customer.payment_terms} if customer else set())
        self.fields["payment_terms"].choices = [  # type: ignore[attr-defined]
            (code, label) for code, label in TERMS.items() if code in allowed
        ]
        if customer and customer.email:
            self.fields["email"].disabled = True
        self.fields["use_credit"].label = gettext("Use your store credit: %(amount)s") % {"amount": credit}
        if not credit:
            del self.fields["use_credit"]
        if customer is None:
            del self.fields["vat_id"]
        elif customer.vat_state == Customer.VatState.INVALID:
            said = gettext("%(number)s was not confirmed: VAT is charged. Write to us, or give another one.")
            self.fields["vat_id"].help_text = said % {"number": customer.vat_id}

    def clean_vat_id(self) -> str:
        """Refuse what cannot be a VAT id; the one that is written down is not asked again."""
        number = vat_ids.tidy(self.cleaned_data["vat_id"])
        if number and self.customer and number != self.customer.vat_id and not vat_ids.can_be(number):
            raise forms.ValidationError(
                _("This is no VAT id: it begins with its country, and its check digits must fit.")
            )
        return number

    def clean(self) -> dict[str, Any]:
        """Ask at once for a postcode the goods can travel to, instead of holding the order for it."""
        cleaned = super().clean() or {}
        asked = "place" in self.data and cleaned.get("shipping_method") in self.travelling
        code = cleaned.get("postal_code")
        if asked and code is not None and not postcode_fits(cleaned.get("country", ""), code):
            self.add_error("postal_code", _("This postcode does not fit the country."))
        known = self.customer
        is_company = bool(cleaned.get("company") or (known and known.kind == Customer.Kind.COMPANY))
        if known and cleaned.get("vat_id") and cleaned["vat_id"] != known.vat_id and not is_company:
            self.add_error("company", _("A VAT id belongs to a company: please say which one."))
        return cleaned

    def explain(self, error: DomainError) -> None:
        """Put what the order services refuse beside the field it is about, else above the form."""
        if error.code == "insufficient_stock":
            most = [(one["sku"], one["available"] + one.get("may_wait", 0)) for one in error.details["shortages"]]
            short = ", ".join(f"{sku} ({units})" for sku, units in most)
            self.add_error(None, _("We do not have enough of: %(short)s. Please order fewer.") % {"short": short})
            return
        faults = error.errors or [{"pointer": "", "detail": error.message}]
        for fault in faults:
            parts = fault["pointer"].strip("/").split("/")
            named = [FIELD_OF.get(part, part) for part in parts]
            self.add_error(next((name for name in named if name in self.fields), None), fault["detail"])

    def address(self) -> PostalAddress:
        """Return where the goods go."""
        return PostalAddress.from_dict(self.cleaned_data)


class CancelForm(PortalForm):
    """Why, if the customer cares to say."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ChangeForm(PortalForm):
    """Where it goes, by what way, and how many of each; what is left as it is stays."""

    name = forms.CharField(label=_("Name"), max_length=100, required=False)
    company = forms.CharField(label=_("Company"), max_length=100, required=False)
    line1 = forms.CharField(label=_("Street and number"), max_length=100)
    line2 = forms.CharField(label=_("Addition"), max_length=100, required=False)
    postal_code = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=100)
    country = forms.ChoiceField(label=_("Country"))
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    shipping_method = forms.ChoiceField(label=_("Delivery"), widget=forms.RadioSelect)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, order: Order, lines: Sequence[OrderLine], **kwargs: Any) -> None:
        self.lines = lines
        first = {**order.shipping_address, "version": order.version}
        first["shipping_method"] = order.shipping_method.code if order.shipping_method else ""
        first |= {f"line_{line.position}": line.wanted for line in lines}
        super().__init__(*args, initial=first, **kwargs)
        language = get_language() or "en"
        self.fields["country"].choices = country_choices(language)  # type: ignore[attr-defined]
        methods, _unfit = fitting_methods([line.product for line in lines], order.ship_to.country, order.currency)
        self.fields["shipping_method"].choices = [  # type: ignore[attr-defined]
            (method.code, method.name_in(language)) for method in methods
        ]
        for line in lines:
            self.fields[f"line_{line.position}"] = forms.IntegerField(
                label=line.name,
                min_value=0,
                max_value=9999,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "units"}),
            )

    def clean(self) -> dict[str, Any]:
        """Ask at once for a postcode the goods can travel to."""
        cleaned = super().clean() or {}
        if not postcode_fits(cleaned.get("country", ""), cleaned.get("postal_code") or ""):
            self.add_error("postal_code", _("This postcode does not fit the country."))
        return cleaned

    def wish(self) -> Wish:
        """Return what is to be otherwise."""
        said, first = self.cleaned_data, self.initial
        address = PostalAddress.from_dict({**first, **{name: said.get(name) for name in ADDRESS if name in said}})
        moved = address != PostalAddress.from_dict(first)
        method = said["shipping_method"]
        return Wish(
            lines=tuple(
                LineWish(position=line.position, quantity=said[f"line_{line.position}"])
                for line in self.lines
                if said[f"line_{line.position}"] != line.wanted
            ),
            shipping_address=address if moved else None,
            shipping_method=method if method != first["shipping_method"] else None,
        )

    def explain(self, refusals: Iterable[Mapping[str, str]]) -> None:
        """Put what is refused beside the field it is about, else above the form."""
        for one in refusals:
            parts = one["pointer"].strip("/").split("/")
            name = f"line_{one['position']}" if one.get("position") else parts[-1]
            text = _("We do not have enough of it.") if one["code"] == "insufficient_stock" else one["detail"]
            self.add_error(name if name in self.fields else None, text)


REASONS = {
    "changed_mind": _("I changed my mind"),
    "damaged": _("It arrived damaged"),
    "wrong_item": _("It is the wrong item"),
    "not_as_described": _("It is not as described"),
    "too_late": _("It came too late"),
}


class ReturnForm(PortalForm):
    """How many of each line go back, and why."""

    reason = forms.ChoiceField(label=_("Why?"), choices=[("", _("Please choose")), *REASONS.items()])
    note = forms.CharField(
        label=_("Anything else?"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    refund_as = forms.ChoiceField(
        label=_("What do you want back?"),
        choices=[("money", _("My money, the way I paid")), ("credit", _("Store credit, for a later order"))],
        initial="money",
        required=False,
        widget=forms.RadioSelect,
        help_text=_(
            "It is your choice: nobody has to take store credit. It is there as soon as we have looked at the goods, "
            "does not expire and is not paid out."
        ),
    )

    def __init__(self, *args: Any, returnable: dict[int, int], offers_credit: bool, **kwargs: Any) -> None:
        self.returnable = returnable
        super().__init__(*args, **kwargs)
        if not offers_credit:
            del self.fields["refund_as"]
        for line_id, most in returnable.items():
            self.fields[f"line_{line_id}"] = forms.IntegerField(
                min_value=0,
                max_value=most,
                required=False,
                initial=0,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "units"}),
            )

    def clean(self) -> dict[str, Any]:
        """Ask for at least one piece."""
        cleaned = super().clean() or {}
        if not self.errors and not self.quantities():
            raise forms.ValidationError(_("Say how many pieces you want to return."))
        return cleaned

    def clean_refund_as(self) -> str:
        """Give the money back where nothing else was chosen."""
        return self.cleaned_data["refund_as"] or "money"

    def quantities(self) -> dict[int, int]:
        """Return the units per order line that go back."""
        chosen = {line_id: self.cleaned_data.get(f"line_{line_id}") or 0 for line_id in self.returnable}
        return {line_id: units for line_id, units in chosen.items() if units}
