"""What pages show about reminders: of an invoice, of a customer, and of a run."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.models import Invoice, Reminder, ReminderPause, ReminderRun
from billing.panels.money import OPERATE, VIEW
from core import seat
from core.admin.links import may_see, page_of
from core.panels import panel
from core.reader import retold, spoken_date
from core.sight import seen
from customers.models import Customer

Part = tuple[str, dict[str, Any]]
# So many of what was sent are shown on a page; a run has as many as it has, up to what one run takes.
SHOWN = 8
OF_A_RUN = 500


def _pause(**about: Any) -> ReminderPause | None:
    return ReminderPause.objects.filter(until__gte=seat.today(), **about).first()


def _told(request: HttpRequest, rows: Any, *, most: int = SHOWN) -> list[dict[str, Any]]:
    found = []
    for one in seen(rows).select_related("letter__mail", "letter__customer", "invoice__order")[:most]:
        mail = one.letter.mail
        found.append(
            {
                "reminder": one,
                "url": page_of(one.invoice) if may_see(request.user, one.invoice) else "",
                "mail": mail,
                "mail_url": page_of(mail) if mail is not None and may_see(request.user, mail) else "",
                "who": str(one.letter.customer or one.invoice.order.customer_name),
                "why": retold(one.why) if one.why else "",
            }
        )
    return found


@panel("billing.invoice", order=50)
def reminders_of_invoice(request: HttpRequest, invoice: Invoice) -> Part | None:
    """Show which reminders went out, and whether nobody is reminded of it now."""
    rows = _told(request, Reminder.objects.filter(invoice=invoice, status=Reminder.Status.SENT).order_by("level"))
    pause = _pause(invoice=invoice)
    if not (rows or pause or invoice.is_overdue):
        return None
    context = {"rows": rows, **_steps(request, pause, "admin:billing_invoice_do", invoice.pk)}
    return "billing/panels/reminders.html", {"title": _("Reminders"), "side": True, **context}


@panel("customers.customer", order=24)
def reminders_of_customer(request: HttpRequest, customer: Customer) -> Part | None:
    """Show whether they are left in peace, or their new orders wait, and the latest reminders."""
    if not request.user.has_perm(VIEW):
        return None
    sent = Reminder.objects.filter(letter__customer=customer, status=Reminder.Status.SENT).order_by("-pk")
    rows, pause = _told(request, sent, most=SHOWN), _pause(customer=customer)
    if not (rows or pause or customer.arrears_since or customer.payment_terms != "prepaid"):
        return None
    context = {
        "rows": rows,
        "arrears": spoken_date(customer.arrears_since) if customer.arrears_since else "",
        **_steps(request, pause, "admin:billing_customer_reminders", customer.pk),
    }
    return "billing/panels/reminders.html", {"title": _("Reminders"), "side": True, **context}


def _steps(request: HttpRequest, pause: ReminderPause | None, route: str, pk: int) -> dict[str, Any]:
    name = "remind-again" if pause is not None else "set-aside"
    url = f"{reverse(route, args=[pk, name])}?next={request.path}" if request.user.has_perm(OPERATE) else ""
    return {
        "pause": pause,
        "pause_day": spoken_date(pause.until) if pause is not None else "",
        "pause_url": "" if pause is not None else url,
        "resume_url": url if pause is not None else "",
    }


@panel("billing.reminderrun", order=10)
def letters_of_run(request: HttpRequest, run: ReminderRun) -> Part:
    """Show what became of every invoice of a run."""
    rows = _told(request, Reminder.objects.filter(letter__run=run).order_by("letter", "pk"), most=OF_A_RUN)
    return "billing/panels/letters.html", {"title": _("Invoices"), "count": len(rows), "flush": True, "rows": rows}
