"""Facts about files that come in."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class ProductRowsDue(Event):
    """Rows of a file of products wait to be taken in; a job takes them piece by piece."""

    name: ClassVar[str] = "integrations.product_rows_due"
    about_type: ClassVar[str] = "integrations.importbatch"
    about: ClassVar[str] = "batch_id"
    batch_id: int
    by: str
