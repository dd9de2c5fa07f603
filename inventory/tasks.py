"""What happens to the shelf at its times."""

from celery import shared_task

from inventory import services


@shared_task
def watch_stock() -> int:
    """Tell of shelves that fell to their reorder point."""
    return services.watch_stock()


@shared_task
def plan_replenishment() -> int:
    """Reckon safety stock and reorder points from what was shipped."""
    return services.plan_replenishment()
