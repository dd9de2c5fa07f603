"""What the tests of billing stand on."""

import pytest

from core import invariants
from tests.factories import billing

MONEY = {"I3", "I4", "I10"}


@pytest.fixture
def seller(shop):
    """A shop with a seller whose details are known."""
    return billing.make_seller()


@pytest.fixture
def nothing_broken():
    """Ask, at the end, what must always be true of money and documents."""
    yield
    findings = [invariants.ask(one) for one in invariants.INVARIANTS if one.code in MONEY or "invoiced" in one.name]
    findings += [check() for code, _name, check in invariants.CUSTOM if code in MONEY]
    assert {finding.name: finding.breaches for finding in findings if finding.breaches} == {}
