"""Tones of states: what a status means for the reader, shown by shape and colour together.

    register("good", "paid", "delivered")        # in the apps.py or admin of the app that owns the words

Tones: neutral (not begun), info (on record), progress (being worked on), good (done), warn (look at it),
bad (failed or stopped). A word means the same tone wherever it appears.
"""

TONES = ("neutral", "info", "progress", "good", "warn", "bad")
WORDS: dict[str, str] = {}


def register(tone: str, *words: str) -> None:
    """Give stored values their tone."""
    if tone not in TONES:
        raise ValueError(f"No such tone: {tone}")
    WORDS.update(dict.fromkeys(words, tone))


def tone_of(word: object) -> str:
    """Return the tone of a stored value; unknown ones are neutral."""
    return WORDS.get(str(word), "neutral")


register("neutral", "draft", "none", "off", "dismissed", "inactive", "expired", "planned")
register("info", "requested", "kept", "acknowledged", "pass")
register("progress", "pending", "processing", "running", "queued", "in_progress", "started")
register("good", "done", "sent", "active", "resolved", "succeeded", "completed", "closed", "released", "True")
register("warn", "open", "warning", "warn", "partial", "partially_succeeded", "waived", "requires_action")
register("bad", "dead", "failed", "critical", "rejected", "cancelled", "declined", "revoked", "fail")
