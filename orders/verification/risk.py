"""Signs that an order may be a fraud. None of them says much alone: a channel says how many it takes."""

from datetime import timedelta

from core.countries import country_names
from core.money import Money
from core.sentences import gettext_noop, sentence
from customers.addresses import PostalAddress

from .disposable import DISPOSABLE
from .facts import Facts, Finding
from .likeness import is_same_address
from .names import Limits

RISKY = sentence(gettext_noop("Signs of a risk: %(parts)s"))
OFTEN = sentence(gettext_noop("%(count)s orders in %(hours)s h"))
ABROAD = sentence(gettext_noop("goods to %(country)s but the invoice to another country"))
FAR = sentence(gettext_noop("goods to postcode %(code)s but the invoice to %(other)s"))
FIRST_HIGH = sentence(gettext_noop("first order for %(given)s"))
THROWN_AWAY = sentence(gettext_noop("a mailbox for one day at %(domain)s"))


def risk(facts: Facts, limits: Limits) -> Finding | None:
    """Count the signs. Who stands before us and pays is none."""
    if facts.in_person:
        return None
    signs = [sign for sign in (_often(facts, limits), _far(facts), _first(facts, limits), _thrown(facts)) if sign]
    value, limit = str(len(signs)), f"{limits['signals']:f}"
    if len(signs) < limits["signals"]:
        return Finding(value=value, limit=limit, data={"signs": signs} if signs else {})
    return Finding(RISKY(parts=", ".join(signs)), {"signs": signs}, value=value, limit=limit)


def _often(facts: Facts, limits: Limits) -> str:
    if facts.at is None:
        return ""
    begin = facts.at - timedelta(hours=int(limits["hours"]))
    recent = [one for one in facts.earlier if one.at >= begin]
    theirs = [
        one for one in recent if one.same_customer or one.same_email or is_same_address(one.address, facts.ship_to)
    ]
    count = len(theirs) + 1
    return OFTEN(count=count, hours=f"{limits['hours']:f}") if count >= limits["orders"] else ""


def _far(facts: Facts) -> str:
    to, bill = facts.ship_to, facts.bill_to
    if bill is None or not facts.travels or not (to.country and bill.country):
        return ""
    if to.country != bill.country:
        return ABROAD(country=country_names("en").get(to.country, to.country))
    here, there = _region(to), _region(bill)
    return FAR(code=to.postal_code, other=bill.postal_code) if here and there and here != there else ""


def _region(to: PostalAddress) -> str:
    """Return what of a postcode names the part of the country."""
    return to.postal_code.strip().upper()[:1]


def _first(facts: Facts, limits: Limits) -> str:
    if not facts.is_first or facts.total < limits["first_total"]:
        return ""
    return FIRST_HIGH(given=Money(facts.total, facts.currency))


def _thrown(facts: Facts) -> str:
    domain = facts.email.rpartition("@")[2].strip().lower()
    if not domain:
        return ""
    # A mailbox at mail.mailinator.com is one of mailinator.com.
    parents = [domain[at:] for at in range(len(domain)) if at == 0 or domain[at - 1] == "."]
    known = any(parent in DISPOSABLE or parent in facts.disposable for parent in parents)
    return THROWN_AWAY(domain=domain) if known else ""
