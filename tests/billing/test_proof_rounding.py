"""`./run manage prove rounding`: random orders, documents and credits add up, and a sum that does not is found."""

import json
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from billing import calculation
from billing.proofs import rounding
from billing.proofs.asking import Asked
from billing.proofs.baskets import basket


def test_random_orders_are_billed_and_credited_to_the_smallest_unit():
    found = rounding.prove(Asked(800))

    assert found["told"] == []
    assert (found["met"], found["cases"], found["wrong_cases"]) == (True, 800, 0)
    assert min(found["by_decimals"].values()) > 150
    assert found["documents"] > 1_500
    assert found["credits"] > 1_500
    assert found["gross"] > 300
    assert found["with_discount"] > 300


def test_a_case_is_the_same_whenever_it_is_asked_for_and_a_fault_names_it(monkeypatch, capsys):
    assert basket(2026, 7).request == basket(2026, 7).request != basket(2026, 8).request
    assert basket(2027, 7).request != basket(2026, 7).request

    true = calculation.draw_up

    def wrong(*args, **kwargs):
        amounts = true(*args, **kwargs)
        shares = [replace(one, net=one.net + Decimal("0.001")) for one in amounts.shares]
        return calculation.Amounts(shares, amounts.rates)

    monkeypatch.setattr(calculation, "draw_up", wrong)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("prove", "rounding", "--case", "7", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert (found["cases"], found["wrong_cases"], found["met"]) == (1, 1, False)
    assert found["told"][0].startswith("case 7 (")
    assert "the rows of a document say net" in found["told"][0]


def test_processes_share_the_numbers_and_find_the_same():
    alone, together = (rounding.prove(Asked(600, processes=processes)) for processes in (1, 2))
    assert alone == together
