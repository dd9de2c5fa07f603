"""`./run manage prove ledger`: whatever is done with money, the ledger balances; and what does not is said."""

from decimal import Decimal

import pytest
from django.db import connection

from billing import append_only
from billing.models import LedgerAccount, LedgerEntry, LedgerTransaction
from billing.proofs import ledger
from billing.proofs.asking import Asked

pytestmark = pytest.mark.django_db


def test_whatever_is_done_with_money_the_ledger_balances(monkeypatch):
    monkeypatch.setattr(ledger, "EVERY", 60)
    found = ledger.prove(Asked(120, seed=7))

    assert found["told"] == []
    assert (found["met"], found["faults"], found["times_looked"], found["operations"]) == (True, 0, 2, 120)
    assert sum(found["done"].values()) + found["refused"] == 120
    assert {"credit", "invoice", "pay", "refund"} <= set(found["done"])
    assert found["currencies"] > 1
    assert found["entries"] > 150


def test_an_amount_that_is_off_is_said(monkeypatch):
    ledger.prove(Asked(12, seed=7))
    append_only.remove(connection)
    entry = LedgerEntry.objects.filter(account__kind=LedgerAccount.Kind.REVENUE).order_by("pk").first()
    LedgerEntry.objects.filter(pk=entry.pk).update(amount=entry.amount + Decimal("0.01"))
    cause, currency = LedgerTransaction.objects.get(pk=entry.transaction_id).source, entry.account.currency

    said = ledger.faults_now()

    assert said[:2] == [f"{cause} is off by 0.010 {currency}", f"all in {currency} is off by 0.010"]
    assert any(one.startswith("sales say") for one in said)
    assert any("add up to nothing" in one for one in said)
