"""Token buckets: so many requests a minute, and a few more at once. In Redis, else in this process."""

import functools
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings
from redis import Redis, RedisError

from core.circuit import Circuit

logger = logging.getLogger(__name__)
FORGET = 10_000


@dataclass(frozen=True)
class Allowance:
    """What a caller has left; `wait` is the time until the next request is allowed."""

    allowed: bool
    left: int
    wait: float
    full_in: float


class Buckets(Protocol):
    """Where the buckets stand."""

    def take(self, name: str, *, per_second: float, burst: int) -> Allowance:
        """Take one token."""
        ...


def _judge(tokens: float, allowed: bool, per_second: float, burst: int) -> Allowance:
    wait = 0.0 if allowed else (1 - tokens) / per_second
    return Allowance(allowed, max(0, int(tokens)), wait, (burst - tokens) / per_second)


@dataclass
class LocalBuckets:
    """Buckets of one process."""

    levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str, *, per_second: float, burst: int) -> Allowance:
        """Take one token."""
        now = time.monotonic()
        with self.lock:
            if len(self.levels) > FORGET:
                self.levels.clear()
            level, since = self.levels.get(name, (float(burst), now))
            tokens = min(float(burst), level + (now - since) * per_second)
            allowed = tokens >= 1
            tokens -= 1 if allowed else 0
            self.levels[name] = (tokens, now)
        return _judge(tokens, allowed, per_second, burst)


# Read, refill, take and write in one step: two web processes never hand out the same token.
TAKE = """
local now = redis.call('TIME')
local at = tonumber(now[1]) + tonumber(now[2]) / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or burst
tokens = math.min(burst, tokens + (at - (tonumber(kept[2]) or at)) * rate)
local allowed = 0
if tokens >= 1 then allowed = 1; tokens = tokens - 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(at))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst / rate + 1) * 1000))
return {allowed, tostring(tokens)}
"""


@dataclass
class RedisBuckets:
    """Buckets that all web processes share. Without Redis each process counts for itself."""

    client: Any
    fallback: LocalBuckets = field(default_factory=LocalBuckets)
    circuit: Circuit = field(default_factory=Circuit)

    def take(self, name: str, *, per_second: float, burst: int) -> Allowance:
        """Take one token."""
        if not self.circuit.is_open:
            try:
                allowed, tokens = self.client.eval(TAKE, 1, f"bucket:{name}", per_second, burst)
                return _judge(float(tokens), bool(allowed), per_second, burst)
            except RedisError as error:
                logger.warning("Redis does not answer; each process counts requests for itself: %s", error)
                self.circuit.failed()
        return self.fallback.take(name, per_second=per_second, burst=burst)


@functools.cache
def buckets() -> Buckets:
    """Return the buckets of this installation."""
    if settings.REDIS_URL:
        return RedisBuckets(Redis.from_url(settings.REDIS_URL, socket_timeout=0.3, socket_connect_timeout=0.3))
    return LocalBuckets()
