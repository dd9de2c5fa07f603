"""What the tests of returns stand on."""

from collections.abc import Iterator

import pytest

from core import invariants
from tests.factories import billing


@pytest.fixture
def seller(shop):
    """A shop with a seller whose details are known."""
    billing.make_seller()
    return shop


@pytest.fixture
def all_is_true() -> Iterator[None]:
    """Ask every invariant at the end."""
    yield
    findings = [invariants.ask(one) for one in invariants.INVARIANTS]
    findings += [check() for _code, _name, check in invariants.CUSTOM]
    assert {finding.name: finding.breaches for finding in findings if finding.breaches} == {}
