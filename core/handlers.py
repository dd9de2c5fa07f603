"""What core itself does about facts."""

from core import mail
from core.events import MailKept
from core.outbox import handles


@handles(MailKept, outside=True)
def send_kept_mail(event: MailKept) -> None:
    """Hand the mail to the mail server."""
    mail.send(event.mail_id)
