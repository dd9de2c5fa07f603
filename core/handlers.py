"""What core itself does about facts."""

from django.utils.translation import gettext as _

from core import bulk, mail, notices
from core.admin import bulk_running
from core.events import (
    AccountEvent,
    BulkJobDue,
    DeliveryDied,
    MailKept,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondStepMoved,
    SecondStepReset,
    SecondStepTurnedOff,
    SecondStepTurnedOn,
)
from core.outbox import handles


@handles(MailKept, outside=True)
def send_kept_mail(event: MailKept) -> None:
    """Hand the mail to the mail server."""
    mail.send(event.mail_id)


@handles(BulkJobDue, outside=True)
def take_rows(event: BulkJobDue) -> None:
    """Work on a step for many rows, for a while."""
    bulk_running.run_turn(event.job_id, event.turn)


@handles(DeliveryDied, when=lambda event: event.subject_thread.startswith("core.bulkjob:"))
def end_bulk_job(event: DeliveryDied) -> None:
    """Leave no job running that nobody works on any more."""
    bulk.fail(int(event.subject_thread.rpartition(":")[2]), _("Its process ended again and again; see the debts."))


def tell_the_owner(event: AccountEvent) -> None:
    """Write to whose account it is: who did not do it himself must hear of it."""
    notices.tell_about_second_step(event)


for kind in (
    SecondStepTurnedOn,
    SecondStepMoved,
    SecondStepTurnedOff,
    SecondStepReset,
    RecoveryCodesMade,
    RecoveryCodeUsed,
):
    handles(kind)(tell_the_owner)
