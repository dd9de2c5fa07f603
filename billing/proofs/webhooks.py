"""R6: what Stripe writes is believed once, in any order, and what somebody else writes never.

Each event comes five times, shuffled, before the browser is back and after; with each comes one that is signed with
another secret, or by a clock that is more than five minutes off.
"""

from functools import partial
from typing import Any

from billing.proofs.asking import Asked
from billing.proofs.payments import MOST_TOLD, faults_of, regressions
from billing.proofs.storm import Buyer, Seen, let_the_clock_ask, many_hands, open_till, weather
from core.models import EventRecord, IdempotencyKey
from orders.models import Order

TIMES = 5
ACK_MS = 200.0
# What a customer who pays makes Stripe write, with all repeats and both times; a guess that only says how many buy.
EACH = 20
FALSE = (("forged", 401), ("stale", 401))


def prove(asked: Asked) -> dict[str, Any]:
    """Post that many events, and as many forged or stale ones, and look what they did."""
    open_till()
    seen, customers = Seen(), 0
    with weather() as there:
        while (sent := len(seen.acks)) < asked.cases:
            wanted = max(1, (asked.cases - sent) // EACH)
            work = partial(_buy, there=there, seed=asked.seed, first=customers)
            seen.add(many_hands(wanted, asked.processes, work, lambda done: None))
            customers += wanted
            asked.tell(f"{len(seen.acks):,} of {asked.cases:,} events")
        let_the_clock_ask(there)
        faults = list(faults_of(there))
    acks = sorted(seen.acks)
    p95 = acks[int(len(acks) * 0.95)] * 1000
    back = list(regressions())
    accepted = sum(count for (what, status), count in seen.said.items() if what != "signed" and status != 401)
    refused = sum(count for (what, status), count in seen.said.items() if what == "signed" and status != 204)
    rows = EventRecord.objects.filter(name="billing.payment_captured").values_list("payload", flat=True)
    twice = len(rows) - len({row["payment_id"] for row in rows})
    extra = Order.objects.count() - customers
    return {
        "events": len(acks),
        "not_true": sum(seen.said[one] for one in FALSE),
        "seed": asked.seed,
        "hands": asked.processes,
        "customers": customers,
        "told_apart": IdempotencyKey.objects.filter(client="provider:stripe").count(),
        "answers": {f"{what} {status}": count for (what, status), count in sorted(seen.said.items())},
        "state_regressions": len(back),
        "duplicate_orders": extra,
        "captured_twice": twice,
        "not_true_accepted": accepted,
        "true_refused": refused,
        "ack_median_ms": round(acks[len(acks) // 2] * 1000, 1),
        "ack_p95_ms": round(p95, 1),
        "faults": len(faults),
        "met": not (faults or back or extra or twice or accepted or refused) and p95 < ACK_MS,
        "told": faults[:MOST_TOLD],
    }


def _buy(number: int, *, there: Any, seed: int, first: int) -> Seen:
    buyer = Buyer(first + number, there, seed=seed, times=TIMES)
    buyer.go()
    return buyer.seen
