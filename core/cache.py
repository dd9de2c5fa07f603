"""A cache that may be away: then everything is simply not cached."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis import RedisError

from core.circuit import Circuit

logger = logging.getLogger(__name__)
# What an empty cache would answer: `get` has its own default, as its second argument.
ANSWERS: dict[str, Any] = {
    "add": True,
    "set": None,
    "touch": False,
    "delete": False,
    "get_many": {},
    "has_key": False,
    "set_many": [],
    "delete_many": None,
    "clear": None,
}
# Shared by all threads of the process; a cache object is made for each.
circuit = Circuit()


class ForgivingRedisCache(RedisCache):
    """Redis as a cache, and no error when Redis is away: nothing true lives only here."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        for name, answer in ANSWERS.items():
            setattr(self, name, partial(_try, getattr(self, name), answer))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return what is kept, or the default."""
        return _try(super().get, default, key, default, version)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count on; without Redis a count starts anew."""
        return int(_try(super().incr, delta, key, delta, version))


def _try(method: Callable[..., Any], answer: Any, *args: Any, **kwargs: Any) -> Any:
    if circuit.is_open:
        return answer
    try:
        return method(*args, **kwargs)
    except RedisError as error:
        circuit.failed()
        logger.warning("No cache: %s", error)
        return answer
