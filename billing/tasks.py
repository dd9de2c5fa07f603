"""What happens to money when its time has come."""

from celery import shared_task

from billing import services


@shared_task
def reconcile_checkouts() -> int:
    """Ask the payment provider for the answers that never came."""
    return (
        services.reconcile_checkouts()
        + services.reconcile_refunds()
        + services.look_after_money()
        + services.read_payouts()
    )


@shared_task
def remind_by_itself() -> int:
    """Send the reminders that are due, for the sellers that want it every night."""
    return services.remind_by_itself()


@shared_task
def watch_holds() -> int:
    """Put before a person what ends soon: held money whose goods do not leave, disputes that nobody has answered."""
    return services.watch_holds() + services.watch_disputes()


@shared_task
def drop_old_exports() -> int:
    """Forget the files of months that nobody asks for any more, and end what nobody works on."""
    return services.drop_old_exports() + services.end_lost_exports()
