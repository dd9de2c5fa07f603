"""What happens to goods that came back, and what the customer gets for them. Pure."""

from dataclasses import dataclass

from returns.errors import DecisionImpossible

# What the warehouse is told: goods to be refurbished wait in quarantine until somebody has done it.
STOCK = {"restock": "restock", "refurbish": "quarantine", "quarantine": "quarantine", "scrap": "scrap"}
BACK = "back_to_customer"
DISPOSITIONS = frozenset({*STOCK, BACK})
RESOLUTIONS = frozenset({"refund", "reject"})


@dataclass(frozen=True)
class Decision:
    """About all units of one line: the goods, and the money."""

    disposition: str
    resolution: str = "refund"
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse words nobody knows, and goods that are kept twice or paid for nothing."""
        if self.disposition not in DISPOSITIONS:
            raise DecisionImpossible(f"{self.disposition!r} is not something to do with goods")
        if self.resolution not in RESOLUTIONS:
            raise DecisionImpossible(f"{self.resolution!r} is not something to give for goods")
        if self.resolution == "refund" and self.disposition == BACK:
            raise DecisionImpossible("What goes back to the customer is not refunded")
        if self.resolution == "reject" and self.disposition not in (BACK, "scrap"):
            raise DecisionImpossible("What is not refunded still belongs to the customer: back to him, or scrapped")
