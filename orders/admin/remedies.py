"""What the order desk offers against exceptions."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.models import OutgoingMail
from core.reader import spoken_amount, spoken_date
from orders import guards, remedies, selectors, services
from orders.admin import taking
from orders.admin.forms import CancelForm
from orders.admin.mending_forms import PassForm
from orders.admin.steps import cancelling
from orders.models import OrderLine
from orders.remedies import Offer, Remedy


class TakeUnitsForm(taking.TakeForm):
    """Who gives what the order of an exception misses."""

    def prepare(self) -> None:
        """Ask as on the page of the order."""
        self.subject = self.subject.order
        super().prepare()


LACKING = ("late", "backorder", "promise", "shortfall")


def _told(order: Any) -> tuple[str, ...]:
    if not order.email or order.quiet:
        return ()
    return (_("%(email)s gets a mail.") % {"email": order.email},)


def _new_day(exception: Any) -> Offer | None:
    day = services.day_at_best(exception.order) if exception.order else None
    if day is None:
        return None
    words = {"before": spoken_date(day.before), "after": spoken_date(day.after)}
    said = [_("%(after)s is promised instead of %(before)s.") % words]
    if units := services.missing_units(exception.order):
        said.append(_("It goes on waiting for %(units)s.") % {"units": units})
    return Offer((*said, *(_told(exception.order) if day.after > day.before else ())))


def _wait(exception: Any) -> Offer | None:
    units = services.missing_units(exception.order) if exception.order else ""
    day = exception.order.promised_on if exception.order else None
    if not units or day is None or selectors.is_late(exception.order):
        return None
    words = {"units": units, "day": spoken_date(day)}
    return Offer((_("It waits for %(units)s, which is promised for %(day)s; that costs nothing.") % words,))


def _fetch(exception: Any) -> Offer | None:
    order = exception.order
    if order is None or order.status not in selectors.LIVE or not taking.is_open(order):
        return None
    way = next(iter(services.ways_for_missing(order)), None)
    if way is None:
        return None
    skus = dict(OrderLine.objects.filter(order=order).values_list("position", "sku"))
    units = ", ".join(f"{count} × {skus[position]}" for position, count in way.gives.items() if count)
    words = {"place": way.warehouse.name, "units": units}
    said = [_("%(place)s sends %(units)s, which the rules would not do by themselves.") % words]
    if way.arrives_on:
        said.append(_("It arrives on %(day)s.") % {"day": spoken_date(way.arrives_on)})
    if way.cost:
        said.append(_("Sending them costs %(cost)s.") % {"cost": spoken_amount(way.cost, way.currency)})
    return Offer(tuple(said))


def _take(exception: Any) -> Offer | None:
    order = exception.order
    if order is None or not taking.is_open(order):
        return None
    return Offer((_("You see who would give what, and when they would have it then, before you confirm."),))


def _pay_again(exception: Any) -> Offer | None:
    order = exception.order
    if order is None or order.status not in selectors.AWAITING or not order.email or not guards.payment_missing(order):
        return None
    return Offer((_("%(email)s gets a mail with a link to pay by.") % {"email": order.email},))


def _pass(exception: Any) -> Offer | None:
    name = exception.payload.get("check")
    failed = [one for one in (exception.order.checks if exception.order else []) if one["name"] == name]
    if not failed or failed[0]["result"] != "fail":
        return None
    return Offer((_("The check counts as passed, with your reason; the order goes on as far as it may."),))


def _cancel(exception: Any) -> Offer | None:
    order = exception.order
    if order is None or order.why_not("cancel") or "cancel" not in _open_to(order):
        return None
    return Offer(tuple(cancelling(order)))


def _open_to(order: Any) -> set[str]:
    return {one.name for one in order.get_available_status_transitions()}


def _again(exception: Any) -> Offer | None:
    return Offer((_("It is tried again at once, eight times at most; given up again, it is back here."),))


def _mail_again(exception: Any) -> Offer | None:
    mail = OutgoingMail.objects.filter(pk=exception.payload.get("mail") or 0).first()
    if mail is None or mail.status == OutgoingMail.Status.SENT:
        return None
    return Offer((_("%(email)s gets the mail again; refused again, it is back here.") % {"email": mail.to},))


remedies.register(
    Remedy(
        "new_day",
        gettext_lazy("Promise a new day"),
        LACKING,
        "orders.operate_order",
        _new_day,
        services.promise_anew,
        order=20,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "wait",
        gettext_lazy("Wait for stock"),
        ("shortfall",),
        "orders.operate_order",
        _wait,
        services.wait_for_stock,
        order=10,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "fetch_missing",
        gettext_lazy("Send what is missing from elsewhere"),
        LACKING,
        "fulfillment.reroute_fulfillmentorder",
        _fetch,
        services.fetch_missing,
        order=22,
    )
)
remedies.register(
    Remedy(
        "take_units",
        gettext_lazy("Take it from less urgent orders"),
        LACKING,
        "orders.operate_order",
        _take,
        services.take_for_exception,
        form=TakeUnitsForm,
        order=33,
        arguments=lambda exception, said: {"agreed": said["givers"], "reason": said["reason"]},
        details=lambda exception: taking.consequences(exception.order),
    )
)
remedies.register(
    Remedy(
        "pay_again",
        gettext_lazy("Ask to pay again"),
        ("payment_failed", "payment_due"),
        "orders.operate_order",
        _pay_again,
        services.ask_again_to_pay,
        order=10,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "pass",
        gettext_lazy("Let it pass"),
        ("check",),
        "orders.waive_check",
        _pass,
        services.let_check_pass,
        form=PassForm,
        order=10,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "again",
        gettext_lazy("Try it again"),
        ("dead_debt",),
        "core.change_delivery",
        _again,
        services.try_work_again,
        order=10,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "mail_again",
        gettext_lazy("Send it again"),
        ("mail",),
        "core.change_outgoingmail",
        _mail_again,
        services.send_mail_again,
        order=10,
        style="primary",
    )
)
remedies.register(
    Remedy(
        "cancel_order",
        gettext_lazy("Cancel the order"),
        (*LACKING, "short_pick", "check", "payment_failed", "payment_due", "incident"),
        "orders.operate_order",
        _cancel,
        services.cancel_for_exception,
        form=CancelForm,
        order=90,
        style="danger",
    )
)
