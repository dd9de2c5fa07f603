"""What happens to orders when a time is over."""

from celery import shared_task

from orders import services


@shared_task
def expire_unpaid() -> int:
    """Let orders lapse that nobody paid in time."""
    return services.expire_unpaid()


@shared_task
def lapse_unpaid_stock() -> int:
    """Let stock go that was kept for who did not pay in that time."""
    return services.lapse_unpaid_stock()


@shared_task
def close_orders() -> int:
    """Close for good what was delivered, invoiced and paid."""
    return services.close_orders()


@shared_task
def lapse_drafts() -> int:
    """Let quotations lapse that nobody accepted in time."""
    return services.lapse_drafts()


@shared_task
def expire_bumps() -> int:
    """End what staff gave orders for a while."""
    return services.expire_bumps()


@shared_task
def rank_orders() -> int:
    """Let the ranks follow the days that go by."""
    return services.rank_orders()


@shared_task
def clear_drafts() -> int:
    """Throw away drafts that nobody goes on with."""
    return services.clear_drafts()


@shared_task
def expire_holds() -> int:
    """Lift holds whose time is over."""
    return services.expire_holds()


@shared_task
def note_habits() -> int:
    """Work out what is usual of products and customers."""
    return services.note_habits()


@shared_task
def settle_catches() -> int:
    """Say of what checks have found how it ended, and forget what is too old to be counted."""
    return services.settle_catches() + services.forget_catches()


@shared_task
def watch_promises() -> int:
    """Warn of promises that will be missed, before they are, and close what was warned of without cause."""
    return services.watch_promises()


@shared_task
def recall_lent() -> int:
    """Take back lent stock whose last safe day has come."""
    return services.recall_lent()


@shared_task
def begin_orders() -> int:
    """Let work begin on orders whose day has come."""
    return services.begin_orders()


@shared_task
def tell_followers() -> int:
    """Let followers know what happened to their orders."""
    return services.tell_followers()


@shared_task
def tell_follow_ups() -> int:
    """Tell that the day has come to look at orders again."""
    return services.tell_follow_ups()


@shared_task
def watch_rates() -> int:
    """Put before finance what was priced before a tax rate changed and has not left."""
    return services.watch_rates()


@shared_task
def watch_exceptions() -> int:
    """Put what is late before a person, and close what has lost its cause."""
    return services.sweep_exceptions() + services.watch_late()
