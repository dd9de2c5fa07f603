"""What happens to customers when its time has come."""

from celery import shared_task

from customers import services


@shared_task
def end_credits() -> int:
    """End credit beyond a limit whose time is over."""
    return services.end_credits_over()
