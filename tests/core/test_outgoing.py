"""Asking somebody else over HTTP: every wait has an end, however the answer comes, or does not."""

import time

import pytest

from billing.proofs.answering import answering
from core import outgoing
from tests.dripping import dripping

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'{"said": "' + b"x" * 400 + b'"}'
WHOLE = HEAD + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


def ask(url, *, timeout=5.0, within=1.0):
    begun = time.monotonic()
    try:
        said = outgoing.send("POST", url, headers={}, content=b"{}", timeout=timeout, within=within)
    except outgoing.NoAnswer as silent:
        said = str(silent)
    return said, time.monotonic() - begun


@pytest.mark.parametrize(
    "already",
    [0, len(b"HTTP/1.1 "), len(HEAD) - 4, len(WHOLE) - len(BODY), len(WHOLE) - 100],
    ids=["nothing", "the status", "the head", "before the body", "in the body"],
)
def test_who_sends_a_byte_now_and_then_keeps_nobody(already):
    """Fails with `left` taken out of `outgoing._InTime`: a byte every tenth of a second is waited for to the end."""
    with dripping(WHOLE, already=already, every=0.1) as url:
        said, seconds = ask(url)
    assert said.startswith("TimeoutError: ")
    assert 0.9 < seconds < 3


def test_a_refusal_that_drips_is_no_answer_either():
    refused = WHOLE.replace(b"200 OK", b"404 Not Found")
    with dripping(refused, already=len(refused) - 100, every=0.1) as url:
        said, seconds = ask(url)
    assert said.startswith("TimeoutError: ")
    assert seconds < 3


def test_who_says_nothing_at_all_is_waited_for_no_longer_than_either_limit():
    with dripping(WHOLE, already=0, every=60) as url:
        for limits in ({"timeout": 0.5, "within": 30}, {"timeout": 30, "within": 0.5}):
            said, seconds = ask(url, **limits)
            assert isinstance(said, str)
            assert seconds < 3


def test_an_answer_in_pieces_that_comes_in_time_is_heard():
    with dripping(WHOLE, already=len(WHOLE) - 5, every=0.02) as url:
        said, _seconds = ask(url, within=20)
    assert said == (200, {"said": "x" * 400})


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, (200, {"a": 1})), (404, (404, {"a": 1})), (302, "The answer was 302"), (500, "The answer was 500")],
)
def test_a_status_below_300_and_a_refusal_are_answers_and_a_detour_is_none(status, said):
    with answering(lambda asked: (status, {"a": 1})) as url:
        assert ask(url, within=20)[0] == said
