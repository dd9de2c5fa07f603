"""Where orders come from, and how each way in is treated."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from .price_list import PriceList


class Channel(models.Model):
    """A way in, with its policies.

    `checks` maps the name of a check to off, warn or hold, `check_limits` to its limits where they are not the usual
    ones (`pricing.checks`). `seller_country` is where goods are
    taxed from. `quiet` channels tell nobody: no mail, webhook or rule fires. `reserved` channels
    (import, portal, staff) are never accepted from the API.
    """

    class InvoicePolicy(models.TextChoices):
        """When an invoice is written."""

        PER_SHIPMENT = "per_shipment", _("per shipment")
        PER_ORDER = "per_order", _("when all is shipped")

    class CapturePolicy(models.TextChoices):
        """What happens to held money with the first of several parcels, where it can be taken once only."""

        FIRST_PARCEL = "first_parcel", _("take all of it with the first parcel")
        SAVED_MEANS = "saved_means", _("take each parcel: later ones from the saved card")
        PAY_LINK = "pay_link", _("take each parcel: later ones by a pay link")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(_("language"), max_length=10, default="en")
    prices_include_tax = models.BooleanField(_("prices include tax"), default=False)
    price_list = models.ForeignKey(
        PriceList, models.PROTECT, null=True, blank=True, related_name="channels", verbose_name=_("price list")
    )
    seller_country = models.CharField(_("seller's country"), max_length=2, default="DE")
    reserved = models.BooleanField(_("not for the API"), default=False)
    quiet = models.BooleanField(_("quiet"), default=False)
    auto_verify = models.BooleanField(_("verifies by itself"), default=True)
    auto_confirm = models.BooleanField(_("confirms by itself"), default=True)
    auto_release = models.BooleanField(_("releases by itself"), default=False)
    invoice_policy = models.CharField(
        _("invoice"), max_length=15, choices=InvoicePolicy, default=InvoicePolicy.PER_SHIPMENT
    )
    capture_policy = models.CharField(
        _("held money"),
        max_length=15,
        choices=CapturePolicy,
        default=CapturePolicy.FIRST_PARCEL,
        help_text=_(
            "Where a provider pays out of what it holds once only. Providers that pay out in parts do so by parcel."
        ),
    )
    payment_days = models.PositiveSmallIntegerField(_("days to pay in advance"), default=7)
    # None: until the payment is due.
    hold_minutes = models.PositiveIntegerField(
        _("minutes stock is kept for who has not paid"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: until the payment is due. What was paid or is bought on account is kept for good."),
    )
    handling_days = models.PositiveSmallIntegerField(_("handling days"), default=1)
    # None: until somebody says that it arrived.
    grace_days = models.PositiveSmallIntegerField(
        _("days until a parcel counts as arrived"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "An order whose carrier says nothing is closed so many days after it left, if it is invoiced and paid. "
            "Empty: it waits for word that it arrived."
        ),
    )
    checks = models.JSONField(_("checks"), default=dict, blank=True)
    check_limits = models.JSONField(_("limits of checks"), default=dict, blank=True)
    # By how much each role may change the total of an order without approval; a role that is not named, by any.
    change_limits = models.JSONField(_("changes without approval"), default=dict, blank=True)
    # What share of the goods each role may take off by hand, in percent; a role that is not named, any.
    discount_limits = models.JSONField(_("discounts without approval"), default=dict, blank=True)
    document_series = models.CharField(_("document series"), max_length=20, blank=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        permissions = [("set_checks", gettext_noop("Can set what is checked, and its limits"))]

    def __str__(self) -> str:
        return self.name
