"""What happened around an order, told by strands: the log of the order, what people said, what was written."""

from collections import defaultdict
from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.strands import FAR, LIMIT, Told, log_of, mails_of, strand
from orders.models import Comment, Order, OrderFile
from orders.panels.files import files_of, paper_of

ORDER = "orders.order"
OWN = Q(subject_type__startswith="orders.")
# What other apps tell under names of their own.
ELSEWHERE = OWN | Q(subject_type__regex=r"^(billing|fulfillment|returns)\.")


@strand(ORDER, order=90)
def everything(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell the whole log of the order."""
    return log_of(request, order, until)


@strand(ORDER, "comments", gettext_lazy("Comments"), order=10)
def comments(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell what people said, with the files that came with it."""
    papers: dict[int | None, list[OrderFile]] = defaultdict(list)
    for one in reversed(files_of(request, order)):
        papers[one.comment_id].append(one)
    rows = Comment.objects.filter(order=order, at__lt=until or FAR).order_by("-at", "-pk")[:LIMIT]
    return [
        Told(
            row.at,
            row.author,
            _("Comment"),
            "note",
            row.text,
            mark=_("the customer may read it") if row.public else "",
            anchor=f"comment-{row.pk}",
            papers=tuple(paper_of(one) for one in papers[row.pk]),
        )
        for row in rows
    ]


@strand(ORDER, "status", gettext_lazy("Status"), order=20, is_among_all=False)
def passages(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell how the order moved on."""
    return log_of(request, order, until, OWN & ~Q(transition=""))


@strand(ORDER, "changes", gettext_lazy("Changes"), order=25, is_among_all=False)
def changes(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell what was changed about it, with before and after."""
    return log_of(request, order, until, OWN & Q(transition=""))


@strand(ORDER, "mails", gettext_lazy("Mails"), order=40, permission="core.view_outgoingmail")
def mails(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell what was written about it."""
    return mails_of({order.history_thread(): None}, until)


@strand(ORDER, "system", gettext_lazy("System"), order=80, is_among_all=False)
def machinery(request: HttpRequest, order: Order, until: datetime | None) -> list[Told]:
    """Tell what no other filter tells: the stock, the mails, the machine itself."""
    return log_of(request, order, until, ~ELSEWHERE)
