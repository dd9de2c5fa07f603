"""The mails of the morning bear the day of what they tell, as if each had been written at once."""

from billing.models import ReminderLetter
from core.models import EventRecord, OutgoingMail

# What each kind tells, and the key under which the fact names the document it is about.
TELLS = {
    "order_received": ("orders.order_placed", ""),
    "order_confirmed": ("orders.order_confirmed", ""),
    "shipped": ("orders.goods_shipped", "reference"),
    "delivered": ("orders.goods_delivered", "reference"),
    "invoice": ("billing.invoice_issued", "invoice"),
}


def date_back() -> int:
    """Give every mail the moment of its fact. Returns how many got one; the log stays as it is."""
    mails = list(OutgoingMail.objects.filter(kind__in=TELLS).only("kind", "thread", "dedupe_key", "status"))
    facts = EventRecord.objects.filter(
        name__in={name for name, _key in TELLS.values()}, thread__in={mail.thread for mail in mails}
    )
    moments = {}
    for fact in facts.order_by("-pk"):
        # A fact that concerns the order as a whole names no document.
        for name, key in TELLS.values():
            if name == fact.name:
                moments[fact.thread, name, str(fact.payload.get(key, ""))] = fact.at
    for mail in mails:
        name, key = TELLS[mail.kind]
        document = mail.dedupe_key.partition(":")[2] if key else ""
        mail.created_at = moments[mail.thread, name, document]
        mail.sent_at = mail.created_at if mail.status == OutgoingMail.Status.SENT else None
    for letter in ReminderLetter.objects.filter(mail__isnull=False).select_related("mail", "run"):
        assert letter.mail is not None  # noqa: S101 - asked for
        letter.mail.created_at = letter.run.started_at
        letter.mail.sent_at = letter.mail.created_at if letter.mail.status == OutgoingMail.Status.SENT else None
        mails.append(letter.mail)
    return OutgoingMail.objects.bulk_update(mails, ["created_at", "sent_at"], batch_size=100)
