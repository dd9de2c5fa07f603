"""The central customer record: a person or a company with its sites and contacts."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import LockingManager, public_number
from customers.addresses import PostalAddress


class CustomerGroup(models.Model):
    """Customers who are treated alike: consumers, wholesale, staff."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("customer group")
        verbose_name_plural = _("customer groups")

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """Somebody we sell to. Amounts of `credit_limit` are in the customer's currency.

    `origin` is the code of the channel whose key wrote the customer down; empty for the house's own.
    """

    class Kind(models.TextChoices):
        """Consumers have rights that companies have not."""

        PERSON = "person", _("person")
        COMPANY = "company", _("company")

    class VatState(models.TextChoices):
        """What was answered about the VAT id last; one that nobody asked about counts by its form."""

        UNCHECKED = "", _("not checked")
        VALID = "valid", _("valid")
        INVALID = "invalid", _("not valid")

    number = public_number("C")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=200)
    company = models.CharField(_("company"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    vat_id = models.CharField(_("VAT id"), max_length=20, blank=True)
    # The last answer about this id, copied from its check: pricing reads it with the customer. Written by services.
    vat_state = models.CharField(
        _("check of the VAT id"),
        max_length=10,
        choices=VatState,
        default=VatState.UNCHECKED,
        blank=True,
        editable=False,
    )
    vat_checked_at = models.DateTimeField(_("checked at"), null=True, blank=True, editable=False)
    vat_reference = models.CharField(max_length=100, blank=True, default="", editable=False)
    vat_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Their certificates that were not ended, copied: [{number, country, region, reason, valid_from, valid_until}].
    exemptions = models.JSONField(default=list, blank=True, editable=False)
    tax_class = models.CharField(
        _("tax class"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("As named at tax rates for a class of customers; empty: the usual rates."),
    )
    group = models.ForeignKey(CustomerGroup, models.PROTECT, null=True, blank=True, verbose_name=_("group"))
    language = models.CharField(_("language"), max_length=10, default="en")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    payment_terms = models.CharField(_("payment terms"), max_length=20, default="prepaid")
    credit_limit = models.DecimalField(_("credit limit"), max_digits=14, decimal_places=3, null=True, blank=True)
    external_reference = models.CharField(_("their own number"), max_length=100, blank=True)
    origin = models.CharField(max_length=40, blank=True, default="", editable=False)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="customer",
        verbose_name=_("user"),
    )
    active = models.BooleanField(_("active"), default=True)
    # Since when their new orders wait, because they were reminded and have not paid; written by `note_arrears`.
    arrears_since = models.DateField(_("in arrears since"), null=True, blank=True, editable=False)
    # What they wait for: nothing said, that is what is overdue; or a payment they had taken back.
    arrears_why = models.CharField(max_length=20, blank=True, default="", editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    objects = LockingManager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(
                condition=Q(credit_limit__isnull=True) | Q(credit_limit__gte=0), name="credit_limit_is_not_negative"
            ),
            models.CheckConstraint(condition=Q(kind__in=["person", "company"]), name="customer_is_person_or_company"),
        ]
        indexes = [
            models.Index(fields=["external_reference"], name="customer_external", condition=~Q(external_reference="")),
            models.Index(fields=["email"], name="customer_email"),
            models.Index(fields=["name"], name="customer_name"),
            models.Index(fields=["vat_asked_at"], name="customer_vat", condition=~Q(vat_id="")),
            models.Index(fields=["phone"], name="customer_phone", condition=~Q(phone="")),
        ]

    def __str__(self) -> str:
        return self.company or self.name or self.number


class CustomerWord(models.Model):
    """A word by which a customer is found, folded as `core.words` does it. Written with the record."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="words")
    word = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "word"], name="one_row_per_customer_and_word")]
        # For beginnings PostgreSQL needs this class where the house sorts by a language; SQLite ignores it.
        # With the customer, so that ten thousand people called Felix are read from the index alone.
        indexes = [
            models.Index(
                fields=["word", "customer"], name="word_of_customer", opclasses=["varchar_pattern_ops", "int8_ops"]
            )
        ]

    def __str__(self) -> str:
        return self.word


class Address(models.Model):
    """A site of a customer: where invoices or goods go."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses", verbose_name=_("customer"))
    label = models.CharField(_("site"), max_length=80, blank=True)
    is_bill_to = models.BooleanField(_("bill to"), default=False)
    is_ship_to = models.BooleanField(_("ship to"), default=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    line1 = models.CharField(_("street"), max_length=200, blank=True)
    line2 = models.CharField(_("addition"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    postal_code = models.CharField(_("postcode"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        indexes = [
            models.Index(fields=["postal_code", "line1"], name="site_place", condition=~Q(postal_code="")),
        ]

    def __str__(self) -> str:
        return ", ".join(self.postal().lines())

    def postal(self) -> PostalAddress:
        """Return the plain address, to be frozen on an agreement."""
        return PostalAddress.from_dict({name: getattr(self, name) for name in PostalAddress.__dataclass_fields__})


class Contact(models.Model):
    """A person at a customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts", verbose_name=_("customer"))
    site = models.ForeignKey(Address, models.SET_NULL, null=True, blank=True, verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return self.name
