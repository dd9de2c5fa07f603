"""JSON that came in from outside: read whatever its depth and numbers, kept without signs that nobody can keep."""

import json
from typing import Any


def read_json(text: str | bytes, *, longest: int) -> Any:
    """Return what a text says. Raises ValueError for everything that cannot be read."""
    if len(text) > longest:
        raise ValueError("too long")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None


def storable(value: Any) -> Any:
    """Return a value without what no database keeps: the sign NUL, half characters, numbers that are none."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [storable(one) for one in value]
    return None if isinstance(value, float) else value
