"""The counter of fulfillment: everything the floors above may ask."""

from .apart import go_on_after_hold, hold_work, set_held_apart
from .cancelling import OVER, cancel_open_fulfillment, complete_put_back
from .following import Work, follow_order
from .mending import (
    count_as_arrived,
    may_arrive,
    reroute_for_exception,
    reroute_part_for_exception,
    take_parcel_of,
    way_out,
    way_out_in_part,
)
from .packing import ParcelInput, attach_label, pack
from .parcels import Parcels
from .picking import SHORT_PICK, pick, pull_back, short_pick, short_pick_key, start_picking
from .planning import (
    cut_back_fulfillment,
    plan_fulfillment,
    release_fulfillment,
    release_order,
    withdraw_early,
    without_held,
)
from .ranking import follow_ranks
from .rerouting import reroute_fulfillment, ways_elsewhere
from .shipping import render_service, ship_fulfillment_order
from .splitting import merge_fulfillment, put_back, split_fulfillment
from .through import Stations, fulfil_through, ship_order
from .tracking import (
    deliver_shipment,
    fail_delivery,
    lose_shipment,
    record_tracking_event,
    take_back_shipment,
)
from .wave_queue import USUAL_SIZE, Proposal, Skipped, WaveInput, propose_wave
from .waves import cancel_wave, leave_waves_on_hold, pick_wave, plan_wave, release_wave
from .work import why_held

__all__ = [
    "OVER",
    "SHORT_PICK",
    "USUAL_SIZE",
    "ParcelInput",
    "Parcels",
    "Proposal",
    "Skipped",
    "Stations",
    "WaveInput",
    "Work",
    "attach_label",
    "cancel_open_fulfillment",
    "cancel_wave",
    "complete_put_back",
    "count_as_arrived",
    "cut_back_fulfillment",
    "deliver_shipment",
    "fail_delivery",
    "follow_order",
    "follow_ranks",
    "fulfil_through",
    "go_on_after_hold",
    "hold_work",
    "leave_waves_on_hold",
    "lose_shipment",
    "merge_fulfillment",
    "may_arrive",
    "pack",
    "pick",
    "pick_wave",
    "plan_fulfillment",
    "plan_wave",
    "propose_wave",
    "pull_back",
    "put_back",
    "record_tracking_event",
    "release_fulfillment",
    "release_order",
    "release_wave",
    "render_service",
    "reroute_for_exception",
    "reroute_fulfillment",
    "set_held_apart",
    "ship_fulfillment_order",
    "ship_order",
    "short_pick",
    "short_pick_key",
    "split_fulfillment",
    "start_picking",
    "take_back_shipment",
    "take_parcel_of",
    "way_out",
    "way_out_in_part",
    "reroute_part_for_exception",
    "ways_elsewhere",
    "why_held",
    "withdraw_early",
    "without_held",
]
