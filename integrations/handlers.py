"""What integrations do about facts."""

from core.outbox import handles
from integrations import services
from integrations.events import ProductRowsDue


@handles(ProductRowsDue, outside=True)
def take_product_rows(event: ProductRowsDue) -> None:
    """Take the next rows in, each in a transaction of its own: what is done stays done, whoever stops us."""
    services.take_product_rows(event.batch_id, by=event.by)
