"""The counter of orders: everything the floors above may ask."""

from .amending import agreed_now, preview_change
from .availability import Availability, availabilities, availability
from .backorders import lose_allocations
from .beginning import begin_orders
from .cancellation import cancel_order, expire_order, expire_unpaid
from .changes import amend_order, apply_change, approve_and_apply, approve_change, decline_change, request_change
from .checking import recheck_order
from .clearing import clear_draft, clear_drafts
from .closing import close_orders
from .cutoff import changeable_until, why_not_by_customer
from .drafts import discard_draft, park_draft, place_draft, place_typed, save_draft, take_offer
from .duplicates import cancel_twin, take_back_apart, tell_apart
from .erasing import erase_people, old_orders
from .exceptions import (
    close_exception,
    close_exceptions,
    open_exception,
    reopen_exception,
    shortfall_key,
    take_exception,
)
from .filling import fill_backorders, fill_order
from .habits import note_habits
from .hold_types import change_hold_type, create_hold_type
from .holding import lapse_stock, lapse_unpaid_stock
from .holds import expire_hold, expire_holds, place_hold, release_hold, reopen_order, waive_check
from .placement import place_order
from .preview import Preview, preview_order
from .prioritizing import bump_order, end_bump, expire_bumps, rank_orders, set_priority
from .progress import (
    record_credit,
    record_delivery,
    record_invoice,
    record_passage,
    record_payment,
    record_release,
    record_return_request,
    record_shipment,
)
from .promising import held_back
from .quotations import accept_quotation, lapse_draft, lapse_drafts, offer_draft, offer_typed, request_payment
from .reassigning import Loss, Taking, preview_taking, take_by_itself, take_units
from .redating import look_again, redate_release, redate_waiting
from .remarks import (
    LONGEST_TAG,
    add_comment,
    assign_order,
    note_dossier,
    require_version,
    tag_order,
    update_preferences,
)
from .replay import MOST_IN_BACKGROUND, run_replay, start_replay
from .rerouting import Alternative, alternatives, reroute_units
from .returning import bring_back, close_lent, lend_to_waiting, recall_endangered, recall_lent
from .routing import fitting_methods, is_gift
from .routing_rules import activate_rules, change_rules, retire_rules, write_rules
from .settlement import complete_order, confirm_order, verify_order
from .watching import watch_promises
from .weighing import change_weights, ensure_weights

__all__ = [
    "agreed_now",
    "create_hold_type",
    "LONGEST_TAG",
    "MOST_IN_BACKGROUND",
    "Alternative",
    "Availability",
    "Loss",
    "Preview",
    "Taking",
    "accept_quotation",
    "bring_back",
    "close_lent",
    "activate_rules",
    "add_comment",
    "alternatives",
    "amend_order",
    "apply_change",
    "approve_and_apply",
    "approve_change",
    "assign_order",
    "availabilities",
    "availability",
    "bump_order",
    "begin_orders",
    "cancel_order",
    "cancel_twin",
    "change_rules",
    "change_hold_type",
    "change_weights",
    "changeable_until",
    "clear_draft",
    "clear_drafts",
    "close_orders",
    "close_exception",
    "close_exceptions",
    "complete_order",
    "confirm_order",
    "decline_change",
    "discard_draft",
    "end_bump",
    "ensure_weights",
    "expire_bumps",
    "expire_hold",
    "expire_holds",
    "expire_order",
    "expire_unpaid",
    "fill_backorders",
    "fill_order",
    "fitting_methods",
    "held_back",
    "is_gift",
    "lapse_draft",
    "lapse_drafts",
    "lapse_stock",
    "lapse_unpaid_stock",
    "lend_to_waiting",
    "look_again",
    "lose_allocations",
    "note_habits",
    "offer_draft",
    "offer_typed",
    "erase_people",
    "note_dossier",
    "old_orders",
    "open_exception",
    "park_draft",
    "place_draft",
    "place_hold",
    "place_order",
    "place_typed",
    "preview_change",
    "preview_order",
    "preview_taking",
    "rank_orders",
    "record_credit",
    "record_delivery",
    "record_invoice",
    "record_passage",
    "record_payment",
    "record_release",
    "record_return_request",
    "recheck_order",
    "record_shipment",
    "redate_release",
    "redate_waiting",
    "release_hold",
    "reopen_exception",
    "reopen_order",
    "request_change",
    "request_payment",
    "require_version",
    "recall_endangered",
    "recall_lent",
    "reroute_units",
    "retire_rules",
    "run_replay",
    "save_draft",
    "set_priority",
    "shortfall_key",
    "start_replay",
    "tag_order",
    "take_offer",
    "take_by_itself",
    "take_back_apart",
    "take_exception",
    "take_units",
    "tell_apart",
    "update_preferences",
    "verify_order",
    "waive_check",
    "watch_promises",
    "why_not_by_customer",
    "write_rules",
]
