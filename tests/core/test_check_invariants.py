"""One command asks whether everything that must always be true is true."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from core import invariants, outbox
from core.invariants import Finding, Invariant, ask, questions
from core.models import Delivery, EventRecord, IdempotencyKey, OutgoingMail

pytestmark = pytest.mark.django_db


def check(*arguments: str) -> tuple[int, str]:
    out, code = io.StringIO(), 0
    try:
        call_command("check_invariants", *arguments, stdout=out, stderr=io.StringIO())
    except SystemExit as left:
        code = int(left.code or 0)
    return code, out.getvalue()


def breaches(code: str, name: str) -> list[str]:
    [found] = [question() for known, title, question in questions() if (known, title) == (code, name)]
    return found.breaches


def test_an_empty_house_has_no_breach() -> None:
    code, said = check()
    assert code == 0
    lines = said.splitlines()
    assert lines[-1] == "0 breaches"
    assert [line for line in lines if line.startswith("I10") and line.endswith("not yet")]
    assert any(line.startswith("I7  history is a legal chain") for line in lines)
    codes = [line.split()[0] for line in lines[:-1]]
    assert codes == sorted(codes, key=lambda one: int(one[1:]))


def test_a_breach_is_named_and_fails_the_command(ring: Any, bell: Any) -> None:
    outbox.handles(bell)(lambda event: None)
    debt = ring()
    Delivery.objects.update(status="dead")
    code, said = check()
    assert code == 1
    assert f"I5  what was given up says why: 1 row checked, 1 BREACHED: {debt}\n" in said
    assert said.endswith("1 breach\n")

    code, said = check("--json")
    answer = json.loads(said)
    assert (code, answer["ok"]) == (1, False)
    [broken] = [one for one in answer["invariants"] if one["breaches"]]
    assert broken == {
        "code": "I5",
        "name": "what was given up says why",
        "checked": 1,
        "breaches": [str(debt)],
        "remark": "",
    }


def test_only_what_was_written_since_is_looked_at(ring: Any, bell: Any) -> None:
    outbox.handles(bell)(lambda event: None)
    ring()
    Delivery.objects.update(status="dead", created_at=timezone.now() - timedelta(days=3))
    assert check()[0] == 1
    assert check("--since", (timezone.now() - timedelta(days=2)).date().isoformat())[0] == 0
    assert check("--since", (timezone.now() - timedelta(days=4)).isoformat())[0] == 1
    with pytest.raises(CommandError, match="no day and no moment"):
        check("--since", "2026-13-41")


def test_a_mail_that_nobody_will_send_is_found() -> None:
    OutgoingMail.objects.create(dedupe_key="a", kind="x", thread="t:1", to="a@b.c", language="en", subject="s")
    kept = OutgoingMail.objects.get()
    name = "every mail was sent, refused, or has a debt that will send it"
    assert breaches("I6", name) == [str(kept.pk)]
    event = EventRecord.objects.create(name="core.mail_kept", thread="t:1", actor="system")
    Delivery.objects.create(event=event, handler="core.handlers.send_kept_mail")
    assert breaches("I6", name) == []


def test_a_key_without_its_answer_and_a_line_without_its_author_are_found() -> None:
    key = IdempotencyKey.objects.create(client="key:1", key="k", fingerprint="f", keep_until=timezone.now())
    line = EventRecord.objects.create(name="x", actor="")
    assert breaches("I9", "every idempotency key has its answer") == [str(key.pk)]
    assert breaches("I8", "every line of the log says who") == [str(line.pk)]


def test_apps_add_their_own_truths_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "INVARIANTS", [])
    monkeypatch.setattr(invariants, "CUSTOM", [])
    monkeypatch.setattr(invariants, "DERIVED", [])
    truth = Invariant("I2", "one is one", "SELECT 7", "SELECT 1 WHERE 1 = %(one)s", {"one": 2})
    other = Invariant("I1", "100 %", "SELECT 1", "SELECT 'x' WHERE 'a' LIKE 'a%'")
    invariants.register(truth, other)
    invariants.register(truth)
    invariants.register_check("I10", "by hand", lambda: Finding("I10", "by hand", 3))
    invariants.register_check("I10", "by hand", lambda: Finding("I10", "by hand", 4))
    found = [question() for _code, _name, question in questions()]
    assert [(one.code, one.checked, one.breaches) for one in found] == [
        ("I1", 1, ["x"]),
        ("I2", 7, []),
        ("I10", 3, []),
    ]
    assert ask(truth).name == "one is one"
