"""Orders in the back office."""

from django.utils.translation import gettext_lazy as _

from core import badges, bell
from core.admin import history, navigation
from orders.admin import (
    catches,
    changes,
    checks_offered,
    exceptions,
    finding,
    holds,
    incidents,
    orders,
    priority,
    promotion_uses,
    remedies,
    remedies_by_edit,
    remedies_by_tax,
    routing,
    today,
)

__all__ = [
    "catches",
    "changes",
    "checks_offered",
    "exceptions",
    "finding",
    "holds",
    "incidents",
    "orders",
    "priority",
    "promotion_uses",
    "remedies",
    "remedies_by_edit",
    "remedies_by_tax",
    "routing",
    "today",
]

badges.register("neutral", "unallocated", "unfulfilled", "unpaid", "not_invoiced")
badges.register("info", "placed", "verified", "authorized")
badges.register("progress", "confirmed", "fulfilling", "partially_shipped", "partially_paid", "partially_invoiced")
badges.register(
    "good", "fulfilled", "completed", "allocated", "shipped", "delivered", "paid", "invoiced", "refunded", "applied"
)
badges.register(
    "warn", "backordered", "overpaid", "partially_refunded", "partially_returned", "returned", "acknowledged"
)

history.phrase("orders.draft_saved", _("Draft kept"), icon="note")
history.phrase("orders.quotation_wanted", _("Wanted again by the customer"), icon="mail")
bell.say("quotation_wanted", _("wants a new quotation"))
history.phrase("orders.draft_offered", _("Offered to the customer"), icon="mail")
history.phrase("orders.promise_changed", _("Promised for %(after)s instead of %(before)s: %(because)s"), icon="clock")
history.phrase(
    "orders.promise_at_risk", _("Promised for %(promised_on)s, expected on %(expected_on)s: %(because)s"), icon="alert"
)
history.phrase("orders.stock_lapsed", _("Stock let go: not paid until %(until)s"), icon="clock")
history.phrase("orders.stock_lent", _("Lent %(units)s to %(to)s, to be back before %(until)s"), icon="arrow")
history.phrase("orders.lent_is_back", _("Has back what it lent"), icon="arrow")
history.phrase("orders.stock_borrowed", _("Got %(units)s of %(lender)s, which needs them later"), icon="arrow")
history.phrase("orders.stock_missed", _("Paid too late for its stock: %(units)s missing"), icon="alert")
history.phrase("orders.checks_repeated", _("Checked again: %(said)s"), icon="check")
history.phrase("orders.told_apart", _("Not the same order as %(other)s: %(because)s"), icon="check")
history.phrase("orders.told_apart_no_more", _("Perhaps the same order as %(other)s after all"), icon="alert")
history.phrase("orders.told_the_same", _("%(other)s was the same order and is cancelled"), icon="check")
history.phrase("orders.sent_again", _("%(other)s brings once more what was in parcel %(reference)s"), icon="arrow")
history.phrase("orders.stands_for", _("Brings once more what %(other)s lost in parcel %(reference)s"), icon="arrow")
history.phrase("orders.payment_requested", _("Asked to pay"), icon="mail")

history.phrase("orders.priority_set", _("Priority set"), icon="pen")
history.phrase("orders.filled_by_hand", _("What was missing is sent from elsewhere"), icon="arrow")
history.phrase("orders.exception_narrowed", _("Solved in part: %(solved)s"), icon="check")
history.phrase("orders.units_taken", _("Took units of a less urgent order"), icon="arrow")
history.phrase("orders.units_given", _("Gave units to a more urgent order"), icon="arrow")
history.phrase("orders.bump_ended", _("Usual priority again"), icon="pen")
history.phrase("orders.weights_changed", _("Points changed"), icon="pen")
history.phrase("orders.holdtype.created", _("Type of hold added"), icon="pen")
history.phrase("orders.holdtype.changed", _("Type of hold changed"), icon="pen")

navigation.register(
    navigation.SETTINGS,
    _("Priority"),
    "admin:orders_priorityweights_changelist",
    permission="orders.view_priorityweights",
    order=917,
    icon="gear",
)
navigation.register(
    navigation.SETTINGS,
    _("Types of holds"),
    "admin:orders_holdtype_changelist",
    permission="orders.view_holdtype",
    order=918,
    icon="gear",
)
navigation.register(
    _("Orders"),
    _("Orders"),
    "admin:orders_order_changelist",
    permission="orders.view_order",
    order=100,
    icon="list",
    keys="g o",
)
navigation.register(
    _("Exceptions"),
    _("Exceptions"),
    "admin:orders_orderexception_changelist",
    permission="orders.view_orderexception",
    order=200,
    icon="alert",
    query="?state=open",
    keys="g e",
)
history.phrase("orders.order_amended", _("Changed: %(change)s"), icon="pen")
history.phrase("orders.follow_up_due", _("To be looked at again today"), icon="clock")
history.phrase("orders.amended", _("Order changed"), icon="pen")

navigation.register(
    _("Exceptions"),
    _("Changes"),
    "admin:orders_orderchange_changelist",
    permission="orders.view_orderchange",
    order=215,
    icon="pen",
)
navigation.register(
    _("Exceptions"),
    _("Holds"),
    "admin:orders_hold_changelist",
    permission="orders.view_hold",
    order=210,
    icon="alert",
    keys="g h",
)

history.phrase("orders.exception_opened", _("Exception opened"), icon="alert")
history.phrase("orders.exception_recurred", _("Exception seen again, %(times)s times by now"), icon="alert")
history.phrase("orders.exception_told", _("The customer was told of the exception"), icon="mail")
history.phrase("orders.exception_taken", _("%(owner)s sees to the exception"), icon="user")
history.phrase("orders.exception_handed_over", _("Exception handed over to %(to)s. %(note)s"), icon="arrow")
history.phrase("orders.exception_reopened", _("Exception opened again: %(reason)s"), icon="alert")
history.phrase("orders.exception_closed", _("Exception closed: %(resolution)s"), icon="check")

navigation.register(
    _("Exceptions"),
    _("Incidents"),
    "admin:orders_incident_changelist",
    permission="orders.view_incident",
    order=205,
    icon="alert",
)
badges.register("neutral", "waiting", "left_out")
badges.register("warn", "found", "telling", "told", "closing")
badges.register("good", "over")
history.phrase("orders.incident_found", _("Incident found"), icon="alert")
history.phrase("orders.incident_told", _("Told: %(orders)s orders"), icon="mail")
history.phrase("orders.incident_ended", _("Closed together: %(resolution)s"), icon="check")
