"""The parts of pages that orders knows: of its own page, and of the customer's."""

from . import change, checks, credit, exception, files, incident, order, priority, routing, timeline, together, weights
from .customer import figures_of, latest_rows, newest_orders, places_of

__all__ = [
    "change",
    "checks",
    "credit",
    "exception",
    "files",
    "figures_of",
    "incident",
    "latest_rows",
    "newest_orders",
    "order",
    "places_of",
    "priority",
    "routing",
    "timeline",
    "together",
    "weights",
]
