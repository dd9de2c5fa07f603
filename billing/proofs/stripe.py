"""Stripe, as far as we speak to it, over real HTTP: it loses answers, gets some questions late, and its books are its
own.

What it does with keys, amounts and states is what docs.stripe.com says, not what our gateway expects.
"""

import hashlib
import hmac
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

from billing.proofs.answering import Answer, Asked, answering
from billing.proofs.stripe_bank import Bank, No, Said, uploaded

KEY, SECRET = "sk_test_ours", "whsec_between_us"  # noqa: S105 - of a Stripe that is ours
CARD = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2031}


class Stripe(Bank):
    """The books, and knobs: `losing` is how many of the next answers (or which share) are lost after the work.

    `dawdling` is which share of what is to be done arrives only when whoever asked has long given up, and asked again.
    """

    def __init__(self) -> None:
        """Open empty books."""
        self.url = ""
        self.sessions: dict[str, Said] = {}
        self.intents: dict[str, Said] = {}
        self.refunds: dict[str, Said] = {}
        self.disputes: dict[str, Said] = {}
        self.files: dict[str, Said] = {}
        self.payouts: dict[str, Said] = {}
        self.rows_of: dict[str, list[Said]] = {}
        self.paid_out: set[str] = set()
        self.keys: dict[str, tuple[Said, int, Said]] = {}
        self.events: list[Said] = []
        self.asked: list[str] = []
        self.losing: float = 0
        self.dawdling: float = 0
        # How many answers were lost, and how many questions came late.
        self.lost = self.late = 0
        self.on_their_way: list[tuple[str, Said, str]] = []
        self.away = False
        # Cards that say no when they are charged while their owner is away.
        self.strict_cards: set[str] = set()
        self.refund_status = "succeeded"
        # Which share of refunds is called failed first, and carried out later, where the money is still there.
        self.wavering: float = 0
        self.wavered: set[str] = set()
        self.lock = threading.RLock()
        self.dice = random.Random(7)  # noqa: S311 - no secret
        self.hold_seconds = 7 * 86400

    # The customer -------------------------------------------------------------------------------

    def session_of(self, key: str) -> Said:
        """Return the page for a payment of ours."""
        return next(one for one in self.sessions.values() if one["client_reference_id"] == key)

    def pay(self, key: str, *, first: str = "") -> None:
        """Pay on the page; `first`: the card is declined before (`decline`), or its bank asks (`challenge`)."""
        with self.lock:
            session = self.session_of(key)
            if session["status"] != "open":
                raise No(400, "Nobody can pay on a page that is closed")
            intent = self.intents.get(session["payment_intent"]) or self._intent(session)
            if first == "decline":
                intent["last_payment_error"] = {"code": "card_declined", "message": "Your card was declined."}
                self.tell("payment_intent.payment_failed", intent)
                return
            if first == "challenge":
                intent["status"] = "requires_action"
                self.tell("payment_intent.requires_action", intent)
                return
            intent["last_payment_error"] = None
            self._succeed(intent)
            session |= {
                "status": "complete",
                "payment_status": "unpaid" if intent["status"] != "succeeded" else "paid",
            }
            self.tell("checkout.session.completed", session)

    def _intent(self, session: Said) -> Said:
        asked = session["asked"]
        intent = self._new_intent(
            session["amount_total"],
            session["currency"],
            asked["payment_intent_data"].get("metadata", {}),
            method=asked["payment_intent_data"].get("capture_method", "automatic"),
        )
        if asked["payment_intent_data"].get("setup_future_usage"):
            intent["customer"] = f"cus_{intent['id'][3:]}"
        session["payment_intent"] = intent["id"]
        return intent

    def _new_intent(self, amount: int, currency: str, metadata: Said, *, method: str) -> Said:
        number = len(self.intents) + 1
        intent: Said = {
            "id": f"pi_{number}",
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "currency": currency,
            "status": "requires_payment_method",
            "capture_method": method,
            "payment_method": f"pm_{number}",
            "customer": None,
            "metadata": metadata,
            "last_payment_error": None,
            "latest_charge": None,
        }
        self.intents[intent["id"]] = intent
        return intent

    def _succeed(self, intent: Said) -> None:
        now = int(time.time())
        card = {**CARD, "capture_before": now + self.hold_seconds}
        intent["latest_charge"] = {
            "id": f"ch_{intent['id'][3:]}",
            "created": now,
            "payment_method_details": {"type": "card", "card": card},
        }
        if intent["capture_method"] == "manual":
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            self.tell("payment_intent.amount_capturable_updated", intent)
        else:
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
            self.tell("payment_intent.succeeded", intent)

    def run_out(self, reference: str) -> None:
        """Let go of what is held, because it took too long; or close a page."""
        with self.lock:
            found = self.sessions.get(reference) or self.intents[reference]
            found |= {"status": "expired" if reference.startswith("cs_") else "canceled", "amount_capturable": 0}
            kind = "checkout.session.expired" if reference.startswith("cs_") else "payment_intent.canceled"
            self.tell(kind, found)

    # What it writes -----------------------------------------------------------------------------

    def tell(self, kind: str, about: Said) -> None:
        """Keep an event to be sent."""
        told = {name: one for name, one in about.items() if name != "asked"}
        event = {"id": f"evt_{len(self.events) + 1}", "type": kind, "data": {"object": json.loads(json.dumps(told))}}
        self.events.append(event)

    @staticmethod
    def signed(event: Said, *, at: int | None = None, secret: str = SECRET) -> Said:
        """Return an event as Django's test client posts it."""
        body = json.dumps(event).encode()
        when = int(time.time()) if at is None else at
        wanted = hmac.new(secret.encode(), f"{when}.".encode() + body, hashlib.sha256).hexdigest()
        header = {"Stripe-Signature": f"t={when},v1={wanted},v0=old"}
        return {"data": body, "content_type": "application/json", "headers": header}

    # What it is in the end ----------------------------------------------------------------------

    def taken(self, key: str) -> int:
        """Return what was taken for a payment of ours."""
        return sum(one["amount_received"] for one in self.intents.values() if one["metadata"].get("key") == key)

    def sent_back(self, key: str) -> int:
        """Return what was sent back of it."""
        mine = {one["id"] for one in self.intents.values() if one["metadata"].get("key") == key}
        return sum(
            one["amount"]
            for one in self.refunds.values()
            if one["payment_intent"] in mine and one["status"] == "succeeded"
        )

    # What it is asked ---------------------------------------------------------------------------

    def answer(self, method: str, path: str, asked: Said, key: str) -> tuple[int, Said]:
        """Do what the shop asks for; under a key that is known, say what was said then."""
        parts = path.removeprefix("/v1/").split("/")
        with self.lock:
            self.asked.append(f"{method} {path.removeprefix('/v1/')}")
            if method == "GET":
                try:
                    return 200, self._told(parts, asked)
                except No as no:
                    return no.status, no.body
            if not key:
                raise KeyError("Everything that does something needs a key")
            wanted = {"path": path, **asked}
            if key in self.keys:
                before, status, said = self.keys[key]
                if before != wanted:
                    return 400, No(400, "Keys are for the same parameters", type="idempotency_error").body
                return status, said
            try:
                status, said = 200, json.loads(json.dumps(self._do(parts, asked)))
            except No as no:
                status, said = no.status, no.body
            self.keys[key] = (wanted, status, said)
            return status, said

    def _told(self, parts: list[str], asked: Said) -> Said:
        if parts[0] in ("refunds", "disputes"):
            kept = self.refunds if parts[0] == "refunds" else self.disputes
            mine = [one for one in kept.values() if one["payment_intent"] == asked["payment_intent"]]
            return self._listed(mine, asked)
        if parts[0] == "balance_transactions":
            return self._listed(self.rows_of[asked["payout"]], asked)
        if parts[0] == "payouts":
            return self._one(self.payouts, parts[1])
        if parts[1:] == ["search"]:
            name = asked["query"].removeprefix('metadata["key"]:"').removesuffix('"')
            return {"data": [one for one in self.intents.values() if one["metadata"].get("key") == name]}
        if parts[0] == "checkout":
            session = self._one(self.sessions, parts[2])
            return {**session, "payment_intent": self.intents.get(session["payment_intent"])}
        return self._one(self.intents, parts[1])

    @staticmethod
    def _listed(rows: list[Said], asked: Said) -> Said:
        """Return a page of a list: what comes after a row, as many as were asked for."""
        names = [one["id"] for one in rows]
        first = names.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
        last = first + int(asked.get("limit", 10))
        return {"object": "list", "data": rows[first:last], "has_more": last < len(rows)}

    @staticmethod
    def _one(kept: dict[str, Said], name: str) -> Said:
        if name not in kept:
            raise No(404, f"No such thing: '{name}'")
        return kept[name]

    def _do(self, parts: list[str], asked: Said) -> Said:
        match parts:
            case ["checkout", "sessions"]:
                return self._open(asked)
            case ["checkout", "sessions", name, "expire"]:
                session = self._one(self.sessions, name)
                if session["status"] != "open":
                    raise No(400, "Only open sessions can be expired")
                self.run_out(name)
                return session
            case ["payment_intents"]:
                return self._charge(asked)
            case ["payment_intents", name, "capture"]:
                return self._capture(self._one(self.intents, name), int(asked["amount_to_capture"]))
            case ["payment_intents", name, "cancel"]:
                intent = self._one(self.intents, name)
                if intent["status"] in ("succeeded", "canceled"):
                    raise No(400, "It cannot be canceled", code="payment_intent_unexpected_state")
                self.run_out(name)
                return intent
            case ["files"]:
                return self.keep_file(asked)
            case ["disputes", name]:
                return self.hear(self._one(self.disputes, name), asked)
            case ["refunds"]:
                return self._refund(self._one(self.intents, asked["payment_intent"]), asked)
        raise No(404, "Unrecognized request URL")

    def _open(self, asked: Said) -> Said:
        price = asked["line_items"]["0"]["price_data"]
        number = len(self.sessions) + 1
        session = {
            "id": f"cs_{number}",
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "amount_total": int(price["unit_amount"]),
            "currency": price["currency"],
            "client_reference_id": asked["client_reference_id"],
            "metadata": asked["metadata"],
            "url": f"{self.url}/c/pay/cs_{number}",
            "asked": asked,
        }
        self.sessions[session["id"]] = session
        return session

    def _charge(self, asked: Said) -> Said:
        if asked["payment_method"] in self.strict_cards:
            error = {"type": "card_error", "code": "authentication_required"}
            raise No(402, "Your card was declined. This transaction requires authentication.", **error)
        intent = self._new_intent(int(asked["amount"]), asked["currency"], asked["metadata"], method="automatic")
        self._succeed(intent)
        return intent

    def _capture(self, intent: Said, amount: int) -> Said:
        if intent["status"] != "requires_capture":
            raise No(400, f"It is {intent['status']}", code="payment_intent_unexpected_state")
        if amount > intent["amount_capturable"]:
            raise No(400, "The amount is more than what can be captured", code="amount_too_large")
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        self.tell("payment_intent.succeeded", intent)
        return intent

    def _refund(self, intent: Said, asked: Said) -> Said:
        amount = int(asked["amount"])
        live = [one for one in self.refunds.values() if one["status"] != "failed"]
        sent = sum(one["amount"] for one in live if one["payment_intent"] == intent["id"])
        if sent + amount > intent["amount_received"]:
            raise No(400, "Refund amount is greater than unrefunded amount", code="charge_already_refunded")
        if any(one["payment_intent"] == intent["id"] and one["status"] != "won" for one in self.disputes.values()):
            raise No(400, "Charge has been charged back", code="charge_disputed")
        refund: Said = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "amount": amount,
            "payment_intent": intent["id"],
            "metadata": asked["metadata"],
            "status": self.refund_status,
        }
        self.refunds[refund["id"]] = refund
        if self.dice.random() < self.wavering:
            refund |= {"status": "failed", "failure_reason": "declined"}
            self.wavered.add(refund["id"])
        self.tell("refund.created", refund)
        return refund

    def is_late(self, path: str, asked: Said, key: str) -> bool:
        """Whether what is to be done arrives only later: before something that is asked then, or at last."""
        with self.lock:
            if self.on_their_way and self.dice.random() < self.dawdling:
                self.answer("POST", *self.on_their_way.pop(self.dice.randrange(len(self.on_their_way))))
            if self.dice.random() >= self.dawdling:
                return False
            self.on_their_way.append((path, asked, key))
            self.late += 1
            return True

    def arrive(self) -> int:
        """Let everything arrive that is on its way; returns how much that was."""
        with self.lock:
            late, self.on_their_way = self.on_their_way, []
            for one in late:
                self.answer("POST", *one)
            return len(late)

    def loses(self) -> bool:
        """Whether the answer to what was just done gets lost."""
        with self.lock:
            if self.losing >= 1:
                self.losing -= 1
                return True
            lost = 0 < self.losing < 1 and self.dice.random() < self.losing
            self.lost += lost
            return lost


def nested(form: str) -> Said:
    """Read `a[b][0][c]=d` as Stripe does."""
    found: Said = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        first, *inner = name.replace("]", "").split("[")
        where, path = found, [first, *inner]
        for step in path[:-1]:
            where = where.setdefault(step, {})
        where[path[-1]] = value
    return found


@contextmanager
def running(make: Callable[[], Stripe] = Stripe) -> Iterator[Stripe]:
    """Open it on a port of its own."""
    stripe = make()

    def answer(asked: Asked) -> Answer | None:
        where = urlsplit(asked.target)
        if stripe.away:
            return 503, {}
        if asked.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, {"error": {"message": "Invalid API Key provided"}}
        said = (
            uploaded(asked)
            if where.path == "/v1/files"
            else nested(where.query if asked.method == "GET" else asked.body)
        )
        key = asked.headers.get("Idempotency-Key") or ""
        if stripe.dawdling and asked.method == "POST" and stripe.is_late(where.path, said, key):
            return None
        found = stripe.answer(asked.method, where.path, said, key)
        return None if stripe.loses() else found

    with answering(answer) as stripe.url:
        yield stripe
