"""What happens to customers when its time has come."""

from celery import shared_task

from customers import services


@shared_task
def ask_vat_checks() -> int:
    """Ask about VAT ids that nobody has answered for yet, or not for long."""
    return services.ask_due_vat_checks()


@shared_task
def warn_of_certificates() -> int:
    """Tell of tax certificates that end soon."""
    return services.warn_of_certificates()


@shared_task
def end_credits() -> int:
    """End credit beyond a limit whose time is over."""
    return services.end_credits_over()
