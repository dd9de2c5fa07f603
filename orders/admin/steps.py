"""The steps of an order in the back office, and what each of them will do."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.admin.transitions import TransitionSpec
from core.reader import spoken_amount, spoken_date
from orders import ports, selectors, services, urgency
from orders.admin import taking
from orders.admin.forms import (
    AS_THE_KIND,
    BumpForm,
    CancelForm,
    CommentForm,
    FilesForm,
    HoldForm,
    ReleaseForm,
    WaiveForm,
)
from orders.models import Order, OrderStatus
from orders.priority import BUMP
from orders.services.reworking import LABELLED, PICKED
from orders.verification import failed

S = OrderStatus
OPERATE = "orders.operate_order"
LIVE = (S.PLACED, S.VERIFIED, S.CONFIRMED, S.FULFILLING)


def _told(order: Order) -> list[str]:
    """Say that the customer gets a mail, where somebody does."""
    if not order.email or order.quiet:
        return []
    return [_("%(email)s gets a mail.") % {"email": order.email}]


def _place(order: Order) -> list[str]:
    return [_("Stock is tied to it and it gets binding, at the prices it shows."), *_told(order)]


def _verify(order: Order) -> list[str]:
    return [_("Its checks count as passed; it waits for its confirmation.")]


def _confirm(order: Order) -> list[str]:
    when = order.promised_on or order.estimated_delivery_on
    promise = [_("Delivery is promised for %(day)s.") % {"day": spoken_date(when)}] if when else []
    return [*promise, _("The warehouses get their work."), *_told(order)]


def _complete(order: Order) -> list[str]:
    return [_("The record is closed for good; returns and credits stay possible.")]


def cancelling(order: Order) -> list[str]:
    """Say all that the click will do: to the stock, the work, the money and the customer."""
    pieces = ports.work_book.pieces(order.pk)
    away = sum(sum(one.units.values()) for one in pieces if one.status in PICKED and one.warehouse_id)
    units = max(0, sum(line.allocated for line in order.lines.all()) - away)
    sentences = []
    if units:
        sentences.append(ngettext("%(n)s unit is free again.", "%(n)s units are free again.", units) % {"n": units})
    sentences += [_stopped(piece) for piece in pieces]
    for paper in ports.paper_book.of(order):
        said = {"invoice": paper.number, "amount": spoken_amount(paper.total, paper.currency)}
        text = (
            _("%(invoice)s is credited: %(amount)s.")
            if paper.number
            else _("The draft invoice is discarded: %(amount)s.")
        )
        sentences.append(text % said)
    money = order.paid_total - order.refunded_total
    if money > 0:
        sentences.append(_("%(amount)s goes back to the customer.") % {"amount": spoken_amount(money, order.currency)})
    if order.authorized_total > 0:
        held = spoken_amount(order.authorized_total, order.currency)
        sentences.append(_("%(amount)s that is held is let go.") % {"amount": held})
    return [*sentences, _("This cannot be undone."), *_told(order)]


def _stopped(piece: ports.Piece) -> str:
    """Say what becomes of a piece of work; what is off the shelf is put back before others may have it."""
    units = sum(piece.units.values())
    said = {"work": piece.number, "n": units}
    if piece.status not in PICKED:
        return _("%(work)s stops.") % said
    text = ngettext(
        "%(work)s: %(n)s unit is to be put back, and free again when it is in its bin.",
        "%(work)s: %(n)s units are to be put back, and free again when they are in their bins.",
        units,
    )
    void = [_("Its label is void.")] if piece.status == LABELLED else []
    return " ".join([text % said, *void])


def _hold(order: Order) -> list[str]:
    return [
        _("The order stops at the steps you choose until somebody lifts the hold."),
        _("Where you choose a line, only that stays in the house; the rest goes on."),
    ]


def hold_arguments(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Return what a hold is placed with, from what the form said."""
    lifted_by = cleaned["auto_release"]
    return {
        "kind": cleaned["kind"],
        "reason": cleaned["reason"],
        "blocks": cleaned["blocks"] or None,
        "auto_release": None if lifted_by == AS_THE_KIND else lifted_by,
        "expires_at": cleaned["expires_at"],
        "line_id": cleaned.get("line"),
    }


def _release_hold(order_id: int, *, hold: Any, note: str, actor: Any) -> Order:
    return services.release_hold(hold.pk, note=note, actor=actor)


def _has_failed_checks(order: Order) -> bool:
    return order.status in LIVE and bool(failed(order.checks))


def _waive(order_id: int, *, name: str, reason: str, actor: Any) -> Order:
    return services.waive_check(order_id, name, reason=reason, actor=actor)


def _comment(order_id: int, *, text: str, public: bool, files: Any, actor: Any) -> object:
    return services.add_comment(order_id, text, public=public, files=files, actor=actor)


def _bump(order: Order) -> list[str]:
    return [
        _("It has %(points)s.") % {"points": urgency.points_of(order)},
        _("It goes ahead of everything with fewer points: for scarce units, in the queue and on pick lists."),
    ]


def _is_bumped(order: Order) -> bool:
    return order.status in selectors.WAITING and BUMP in order.priority_parts


ORDER_STEPS: Mapping[str, TransitionSpec] = {
    "place": TransitionSpec(
        gettext_lazy("Place"), services.place_draft, OPERATE, consequences=_place, style="primary"
    ),
    "verify": TransitionSpec(
        gettext_lazy("Verify"), services.verify_order, OPERATE, consequences=_verify, style="primary"
    ),
    "confirm": TransitionSpec(
        gettext_lazy("Confirm"), services.confirm_order, OPERATE, consequences=_confirm, style="primary"
    ),
    "complete": TransitionSpec(
        gettext_lazy("Complete"), services.complete_order, OPERATE, consequences=_complete, style="primary"
    ),
    "waive": TransitionSpec(
        gettext_lazy("Waive a check"), _waive, "orders.waive_check", form=WaiveForm, when=_has_failed_checks
    ),
    "release-hold": TransitionSpec(
        gettext_lazy("Lift a hold"),
        _release_hold,
        "orders.release_hold",
        form=ReleaseForm,
        when=lambda order: order.active_holds > 0,
    ),
    "hold": TransitionSpec(
        gettext_lazy("Hold"),
        services.place_hold,
        OPERATE,
        form=HoldForm,
        consequences=_hold,
        when=lambda order: order.status in LIVE,
        arguments=lambda order, cleaned: hold_arguments(cleaned),
        icon="hand",
    ),
    "comment": TransitionSpec(gettext_lazy("Comment"), _comment, OPERATE, form=CommentForm, icon="note"),
    "priority": TransitionSpec(
        gettext_lazy("Priority"),
        services.bump_order,
        OPERATE,
        form=BumpForm,
        consequences=_bump,
        when=lambda order: order.status in LIVE,
    ),
    "end-priority": TransitionSpec(
        gettext_lazy("Usual priority"),
        services.end_bump,
        OPERATE,
        consequences=lambda order: [_("The points that somebody gave it are taken back.")],
        when=_is_bumped,
    ),
    "take": TransitionSpec(
        gettext_lazy("Take stock"),
        taking.take,
        OPERATE,
        form=taking.TakeForm,
        consequences=taking.consequences,
        arguments=taking.arguments,
        when=taking.is_open,
    ),
    "check-again": TransitionSpec(
        gettext_lazy("Check again"),
        services.recheck_order,
        OPERATE,
        consequences=lambda order: [
            _("What is in order now lifts its hold; what is not stops the order."),
            _("What somebody let pass stays so, unless what the check looks at was changed."),
        ],
        when=lambda order: order.status in LIVE,
        icon="check",
    ),
    "attach": TransitionSpec(
        gettext_lazy("Add files"),
        services.attach_files,
        OPERATE,
        form=FilesForm,
        consequences=lambda order: [_("They stay among us. What the customer is to see goes with a comment to them.")],
        icon="paperclip",
        elsewhere=True,
    ),
    "discard": TransitionSpec(gettext_lazy("Discard"), services.discard_draft, OPERATE, style="danger"),
    "cancel": TransitionSpec(
        gettext_lazy("Cancel"),
        services.cancel_order,
        OPERATE,
        form=CancelForm,
        consequences=cancelling,
        style="danger",
    ),
}
