"""What issuing costs can be measured: here a few invoices, in this process."""

import pytest

from benchmarks import billing
from billing.proofs import apart, issuing

pytestmark = pytest.mark.django_db


def test_issuing_and_drawing_are_measured_and_the_goals_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = {
        "billing.proofs.issuing:draft_some": issuing.draft_some,
        "billing.proofs.issuing:issue_some": issuing.issue_some,
    }
    monkeypatch.setattr(apart, "run_all", lambda name, rows: [jobs[name](*row) for row in rows])

    found = billing.measure(invoices=3, processes=2, papers=2, say=lambda said: None)
    found["goals"] = billing.goals(found)

    assert (found["invoices"], found["gaps"], found["faults"]) == (9, 0, [])
    assert [(one["processes"], one["steady"], one["invoices"]) for one in found["runs"]] == [
        (1, False, 3), (2, False, 3), (2, True, 3),
    ]  # fmt: skip
    # The first process begins its second invoice one turn after its first.
    turn = 2 / billing.GOALS["per_second"]
    assert found["runs"][2]["per_second"] < 3 / turn
    for run in found["runs"]:
        assert 0 < run["lock_least_ms"] <= run["lock_p50_ms"] <= run["lock_p95_ms"] <= run["issue_p95_ms"]
        assert run["cpu_ms"] > 0
    assert 0 < found["papers"]["xml_p50_ms"] < found["papers"]["pdf_p95_ms"]
    assert [one["wanted"] for one in found["goals"]] == ["≥ 50", "≤ 3", "≤ 3", "≤ 120", "0"]
    assert found["goals"][-1]["met"]
    assert "2 processes on one series" in billing.tell(found)
