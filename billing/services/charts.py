"""The numbers of the accounts at the accountant: the usual ones, those that somebody said, and what is missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from billing import chart, postings
from billing.chart import Number
from billing.models import AccountNumber, DatevProfile, LedgerAccount, LegalEntity
from core.actors import Actor
from core.service import note_change, service

Account = tuple[str, str]
Kind = LedgerAccount.Kind
# Kept apart by what they are about; all others have one account each.
IN_DETAIL = (Kind.MONEY, Kind.REVENUE, Kind.TAX)
# The accounts of customers have a digit more, and begin with 1 to 6.
LAST_DEBTOR = 6


@dataclass(frozen=True)
class Asked:
    """An account of the ledger as the settings ask for it: what was said, and what is usual."""

    kind: str
    detail: str
    said: Number | None
    usual: Number | None

    @property
    def name(self) -> str:
        """Return how a form names it."""
        return f"{self.kind}:{self.detail}"


class Numbers:
    """The numbers of a seller's accounts, read once."""

    def __init__(self, entity: LegalEntity) -> None:
        self.entity = entity
        self.profile = DatevProfile.objects.filter(entity=entity).first()
        self.chart = self.profile.chart if self.profile else chart.SKR03
        self.length = self.profile.length if self.profile else 4
        self.per_customer = bool(self.profile and self.profile.per_customer)
        self.home = str(entity.address.get("country") or "DE")
        rows = AccountNumber.objects.filter(entity=entity)
        self.said = {(one.kind, one.detail): Number(one.number, one.key) for one in rows}
        self._known: dict[Account, Number | None] = {}

    def usual(self, kind: str, detail: str) -> Number | None:
        """Return the usual number of an account, with as many digits as the accountant uses."""
        found = chart.usual(self.chart, kind, detail, home=self.home)
        return Number(chart.padded(found.number, self.length), found.key) if found else None

    def of(self, kind: str, detail: str) -> Number | None:
        """Return the number of an account; None where nobody said one and none is usual."""
        key = kind, _detail(kind, detail)
        if key not in self._known:
            said, usual = self.said.get(key), self.usual(*key)
            number = (said.number if said else "") or (usual.number if usual else "")
            self._known[key] = Number(number, said.key if said else "") if number else None
        return self._known[key]

    def carries_tax(self, number: Number) -> bool:
        """Whether what is booked there is booked with its tax."""
        return bool(number.key) or chart.is_automatic(self.chart, number.number)

    def debtor(self, customer_id: int) -> str | None:
        """Return the account of a customer; None where there are more of them than numbers."""
        number = 10**self.length + customer_id
        return str(number) if number < (LAST_DEBTOR + 1) * 10**self.length else None

    def missing(self, accounts: Iterable[Account]) -> list[Account]:
        """Return those of some accounts that have no number."""
        return sorted({one for one in accounts if self.of(*one) is None})


def _detail(kind: str, detail: str) -> str:
    return detail if kind in IN_DETAIL else ""


def asked_accounts(entity: LegalEntity) -> list[Asked]:
    """Return every account that the settings of a seller ask for: each kind, and what the ledger has of it."""
    numbers = Numbers(entity)
    home = numbers.home
    wanted: set[Account] = {(kind, "") for kind in Kind.values if kind not in IN_DETAIL}
    wanted |= {(postings.MONEY, "bank_transfer"), (postings.MONEY, "cash")}
    wanted |= {(postings.REVENUE, f"{home}:S:0.1900"), (postings.TAX, f"{home}:0.1900")}
    there = LedgerAccount.objects.filter(entity=entity).order_by().values_list("kind", "detail").distinct()
    wanted |= {(kind, _detail(kind, detail)) for kind, detail in there} | numbers.said.keys()
    places = {kind: place for place, kind in enumerate(Kind.values)}
    return [
        Asked(kind, detail, numbers.said.get((kind, detail)), numbers.usual(kind, detail))
        for kind, detail in sorted(wanted, key=lambda one: (places[one[0]], one[1]))
    ]


@service
def keep_accounts(
    entity_id: int, profile: Mapping[str, Any], said: Mapping[Account, Number], *, actor: Actor
) -> DatevProfile:
    """Keep how an accountant keeps the books of a seller, and the numbers that are not the usual ones."""
    # Two who save at once follow each other.
    entity = LegalEntity.objects.select_for_update(no_key=True).get(pk=entity_id)
    known = DatevProfile.objects.filter(entity=entity).first()
    kept = known or DatevProfile(entity=entity)
    before = {name: getattr(kept, name) for name in profile} if known else {}
    for name, value in profile.items():
        setattr(kept, name, value)
    kept.save()
    rows = {(one.kind, one.detail): one for one in AccountNumber.objects.filter(entity=entity)}
    before |= {f"{kind}:{detail}": f"{one.number} {one.key}".strip() for (kind, detail), one in rows.items()}
    wanted = {account: number for account, number in said.items() if number.number or number.key}
    AccountNumber.objects.filter(pk__in=[one.pk for account, one in rows.items() if account not in wanted]).delete()
    for (kind, detail), number in wanted.items():
        AccountNumber.objects.update_or_create(
            entity=entity, kind=kind, detail=detail, defaults={"number": number.number, "key": number.key}
        )
    after = dict(profile) | {f"{kind}:{detail}": f"{n.number} {n.key}".strip() for (kind, detail), n in wanted.items()}
    if before != after:
        note_change(entity, "billing.accounts_numbered", actor=actor, before=before, after=after)
    return kept
