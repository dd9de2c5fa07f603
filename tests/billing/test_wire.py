"""What a provider says to us is understood or refused, and nobody signs with the key that everybody has."""

import io
from datetime import UTC, datetime

import pytest

from billing.gateways import wire
from billing.gateways.base import NoticeRefused
from core import outgoing

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
AT = int(NOW.timestamp())


@pytest.mark.parametrize("secret", ["", "whsec_"])
def test_an_empty_secret_proves_nothing(secret):
    headers = wire.sign(secret, message_id="msg_1", at=AT, body=b"{}")

    with pytest.raises(NoticeRefused):
        wire.verify(secret, headers=headers, body=b"{}", now=NOW)


@pytest.mark.parametrize("secret", ["whsec_c2VjcmV0", "secret"])
def test_a_secret_that_says_something_does(secret):
    headers = wire.sign(secret, message_id="msg_1", at=AT, body=b"{}")

    assert wire.verify(secret, headers=headers, body=b"{}", now=NOW) == "msg_1"


@pytest.mark.parametrize("answer", [b"[" * 50_000, b"9" * 5000, b"[]", b"", b"{" + b" " * 70_000 + b"}"])
def test_an_answer_that_cannot_be_understood_is_none(answer):
    with pytest.raises(outgoing.NoAnswer):
        outgoing.read(io.BytesIO(answer))
