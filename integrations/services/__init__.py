"""What others may ask of integrations."""

from .importing import ImportOptions, import_orders
from .summary import Summary, summarize_batch, summarize_plan

__all__ = ["ImportOptions", "Summary", "import_orders", "summarize_batch", "summarize_plan"]
