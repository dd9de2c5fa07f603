"""The counter of orders: everything the floors above may ask."""

from .amending import agreed_now, preview_change
from .arrears import lift_arrears
from .availability import Availability, availabilities, availability
from .backorders import lose_allocations
from .beginning import begin_orders
from .cancellation import cancel_order, expire_order, expire_unpaid
from .catches import forget_catches, settle_catches
from .causes import close_what_is_over, report_failed_check, sweep_exceptions, watch_late
from .changes import amend_order, apply_change, approve_and_apply, approve_change, decline_change, request_change
from .checking import recheck_order
from .clearing import clear_draft, clear_drafts
from .closing import close_orders
from .crediting import look_at_credit, review_credit
from .cutoff import changeable_until, why_not_by_customer
from .drafts import discard_draft, park_draft, place_draft, place_typed, save_draft, take_offer
from .duplicates import cancel_twin, go_on_with_kept, take_back_apart, tell_apart
from .erasing import ERASED, erase_people, old_customers, old_orders
from .exceptions import (
    close_exception,
    close_exceptions,
    hand_over_exception,
    narrow_exception,
    open_exception,
    reopen_exception,
    shortfall_key,
    take_exception,
)
from .files import MOST_FILES, attach_files, remove_file
from .filling import fill_backorders, fill_order
from .filling_by_hand import fill_from, ways_for_missing
from .habits import note_habits
from .hold_types import change_hold_type, create_hold_type
from .holding import lapse_stock, lapse_unpaid_stock
from .holds import expire_hold, expire_holds, place_hold, release_hold, reopen_order, waive_check
from .incidents import (
    MOST_AFFECTED,
    affected,
    end_incident,
    find_incident,
    language_of,
    languages_of,
    run_incident,
    tell_incident,
    work_on_incident,
)
from .mending import (
    ask_again_to_pay,
    cancel_for_exception,
    day_at_best,
    fetch_missing,
    finish,
    in_hand,
    let_check_pass,
    missing_units,
    promise_anew,
    send_mail_again,
    take_for_exception,
    try_work_again,
    wait_for_stock,
    write_to_customer,
)
from .mending_edits import (
    Substitute,
    cancel_missing,
    correct_address,
    missing_lines,
    send_in_part,
    sent_in_part,
    substitute_missing,
    substitutes_for,
    without_missing,
)
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
from .replacing import await_no_longer, replacement_input, replacement_of, send_units_again, value_of
from .replay import MOST_IN_BACKGROUND, run_replay, start_replay
from .rerouting import Alternative, alternatives, reroute_units
from .returning import bring_back, close_lent, lend_to_waiting, recall_endangered, recall_lent
from .routing import fitting_methods, is_gift
from .routing_rules import activate_rules, change_rules, retire_rules, write_rules
from .settlement import complete_order, confirm_order, verify_order
from .together import (
    end_follow_up,
    follow_order,
    hand_over_order,
    set_follow_up,
    tell_follow_ups,
    tell_followers,
    unfollow_order,
)
from .watching import watch_promises
from .weighing import change_weights, ensure_weights

__all__ = [
    "ERASED",
    "LONGEST_TAG",
    "MOST_AFFECTED",
    "MOST_FILES",
    "MOST_IN_BACKGROUND",
    "Alternative",
    "Availability",
    "Loss",
    "Preview",
    "Substitute",
    "Taking",
    "await_no_longer",
    "replacement_input",
    "replacement_of",
    "send_units_again",
    "value_of",
    "accept_quotation",
    "activate_rules",
    "add_comment",
    "lift_arrears",
    "look_at_credit",
    "review_credit",
    "affected",
    "agreed_now",
    "alternatives",
    "amend_order",
    "apply_change",
    "approve_and_apply",
    "approve_change",
    "ask_again_to_pay",
    "assign_order",
    "attach_files",
    "availabilities",
    "availability",
    "begin_orders",
    "bring_back",
    "bump_order",
    "cancel_for_exception",
    "cancel_missing",
    "cancel_order",
    "cancel_twin",
    "change_hold_type",
    "change_rules",
    "change_weights",
    "changeable_until",
    "clear_draft",
    "clear_drafts",
    "close_exception",
    "close_exceptions",
    "close_lent",
    "close_orders",
    "close_what_is_over",
    "complete_order",
    "confirm_order",
    "correct_address",
    "create_hold_type",
    "day_at_best",
    "decline_change",
    "discard_draft",
    "end_bump",
    "end_follow_up",
    "end_incident",
    "ensure_weights",
    "erase_people",
    "expire_bumps",
    "expire_hold",
    "expire_holds",
    "expire_order",
    "expire_unpaid",
    "fill_backorders",
    "fill_order",
    "find_incident",
    "language_of",
    "languages_of",
    "finish",
    "old_customers",
    "narrow_exception",
    "fill_from",
    "ways_for_missing",
    "fetch_missing",
    "take_for_exception",
    "fitting_methods",
    "follow_order",
    "forget_catches",
    "go_on_with_kept",
    "hand_over_exception",
    "hand_over_order",
    "held_back",
    "in_hand",
    "is_gift",
    "lapse_draft",
    "lapse_drafts",
    "lapse_stock",
    "lapse_unpaid_stock",
    "lend_to_waiting",
    "let_check_pass",
    "look_again",
    "lose_allocations",
    "missing_lines",
    "missing_units",
    "note_dossier",
    "note_habits",
    "offer_draft",
    "offer_typed",
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
    "promise_anew",
    "rank_orders",
    "recall_endangered",
    "recall_lent",
    "recheck_order",
    "record_credit",
    "record_delivery",
    "record_invoice",
    "record_passage",
    "record_payment",
    "record_release",
    "record_return_request",
    "record_shipment",
    "redate_release",
    "redate_waiting",
    "release_hold",
    "remove_file",
    "reopen_exception",
    "reopen_order",
    "report_failed_check",
    "request_change",
    "request_payment",
    "require_version",
    "reroute_units",
    "retire_rules",
    "run_incident",
    "run_replay",
    "save_draft",
    "send_in_part",
    "send_mail_again",
    "sent_in_part",
    "set_follow_up",
    "set_priority",
    "settle_catches",
    "shortfall_key",
    "start_replay",
    "substitute_missing",
    "substitutes_for",
    "sweep_exceptions",
    "tag_order",
    "take_back_apart",
    "take_by_itself",
    "take_exception",
    "take_offer",
    "take_units",
    "tell_apart",
    "tell_follow_ups",
    "tell_followers",
    "tell_incident",
    "try_work_again",
    "unfollow_order",
    "update_preferences",
    "verify_order",
    "wait_for_stock",
    "waive_check",
    "watch_late",
    "watch_promises",
    "why_not_by_customer",
    "without_missing",
    "work_on_incident",
    "write_rules",
    "write_to_customer",
]
