"""What the facts about orders are called in the log."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.admin.differences import name_fields, value_words
from core.admin.facts import name_facts
from orders.admin.holds import STEPS
from pricing.selectors import method_name

name_facts(
    {
        "orders.allocation_lost": _("Promised units lost"),
        "orders.assigned": _("Order assigned"),
        "orders.backorders_filled": _("Missing units found"),
        "orders.comment_added": _("Comment added"),
        "orders.quotation_wanted": _("Quotation wanted again"),
        "orders.day_closed": _("Daily close"),
        "orders.causes_moved": _("Causes of exceptions may be gone"),
        "orders.incident_found": _("Incident found"),
        "orders.incident_told": _("Incident told"),
        "orders.incident_ended": _("Incident over"),
        "orders.incident_due": _("Orders of an incident wait their turn"),
        "orders.incident_concerns": _("Customer to be told of an incident"),
        "orders.exception_closed": _("Exception closed"),
        "orders.exception_opened": _("Exception opened"),
        "orders.exception_handed_over": _("Exception handed over"),
        "orders.exception_recurred": _("Exception seen again"),
        "orders.exception_reopened": _("Exception opened again"),
        "orders.exception_narrowed": _("Exception solved in part"),
        "orders.exception_told": _("Customer told of an exception"),
        "orders.exception_taken": _("Exception taken"),
        "orders.file_removed": _("File taken off"),
        "orders.files_added": _("Files added"),
        "orders.follow_up_due": _("Day to follow up"),
        "orders.follow_up_set": _("Follow-up set"),
        "orders.followed_up": _("Followed up"),
        "orders.goods_delivered": _("Units delivered"),
        "orders.goods_shipped": _("Units shipped"),
        "orders.hold_placed": _("Hold placed"),
        "orders.hold_released": _("Hold released"),
        "orders.lent_wanted": _("Lent units wanted earlier"),
        "orders.order_cancelled": _("Order cancelled"),
        "orders.order_changed": _("Order changed"),
        "orders.order_completed": _("Order completed"),
        "orders.order_confirmed": _("Order confirmed"),
        "orders.order_expired": _("Order expired unpaid"),
        "orders.order_placed": _("Order placed"),
        "orders.order_released": _("Work on the order began"),
        "orders.order_verified": _("Order verified"),
        "orders.party_corrected": _("Who is billed corrected"),
        "orders.people_erased": _("People erased after the time to keep them"),
        "orders.payment_awaited": _("Payment awaited"),
        "orders.preferences_changed": _("Wishes for the order changed"),
        "orders.priority_weights_changed": _("Points for priority changed"),
        "orders.quotation_offered": _("Quotation offered"),
        "orders.ranks_changed": _("Priorities worked out anew"),
        "orders.replay_wanted": _("Trial of routing rules wanted"),
        "orders.sent_again": _("Lost goods sent again"),
        "orders.stands_for": _("Sent in place of lost goods"),
        "orders.units_awaited": _("Orders wait for units"),
        "orders.units_wanted": _("Order may take units of others"),
        "orders.work_due": _("Work may begin as of today"),
    }
)
name_fields(
    {
        "deposit": _("deposit"),
        "lines": _("Lines"),
        "files": _("Files"),
        "follow_up": _("follow-up"),
        "note": _("Note"),
        "units": _("Units"),
        "until": _("Until"),
        "from": pgettext_lazy("where goods come from", "from"),
        "to": pgettext_lazy("where goods go to", "to"),
    }
)
value_words("shipping_method", method_name)
# A change of long ago has them in one text.
value_words("blocks", lambda codes: ", ".join(str(STEPS.get(code, code)) for code in codes.split(", ")))
