"""The checklist of the first start: eight lines, each done when it works, and what is missing where it does not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from core import milestones
from core.admin.links import list_of, page_of
from core.mail_trial import TESTED
from core.money import Money
from core.reader import country_name, locale, spoken_date
from desk.selectors import facts
from inventory.models import Product
from pricing.models import Channel

DISMISSED = "first_start.dismissed"


@dataclass(frozen=True)
class Deed:
    """A button: a place to go, or with `post` something that is done here."""

    label: str
    url: str = ""
    post: str = ""


@dataclass(frozen=True)
class Line:
    """One step: whether it works, the sentence that says so or what is missing, and the button for it."""

    code: str
    title: str
    done: bool
    said: str
    deed: Deed | None = None
    more: Sequence[Deed] = ()


@dataclass(frozen=True)
class Checklist:
    """The whole first start as it stands."""

    lines: list[Line]
    dismissed: bool

    @property
    def done(self) -> int:
        """How many lines work."""
        return sum(line.done for line in self.lines)

    @property
    def complete(self) -> bool:
        """Whether all do."""
        return self.done == len(self.lines)

    @property
    def next(self) -> Line | None:
        """The first line that does not work yet."""
        return next((line for line in self.lines if not line.done), None)


def checklist() -> Checklist:
    """Ask every line."""
    reached = milestones.reached(DISMISSED, TESTED)
    channels = facts.selling_channels()
    company = facts.company()
    country = _country(company, channels)
    lines: list[Callable[[], Line]] = [
        lambda: _company(company),
        lambda: _tax(country, channels),
        _warehouse,
        lambda: _shipping(country, channels),
        lambda: _products(channels),
        lambda: _mail(reached.get(TESTED)),
        _people,
        _test_order,
    ]
    return Checklist([line() for line in lines], DISMISSED in reached)


def left() -> int:
    """Return how many lines people are to be reminded of: none once it was put away, or customers were served."""
    if DISMISSED in milestones.reached(DISMISSED) or facts.shipped_order() is not None:
        return 0
    found = checklist()
    return len(found.lines) - found.done


def _and_back(form: str) -> str:
    """Open a form so that saving it leads back here."""
    return f"{form}?next={reverse('desk:first-start')}"


def _country(company: Any, channels: Sequence[Channel]) -> str:
    """Return where the company sits; until it says so, where its channels are taxed from."""
    stated = str(company.address.get("country") or "") if company else ""
    return stated or (channels[0].seller_country if channels else "DE")


def _company(company: Any) -> Line:
    title = _("Company")
    if company is None:
        said = _("Nobody writes invoices yet: name, address, VAT id and bank account stand on every one.")
        return Line(
            "company", title, False, said, Deed(_("Fill in"), _and_back(reverse("admin:billing_legalentity_add")))
        )
    needed = (
        (_("name"), company.name if company.name != facts.PLACEHOLDER else ""),
        (_("street"), company.address.get("line1")),
        (_("postcode"), company.address.get("postal_code")),
        (_("city"), company.address.get("city")),
        (_("VAT id"), company.vat_id),
        (_("IBAN"), company.iban),
    )
    missing = [str(name) for name, value in needed if not value]
    deed = Deed(_("Fill in") if missing else pgettext("a page", "Open"), _and_back(page_of(company)))
    if missing:
        return Line("company", title, False, _("Missing: %(parts)s.") % {"parts": ", ".join(missing)}, deed)
    said = _("%(name)s, %(city)s; invoices bear %(vat_id)s.")
    values = {"name": company.name, "city": company.address["city"], "vat_id": company.vat_id}
    return Line("company", title, True, said % values, deed)


def _tax(country: str, channels: Sequence[Channel]) -> Line:
    title = _("Tax")
    if not channels:
        said = _("There are no channels and no tax rates yet; the usual ones are entered in one go.")
        return Line("tax", title, False, said, Deed(_("Enter the usual ones"), post="defaults"))
    if not (rates := facts.tax_rates(country)):
        said = _("There is no tax rate of %(country)s that applies today.") % {"country": country_name(country)}
        return Line("tax", title, False, said, Deed(_("Add a rate"), _and_back(reverse("admin:pricing_taxrate_add"))))
    elsewhere = [channel for channel in channels if channel.seller_country != country]
    if elsewhere:
        said = _("The company is in %(country)s, but goods of %(channels)s are taxed from elsewhere.") % {
            "country": country_name(country),
            "channels": ", ".join(channel.name for channel in elsewhere),
        }
        return Line("tax", title, False, said, Deed(_("Change"), _and_back(page_of(elsewhere[0]))))
    percents = ", ".join(f"{rate.rate * 100:.1f}".rstrip("0").rstrip(".") + " %" for rate in rates)
    said = _("%(country)s: %(rates)s.") % {"country": country_name(country), "rates": percents}
    return Line(
        "tax", title, True, said, Deed(pgettext("a page", "Open"), reverse("admin:pricing_taxrate_changelist"))
    )


def _warehouse() -> Line:
    title = _("Warehouse")
    places = facts.warehouses()
    if not places:
        said = _("There is no place yet that keeps and ships goods.")
        deed = Deed(_("Open a warehouse"), _and_back(reverse("admin:inventory_warehouse_add")))
        return Line("warehouse", title, False, said, deed)
    for place in places:
        if not (place.address.get("line1") and place.address.get("city")):
            said = _("%(place)s has no street or city; labels need them.") % {"place": place}
            return Line("warehouse", title, False, said, Deed(_("Fill in"), _and_back(page_of(place))))
    said = ", ".join(f"{place.name}, {place.address['city']}" for place in places)
    deed = Deed(pgettext("a page", "Open"), reverse("admin:inventory_warehouse_changelist"))
    return Line("warehouse", title, True, f"{said}.", deed)


def _shipping(country: str, channels: Sequence[Channel]) -> Line:
    title = _("Shipping")
    currency = channels[0].currency if channels else ""
    rate = facts.home_rate(country, currency) if channels else None
    where = {"country": country_name(country), "currency": currency}
    if rate is None:
        said = _("No way of delivery has a charge to %(country)s in %(currency)s.") % where
        if not channels:
            said = _("There are no ways of delivery yet.")
        deed = Deed(_("Add a charge"), _and_back(reverse("admin:pricing_shippingrate_add")))
        return Line("shipping", title, False, said, deed)
    if slow := facts.warehouses_without_days(country):
        said = _("Nobody said how many days a parcel takes from %(places)s.") % {
            "places": ", ".join(place.name for place in slow)
        }
        return Line("shipping", title, False, said, Deed(_("Enter the usual days"), post="transits"))
    if not facts.warehouses():
        said = _("Open the warehouse first; then it is known how long a parcel takes.")
        return Line("shipping", title, False, said)
    said = _("%(method)s to %(country)s costs %(price)s.") % {
        **where,
        "method": rate.method.name_in(),
        "price": Money(rate.amount, rate.currency).format(str(locale())),
    }
    return Line(
        "shipping",
        title,
        True,
        said,
        Deed(pgettext("a page", "Open"), reverse("admin:pricing_shippingrate_changelist")),
    )


def _products(channels: Sequence[Channel]) -> Line:
    title = _("Products")
    add = Deed(_("Add one"), reverse("admin:inventory_product_add"))
    some = Product.objects.filter(active=True)[:1000].count()
    file = Deed(_("Import a file"), reverse("admin:import_products"))
    if not some:
        return Line("products", title, False, _("There is nothing to sell yet."), file, [add])
    if not any(facts.sellable_product(channel) for channel in channels):
        said = _("No product has both a price and stock on a shelf.")
        return Line("products", title, False, said, file, [Deed(pgettext("a page", "Open"), list_of(Product))])
    said = ngettext("%(n)s product is for sale.", "%(n)s products are for sale.", some)
    if some == 1000:
        said = _("A thousand products or more are for sale.")
    return Line(
        "products", title, True, said % {"n": some}, Deed(pgettext("a page", "Open"), list_of(Product)), [file]
    )


def _mail(tested: Any) -> Line:
    title = _("Mail")
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        said = _("EMAIL_URL is not set in .env: mails are written down, and none is sent.")
        return Line("mail", title, False, said, Deed(_("Show what would be sent"), list_of_mails()))
    test = Deed(_("Send a test mail"), url=reverse("desk:test-mail"))
    if tested is None:
        return Line("mail", title, False, _("No test mail went out yet."), test)
    said = _("A test mail went to %(to)s on %(day)s; the server said: %(answer)s") % {
        "to": tested.detail.get("to", ""),
        "day": spoken_date(tested.reached_at),
        "answer": tested.detail.get("answer", ""),
    }
    return Line("mail", title, True, said, Deed(_("Send another"), url=test.url))


def list_of_mails() -> str:
    """Return where mails are shown as they were written."""
    return reverse("admin:core_outgoingmail_changelist")


def _people() -> Line:
    title = _("People")
    add = Deed(_("Add somebody"), reverse("admin:core_user_add"))
    people = facts.staff()
    if len(people) < 2:
        said = _("You are alone. Add a second person, so that somebody can let you in again.")
        return Line("people", title, False, said, add)
    without = [user for user in people if not user.is_superuser and not user.groups.all()]
    if without:
        said = _("%(name)s has no role yet and can do nothing.") % {"name": _called(without[0])}
        return Line("people", title, False, said, Deed(_("Give a role"), page_of(without[0])), [add])
    unsafe = [user for user in people if user.is_superuser and user.second_step_since is None]
    if unsafe:
        said = _("%(name)s may do everything and signs in by password alone.") % {"name": _called(unsafe[0])}
        return Line("people", title, False, said, Deed(_("Two-step sign-in"), reverse("admin:security")), [add])
    said = ngettext("%(n)s person works here.", "%(n)s people work here.", len(people)) % {"n": len(people)}
    return Line(
        "people", title, True, said, Deed(pgettext("a page", "Open"), reverse("admin:core_user_changelist")), [add]
    )


def _called(user: Any) -> str:
    return user.get_full_name() or user.get_username()


def _test_order() -> Line:
    title = _("Test order")
    mine = facts.test_order()
    other = facts.shipped_order()
    if mine is not None and not mine.taken_back:
        number = {"order": mine.order.number}
        look = Deed(_("Open the order"), page_of(mine.order))
        if mine.shipped:
            said = _(
                "%(order)s went all the way. Take it back: its unit returns to the shelf, its invoice is credited."
            )
            return Line("test", title, True, said % number, Deed(_("Take it back"), post="take-back"), [look])
        said = _("%(order)s is placed. Ship it in the warehouse step by step, or all steps at once.") % number
        return Line("test", title, False, said, Deed(_("Ship it at once"), post="ship"), [look])
    again = Deed(_("Place a test order"), post="order")
    if mine is not None:
        said = _("%(order)s was shipped and taken back; it counts in no figure.") % {"order": mine.order.number}
        return Line("test", title, True, said, None, [Deed(_("Open the order"), page_of(mine.order)), again])
    if other is not None:
        said = _("%(order)s went all the way.") % {"order": other.number}
        return Line("test", title, True, said, None, [again])
    said = _("Order one unit to your own address and ship it. It counts in no figure, and can be taken back.")
    return Line("test", title, False, said, again)
