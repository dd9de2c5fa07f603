"""`./run manage prove numbers`: many processes draw numbers, and a gap, a double or a wrong sequence is found."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from billing import immutability
from billing.management.commands import prove
from billing.models import Invoice
from billing.proofs import apart, issuing, numbers, scratch
from billing.proofs.asking import Asked
from billing.services import invoicing

postgres = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def small(monkeypatch):
    """Kill often, take back often, and fork from the process that the races are forked from."""
    monkeypatch.setattr(apart, "PRELOAD", ["tests.prepared"])
    monkeypatch.setattr(numbers, "ISSUES_PER_KILL", 20)
    monkeypatch.setattr(numbers, "IN_VAIN", 20)


class TestOnPostgres:
    pytestmark = postgres

    def test_processes_that_are_killed_and_change_their_mind_leave_no_gap(self, small):
        found = numbers.prove(Asked(40, processes=4))

        assert found["told"] == []
        assert (found["met"], found["issued"], found["kills"]) == (True, 40, 2)
        assert sorted(found["per_second_and_series"]) == ["INV", "S1-INV", "S2-INV"]
        assert len(set(Invoice.objects.dates("issued_on", "year"))) == 2

    def test_a_number_that_is_drawn_outside_of_the_transaction_leaves_gaps_that_are_found(self, small, monkeypatch):
        monkeypatch.setattr(numbers, "ISSUE", f"{__name__}:issue_carelessly")
        monkeypatch.setattr(numbers, "ISSUES_PER_KILL", 1_000)
        found = numbers.prove(Asked(24, processes=2))

        assert not found["met"]
        assert any("missing" in said for said in found["told"])


def issue_carelessly(share):
    """Issue as one must not: the number is committed before the document is."""
    draw = invoicing.draw_sealed

    def draw_at_once(key, digest):
        def apart_from_it():
            with closing(connection), transaction.atomic():
                return draw(key, digest)

        with ThreadPoolExecutor(1) as other:
            return other.submit(apart_from_it).result()

    invoicing.draw_sealed = draw_at_once
    issuing.issue_some(share)


@pytest.mark.django_db
def test_what_is_wrong_with_numbers_is_said(tmp_path):
    house = issuing.open_house(1)
    issuing.draft_some(house.channels[0], 4, str(tmp_path / "drafts"))
    keys = [int(key) for key in (tmp_path / "drafts").read_text().split()]
    log = tmp_path / "issued"
    issuing.issue_some(issuing.Share(keys, str(log), last_year=2025))
    issued = list(issuing.read_logs([log, tmp_path / "of a process that came to nothing"]))

    assert [one.number for one in issued] == [f"INV-{n:06d}" for n in (1, 2, 3, 4)]
    assert [one.issued_on.isoformat() for one in Invoice.objects.order_by("place")] == [
        "2025-12-31", "2025-12-31", "2026-01-01", "2026-01-01",
    ]  # fmt: skip
    assert (numbers._of_numbers(4), numbers._of_sequence(issued), numbers.waited(issued)) == ([], [], 0)
    issuing.issue_some(issuing.Share(keys, str(log)))
    assert len(log.read_text().splitlines()) == 4, "what is issued is left alone"

    swapped = [*issued[:2], issuing.Issued(9, "INV-000003", 0, 0, 0, 0)]
    assert numbers._of_sequence(swapped) == ["INV-000003 was drawn before INV-000002"]
    immutability.remove(connection)
    Invoice.objects.filter(place=2).update(place=7, number="INV-000007")
    assert numbers._of_numbers(5) == ["4 numbers for 5 invoices", "invoice:main:: 4 numbers up to 4; missing [2]"]


def test_it_runs_on_a_database_of_its_own(monkeypatch):
    asked = []
    monkeypatch.setattr(scratch, "run_apart", lambda arguments: asked.append(arguments) or 0)
    monkeypatch.setattr(prove.numbers, "prove", lambda asked: pytest.fail("on real data"))

    assert not scratch.is_scratch()
    call_command("prove", "numbers", "--cases", "9", "--json")

    assert asked == [["prove", "numbers", "--cases", "9", "--processes", "16", "--seed", "2026", "--json"]]
    monkeypatch.setattr(scratch, "run_apart", lambda arguments: 1)
    with pytest.raises(SystemExit):
        call_command("prove", "numbers")
