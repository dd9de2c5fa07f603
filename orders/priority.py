"""Who gets scarce units first: one integer, lower is served earlier and loses later. Pure."""

from datetime import datetime

USUAL = 50
HIGHEST = 100
# More seconds than any two orders are apart: priority decides first, then who came first.
SPAN = 10**11


def rank_of(priority: int, placed_at: datetime) -> int:
    """Return the rank of an order; a higher priority always comes before a lower one."""
    return (HIGHEST - min(priority, HIGHEST)) * SPAN + int(placed_at.timestamp())
