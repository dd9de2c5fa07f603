"""The EU's VIES: whether a VAT id is valid, asked over its REST interface.

https://ec.europa.eu/taxation_customs/vies/#/technical-information; with the asker's own id it answers with a
consultation number (`requestIdentifier`), which proves that and when it was asked.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from core.circuit import Circuit
from core.outgoing import NoAnswer, send

# For all of the answer, however it comes: so long a worker waits for it.
WITHIN = 5
# What VIES says instead of an answer where the question itself was wrong.
NOT_AN_ID = "INVALID_INPUT"
# What VIES writes where a member state tells no name or address.
UNTOLD = "---"


# One that is silent is left alone for a while, by all threads of the process.
circuit = Circuit()


class LeftAlone(NoAnswer):
    """Nobody was asked: VIES was silent a moment ago."""


@dataclass(frozen=True)
class Answer:
    """What VIES knows of an id."""

    valid: bool
    name: str = ""
    address: str = ""
    reference: str = ""


def look_up(number: str, *, requester: str = "") -> Answer:
    """Ask VIES about a VAT id, as the holder of another one. Raises NoAnswer while a member state is away.

    Raises LeftAlone where VIES itself was silent less than a moment ago.
    """
    asked = {"countryCode": number[:2], "vatNumber": number[2:]}
    if requester:
        asked |= {"requesterMemberStateCode": requester[:2], "requesterNumber": requester[2:]}
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    said = _ask(json.dumps(asked).encode(), headers)
    faults = said.get("errorWrappers")
    if isinstance(faults, list) and faults:
        error = str(faults[0].get("error", "")) if isinstance(faults[0], dict) else ""
        if error == NOT_AN_ID:
            return Answer(valid=False)
        raise NoAnswer(f"VIES says {error[:60] or 'nothing'}")
    if not isinstance(said.get("valid"), bool):
        raise NoAnswer("VIES says neither yes nor no")
    return Answer(
        valid=said["valid"],
        name=_text(said.get("name")),
        address=_text(said.get("address")),
        reference=_text(said.get("requestIdentifier")),
    )


def _ask(question: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """Ask, unless VIES was silent a moment ago: many questions would hold every worker for as long as it is."""
    if circuit.is_open:
        raise LeftAlone("VIES was silent a moment ago")
    if circuit.open_until:
        # One tries whether it is back; the others leave it alone until that is known.
        circuit.failed()
    try:
        _status, said = send(
            "POST", settings.VIES_URL, headers=headers, content=question, timeout=WITHIN, within=WITHIN
        )
    except NoAnswer:
        circuit.failed()
        raise
    circuit.close()
    return said


def _text(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return "" if text == UNTOLD else text
