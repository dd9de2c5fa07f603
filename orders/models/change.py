"""A change of an agreement: wished for, shown, approved where that is asked, and applied on what was shown."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_fsm import transition

from core.models import LockingManager, public_number
from core.status import StatusField

from .order import Order


class OrderChange(models.Model):
    """An edit of one order. `wish` is what somebody wants, `before` and `after` what it meant when it was shown.

    `order_version` is that of the order it was shown on: on another one it is not applied. `approval` says why
    somebody has to agree, one reason each; nothing where nobody has to.
    """

    class Status(models.TextChoices):
        """From a wish to another agreement."""

        DRAFT = "draft", _("Draft")
        REQUESTED = "requested", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        APPLIED = "applied", _("Applied")
        DECLINED = "declined", _("Declined")

    # What somebody still has to decide about, or to apply.
    UNDECIDED = (Status.REQUESTED, Status.APPROVED)

    number = public_number("CH")
    order = models.ForeignKey(Order, models.CASCADE, related_name="changes", verbose_name=_("order"))
    status = StatusField(_("status"), choices=Status, default=Status.DRAFT, protected=True)
    wish = models.JSONField(_("wish"), default=dict)
    before = models.JSONField(_("before"), default=dict, blank=True)
    after = models.JSONField(_("after"), default=dict, blank=True)
    order_version = models.PositiveIntegerField(_("version of the order"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    approval = models.JSONField(_("why it needs approval"), default=list, blank=True)
    tell_customer = models.BooleanField(_("tells the customer"), default=True)
    requested_by = models.CharField(_("asked for by"), max_length=120)
    decided_by = models.CharField(_("decided by"), max_length=120, blank=True)
    decision_note = models.CharField(_("why decided so"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("asked for at"), default=timezone.now)
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)

    objects = LockingManager()

    class Meta:
        verbose_name = _("change of an order")
        verbose_name_plural = _("changes of orders")
        permissions = [("approve_change", gettext_noop("Can approve changes of orders"))]
        indexes = [
            models.Index(fields=["order", "-id"], name="change_order"),
            models.Index(
                fields=["created_at"], name="change_undecided", condition=Q(status__in=["requested", "approved"])
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)

    def history_thread(self) -> str:
        """Write into the history of the order."""
        return f"orders.order:{self.order_id}"

    @transition(status, source=Status.DRAFT, target=Status.REQUESTED, custom={"label": _("Ask for it")})
    def request(self) -> None:
        """Somebody has to agree."""

    @transition(
        status, source=[Status.DRAFT, Status.REQUESTED], target=Status.APPROVED, custom={"label": _("Approve")}
    )
    def approve(self) -> None:
        """Nothing speaks against it: nobody has to agree, or somebody did."""

    @transition(status, source=Status.APPROVED, target=Status.APPLIED, custom={"label": _("Apply")})
    def apply(self) -> None:
        """The agreement is another one now."""

    @transition(
        status, source=[Status.REQUESTED, Status.APPROVED], target=Status.DECLINED, custom={"label": _("Decline")}
    )
    def decline(self) -> None:
        """The agreement stays as it is."""
