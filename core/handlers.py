"""What core itself does about facts."""

from core import mail, notices
from core.events import (
    AccountEvent,
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
