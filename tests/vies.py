"""The EU's VIES for the tests, over real HTTP: it knows some ids, and may be away."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from billing.proofs.answering import Answer, Asked, answering


class Vies:
    """What it knows, by id; `asked` keeps what was asked. `fault` is what it says instead of an answer."""

    def __init__(self) -> None:
        self.url = ""
        self.known: dict[str, dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self.fault = ""
        self.away = False

    def answer(self, asked: Asked) -> Answer | None:
        """Answer as VIES does."""
        body = json.loads(asked.body)
        self.asked.append(body)
        if self.away:
            return None
        if self.fault:
            return 400, {"actionSucceed": False, "errorWrappers": [{"error": self.fault}]}
        number = body["countryCode"] + body["vatNumber"]
        found = self.known.get(number)
        said = {"countryCode": body["countryCode"], "vatNumber": body["vatNumber"], "valid": found is not None}
        proof = {"requestIdentifier": f"WAPIAAAA{len(self.asked)}"} if "requesterNumber" in body else {}
        return 200, {**said, "name": "---", "address": "---", **(found or {}), **proof}


@contextmanager
def vies() -> Iterator[Vies]:
    """Open the door of VIES."""
    one = Vies()
    with answering(one.answer) as url:
        one.url = f"{url}/check-vat-number"
        yield one
