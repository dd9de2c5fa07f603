"""What banks do to the money of Stripe's customers after it came in."""

import threading
import time
from abc import ABC, abstractmethod
from email import policy
from email.parser import BytesParser
from typing import Any, cast

from billing.proofs.answering import Asked

Said = dict[str, Any]


# Stripe reads documents of up to 5 MB.
LARGEST = 5 * 1024 * 1024


def uploaded(asked: Asked) -> Said:
    """Read a form with a file in it."""
    kind = f"Content-Type: {asked.headers['Content-Type']}\r\n\r\n".encode()
    found: Said = {}
    message = BytesParser(policy=policy.HTTP).parsebytes(kind + asked.body.encode(errors="surrogateescape"))
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = cast(bytes, part.get_payload(decode=True))
        if name == "file":
            found |= {"filename": part.get_filename(), "type": part.get_content_type(), "content": content.hex()}
        else:
            found[str(name)] = content.decode()
    return found


class No(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"message": message, "type": "invalid_request_error", **more}}


def _entry(name: str, amount: int, *, fee: int = 0, **more: Any) -> Said:
    """Return a row of Stripe's books."""
    kept: Said = {"id": name, "object": "balance_transaction", "amount": amount, "currency": "eur"}
    return {**kept, "fee": fee, "net": amount - fee, **more}


class Bank(ABC):
    """Disputes, and refunds that come home; the books are Stripe's."""

    lock: threading.RLock
    intents: dict[str, Said]
    refunds: dict[str, Said]
    disputes: dict[str, Said]
    files: dict[str, Said]
    payouts: dict[str, Said]
    rows_of: dict[str, list[Said]]
    paid_out: set[str]

    @abstractmethod
    def tell(self, kind: str, about: Said) -> None:
        """Keep an event to be sent."""

    def dispute(self, reference: str, *, amount: int = 0, reason: str = "fraudulent", due_days: int = 7) -> Said:
        """Have a bank ask a payment back: the money is taken at once."""
        with self.lock:
            intent = self.intents[reference]
            dispute: Said = {
                "id": f"dp_{len(self.disputes) + 1}",
                "object": "dispute",
                "amount": amount or intent["amount_received"],
                "charge": intent["latest_charge"]["id"],
                "currency": intent["currency"],
                "payment_intent": reference,
                "reason": reason,
                "status": "needs_response",
                "metadata": {},
                "evidence_details": {"due_by": int(time.time()) + due_days * 86400, "has_evidence": False},
                "balance_transactions": [],
            }
            self.disputes[dispute["id"]] = dispute
            self.tell("charge.dispute.created", dispute)
            self._move(dispute, -dispute["amount"], fee=1500)
            self.tell("charge.dispute.funds_withdrawn", dispute)
            return dispute

    def keep_file(self, asked: Said) -> Said:
        """Keep a file of the shop, of the kind and size that a bank reads."""
        if asked["purpose"] != "dispute_evidence" or not asked["content"]:
            raise No(400, "Invalid file")
        if asked["type"] not in ("application/pdf", "image/png", "image/jpeg") or len(asked["content"]) // 2 > LARGEST:
            raise No(400, "The file is of a type or size that is not supported")
        file = {"id": f"file_{len(self.files) + 1}", "object": "file", **asked}
        self.files[file["id"]] = file
        return {name: one for name, one in file.items() if name != "content"}

    def hear(self, dispute: Said, asked: Said) -> Said:
        """Take what the shop says to a dispute; what is submitted is final."""
        if dispute["status"] != "needs_response":
            raise No(400, "This dispute is already under review or closed", code="dispute_not_open")
        given = asked["evidence"]
        for name, one in given.items():
            if name != "uncategorized_text" and one not in self.files:
                raise No(400, f"No such file upload: '{one}'", param=f"evidence[{name}]")
        dispute["evidence"] = given
        if asked.get("submit") == "true":
            details = dispute["evidence_details"]
            details |= {"has_evidence": True, "submission_count": details.get("submission_count", 0) + 1}
            dispute["status"] = "under_review"
            self.tell("charge.dispute.updated", dispute)
        return dispute

    def take_evidence(self, name: str) -> None:
        """Take what the shop sends."""
        with self.lock:
            self.disputes[name]["status"] = "under_review"
            self.tell("charge.dispute.updated", self.disputes[name])

    def decide(self, name: str, status: str) -> None:
        """Let the bank decide: `won` or `lost`."""
        with self.lock:
            dispute = self.disputes[name]
            dispute["status"] = status
            self.tell("charge.dispute.closed", dispute)
            if status == "won":
                self._move(dispute, dispute["amount"], fee=0)
                self.tell("charge.dispute.funds_reinstated", dispute)

    @staticmethod
    def _move(dispute: Said, amount: int, *, fee: int) -> None:
        number = len(dispute["balance_transactions"]) + 1
        dispute["balance_transactions"].append(
            {
                "id": f"txn_{dispute['id']}_{number}",
                "object": "balance_transaction",
                "amount": amount,
                "currency": dispute["currency"],
                "fee": fee,
                "net": amount - fee,
                "type": "adjustment",
                "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
                "source": dispute["id"],
            }
        )

    def pay_out(self, *, extra: int = 0) -> Said:
        """Send what came in and was not sent yet to the shop's bank, less 1.4 % and 25 cents of each charge."""
        with self.lock:
            name = f"po_{len(self.payouts) + 1}"
            rows = [row for row in self._books() if row["id"] not in self.paid_out]
            if extra:
                what: Said = {"type": "adjustment", "source": None, "description": "Something else"}
                rows.append(_entry(f"txn_extra_{name}", extra, **what))
            self.paid_out |= {row["id"] for row in rows}
            amount = sum(row["net"] for row in rows)
            payout: Said = {
                "id": name,
                "object": "payout",
                "amount": amount,
                "currency": "eur",
                "status": "paid",
                "arrival_date": int(time.time()),
            }
            self.payouts[name] = payout
            self.rows_of[name] = [*rows, _entry(f"txn_{name}", -amount, type="payout", source={"id": name})]
            self.tell("payout.paid", payout)
            return payout

    def _books(self) -> list[Said]:
        """Return what moved on the shop's account: charges, refunds, disputes."""
        found = []
        for one in self.intents.values():
            if taken := one["amount_received"]:
                charge = {"object": "charge", "id": one["latest_charge"]["id"], "payment_intent": one["id"]}
                found.append(
                    _entry(f"txn_{one['id']}", taken, fee=taken * 14 // 1000 + 25, type="charge", source=charge)
                )
        for one in self.refunds.values():
            found.append(_entry(f"txn_{one['id']}", -one["amount"], type="refund", source=one))
            if one["status"] == "failed":
                found.append(_entry(f"txn_{one['id']}_back", one["amount"], type="refund_failure", source=one))
        for one in self.disputes.values():
            found += [{**row, "source": one} for row in one["balance_transactions"]]
        return found

    def carry_out(self, name: str) -> bool:
        """Carry out a refund that was called failed, unless the money went back another way meanwhile."""
        with self.lock:
            refund = self.refunds[name]
            sent = sum(
                one["amount"]
                for one in self.refunds.values()
                if one["payment_intent"] == refund["payment_intent"] and one["status"] != "failed"
            )
            if sent + refund["amount"] > self.intents[refund["payment_intent"]]["amount_received"]:
                return False
            refund |= {"status": "succeeded", "failure_reason": None}
            self.tell("refund.updated", refund)
            return True

    def send_home(self, name: str) -> None:
        """Let the bank of a customer send a refund back that had succeeded."""
        with self.lock:
            self.refunds[name] |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
            self.tell("refund.failed", self.refunds[name])
            self.tell("charge.refund.updated", self.refunds[name])
