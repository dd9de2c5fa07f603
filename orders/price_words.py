"""How the figures of an order came about, in the words of the reader: what was kept with it, told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.reader import country_name, spoken_actor, spoken_amount, spoken_date
from orders.models import Order, OrderLine
from pricing.calculation.territories import CODES_OUTSIDE

Entry = Mapping[str, Any]
GIVEN_BY_HAND = ("discount", "fee", "manual")


class Explained(Protocol):
    """An order, or a quote for one: figures with how they came about."""

    @property
    def currency(self) -> str:
        """Return the currency of its amounts."""

    @property
    def explanation(self) -> list[dict[str, Any]]:
        """Return how its figures came about."""


@dataclass(frozen=True)
class WhyPrices:
    """Sentences by the position of a line, and about everything that is not of one line."""

    lines: dict[int, list[str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def why_lines(order: Order, lines: Sequence[OrderLine]) -> tuple[list[tuple[OrderLine, str]], list[str]]:
    """Return each line with why it costs what it does, and what is to be said of the rest."""
    why = why_prices(order)
    told = [(line, " · ".join(why.lines.get(line.position, ()))) for line in lines]
    return [(line, said) for line, said in told if said], why.others


def promotions_of(order: Explained) -> list[str]:
    """Name the promotions that take something off, or nearly do."""
    return [_of_promotion(one, order) for one in order.explanation if "rule" in one]


def used_up(order: Explained) -> list[str]:
    """Say which promotions take nothing off because others have had all their uses."""
    return [_of_promotion(one, order) for one in order.explanation if one["code"] == "promotion_used_up"]


def why_prices(order: Explained) -> WhyPrices:
    """Return why every figure is what it is: which list, which promotion, and who decided what."""
    found = WhyPrices()
    for one in order.explanation:
        about, _colon, key = one["about"].partition(":")
        if about == "line":
            if said := _of_line(one, order):
                found.lines.setdefault(int(key), []).append(said)
            continue
        for position, share in one.get("shares", {}).items():
            words = {"name": one["rule"]["name"], "amount": _taken(Decimal(share), order)}
            found.lines.setdefault(int(position), []).append(_("%(name)s: %(amount)s") % words)
        if said := _of_all(one, about, order):
            found.others.append(said)
    return found


def _of_line(one: Entry, order: Explained) -> str:
    if one["code"] == "price_list":
        return list_words(one["list"]) if "list" in one else one["text"]
    if one["code"] == "price_given":
        return _signed(_("Price set by hand") if one.get("by") else _("Price given with the order"), one)
    if one["code"] == "line_discount":
        words = {"amount": _taken(-Decimal(one["amount"]), order)}
        return _signed(_("Discount on the line: %(amount)s") % words, one)
    return ""


def list_words(stored: Mapping[str, Any]) -> str:
    """Name the price list that a price is from, the quantity it needs, and its last day."""
    said = [_("Price list %(name)s") % {"name": stored["name"]}]
    if (least := int(stored["from"])) > 1:
        said.append(ngettext("from %(n)s unit", "from %(n)s units", least) % {"n": least})
    if stored.get("until"):
        said.append(_("until %(day)s") % {"day": spoken_date(date.fromisoformat(stored["until"]))})
    return ", ".join(said)


def _of_all(one: Entry, about: str, order: Explained) -> str:
    if "rule" in one:
        return _of_promotion(one, order)
    if one["about"] == "tax":
        return treatment_words(one)
    if one["code"] in GIVEN_BY_HAND:
        words = {"why": one["text"], "amount": spoken_amount(Decimal(one["amount"]), order.currency)}
        return _signed(_("%(why)s: %(amount)s") % words, one)
    if about == "shipping" and "amount" in one and one["code"] != "free_shipping":
        return _("Delivery %(step)s: %(amount)s") % {
            "step": _step(one.get("rate", {}), order),
            "amount": spoken_amount(Decimal(one["amount"]), order.currency),
        }
    return ""


def treatment_words(one: Entry) -> str:
    """Say how a sale is taxed and why; what was agreed in earlier times keeps its own words."""
    if one.get("vat_id"):
        words = {"vat_id": one["vat_id"], "checked": _checked(one)}
        if one["code"] == "intra_community":
            return _("Tax: intra-Community supply to a company with VAT id %(vat_id)s (%(checked)s)") % words
        return _("Tax: reverse charge, a company with VAT id %(vat_id)s (%(checked)s)") % words
    if one.get("certificate"):
        words = {"number": one["certificate"], "reason": one.get("why", "")}
        return _("Tax: none, certificate %(number)s (%(reason)s)") % words
    if one["code"] == "rate_of_home":
        words = {"country": country_name(one["missing_in"]), "home": country_name(one["country"])}
        words["name"] = one["tax_class"]
        return _("Tax: no rate of %(country)s is entered for “%(name)s”: rate of %(home)s, owed there") % words
    if one["code"] == "service_at_home":
        words = {"country": country_name(one["country"])}
        return _("Tax: rates of %(country)s, a service to a consumer is taxed where we are") % words
    if one["code"] == "outside_scope":
        return _("Tax: none of ours, a service outside the EU is taxed there (art. %(article)s)") % {
            "article": one.get("article", "")
        }
    if one["code"] == "below_threshold":
        words = {"country": country_name(one["country"])}
        return _("Tax: rates of %(country)s, sales to consumers in the EU are below the threshold") % words
    if one["code"] == "destination" and one.get("distance_sales"):
        words = {"country": country_name(one["country"])}
        return _("Tax: rates of %(country)s, to a consumer there (one-stop shop)") % words
    if one.get("country") and one["code"] in ("domestic", "destination"):
        return _("Tax: rates of %(country)s") % {"country": country_name(one["country"])}
    if one["code"] != "export":
        return ""
    if one.get("region") in CODES_OUTSIDE:
        return _("Tax: none, the VAT of the EU does not apply in %(region)s") % {"region": one["region"]}
    return _("Tax: export, none of ours")


def _checked(one: Entry) -> str:
    if not one.get("checked_on"):
        return _("not confirmed when it was ordered")
    words = {"day": spoken_date(date.fromisoformat(one["checked_on"])), "reference": one.get("reference", "")}
    if words["reference"]:
        return _("confirmed on %(day)s, %(reference)s") % words
    return _("confirmed on %(day)s") % words


def _step(rate: Mapping[str, Any], order: Explained) -> str:
    """Name the zone of a delivery, and the value and weight that its step begins with."""
    if not rate:
        return _("at a given price")
    said = [_("to %(zone)s") % {"zone": rate["zone"]}] if rate["zone"] else [_("collected")]
    if value := Decimal(rate["value"]):
        said.append(_("goods from %(amount)s") % {"amount": spoken_amount(value, order.currency)})
    if grams := int(rate["grams"]):
        said.append(_("from %(kg)s kg") % {"kg": f"{Decimal(grams) / 1000:f}"})
    return ", ".join(said)


def _of_promotion(one: Entry, order: Explained) -> str:
    rule = one["rule"]
    name = f"{rule['name']} ({rule['code']})" if rule["code"] else rule["name"]
    if one["code"] == "promotion_not_reached":
        least = spoken_amount(Decimal(rule["from"]), order.currency)
        return _("Promotion %(name)s: only for goods from %(amount)s") % {"name": name, "amount": least}
    if one["code"] == "promotion_used_up":
        return _("Promotion %(name)s: no use of it is left") % {"name": name}
    if one["code"] == "promotion_free_shipping":
        return _("Promotion %(name)s: free delivery") % {"name": name}
    words = {"name": name, "amount": _taken(-Decimal(one["amount"]), order)}
    if rule["kind"] == "percent":
        share = f"{Decimal(rule['value']).normalize():f}"
        if Decimal(rule.get("at_most", 0)) == -Decimal(one["amount"]) > 0:
            most = {"share": share, "most": spoken_amount(Decimal(rule["at_most"]), order.currency)}
            return _("Promotion %(name)s, %(share)s %%, at most %(most)s: %(amount)s") % {**words, **most}
        return _("Promotion %(name)s, %(share)s %%: %(amount)s") % {**words, "share": share}
    return _("Promotion %(name)s: %(amount)s") % words


def _taken(amount: Decimal, order: Explained) -> str:
    return "−" + spoken_amount(amount, order.currency)


def _signed(text: str, one: Entry) -> str:
    """Add who decided so, and why."""
    if one.get("by"):
        text = _("%(what)s, by %(who)s") % {"what": text, "who": spoken_actor(one["by"])}
    return _("%(what)s: %(why)s") % {"what": text, "why": one["why"]} if one.get("why") else text
