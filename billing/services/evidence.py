"""What we say to the bank about a payment that its customer asks back: given by staff, final, and once.

The provider is asked outside of any transaction. An answer that never came is asked for: whether he has it, he says
himself; else he is given the same once more, under the same key.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import gateways
from billing.errors import EvidenceNotTaken, InvalidEvidence, UnknownPayment
from billing.events import EvidenceGiven, EvidenceRefused, EvidenceTaken
from billing.gateways import Answer, Evidence, Exhibit, Proves
from billing.models import CreditNote, Dispute, DisputeFile, Invoice, Payment
from billing.sentences import EVIDENCE_DUE
from billing.services.common import take_payment
from billing.services.disputes import about_dispute, close_exceptions, disputed_money, due_key, record_dispute
from billing.services.matching import FIRST_PAUSE
from core.actors import SYSTEM, Actor
from core.files import keep_file, read_file
from core.models import Attachment
from core.outbox import emit
from core.service import service
from core.uploads import NewFile
from orders import services as orders
from orders.models import OrderException, OrderFile

AHEAD = timedelta(days=2)
LONGEST_TEXT = 5000
# What banks read, and how much of it in all (docs.stripe.com/disputes/responding).
READ = frozenset({"application/pdf", "image/png", "image/jpeg"})
MOST_IN_ALL = 4_500_000


@dataclass(frozen=True)
class Piece:
    """A document that is given: one that is kept with the order, or a new one, which is kept there from now on."""

    kind: str
    attachment: int | None = None
    file: NewFile | None = None


def evidence_at_hand(dispute: Dispute) -> list[Attachment]:
    """Return the documents of the order that a bank could read: its invoices and credit notes, and files put to it."""
    return list(_at_hand(dispute.order_id))


@service
def give_evidence(dispute_id: int, *, text: str, pieces: Sequence[Piece], actor: Actor) -> Dispute:
    """Answer a dispute; the provider is told by a debt. Raises EvidenceNotTaken and InvalidEvidence."""
    payment_id = Dispute.objects.filter(pk=dispute_id).values_list("payment", flat=True).first()
    if payment_id is None:
        raise UnknownPayment("There is no such dispute")
    order, payment = take_payment(payment_id)
    dispute = Dispute.objects.get(pk=dispute_id)
    if not dispute.takes_evidence:
        raise EvidenceNotTaken(_("The bank takes no more evidence for this dispute"), status=dispute.status)
    said = text.strip()
    known = {one.pk: one for one in _at_hand(order.pk)}
    _check(said, pieces, known)
    brought = [one.file for one in pieces if one.file is not None]
    if brought:
        orders.attach_files(order.pk, brought, actor=actor)
    when = timezone.now()
    dispute.evidence_text, dispute.evidence_failure = said, ""
    dispute.evidence_number += 1
    dispute.evidence_given_at, dispute.evidence_given_by = when, str(actor)
    dispute.save()
    for piece in pieces:
        found = piece.file or _copy(known[piece.attachment or 0])
        kept = keep_file(
            name=found.name,
            content=found.content,
            content_type=found.content_type,
            thread=order.history_thread(),
        )
        DisputeFile.objects.create(dispute=dispute, number=dispute.evidence_number, kind=piece.kind, attachment=kept)
    Payment.objects.filter(pk=payment.pk).update(look_at=when + FIRST_PAUSE)
    emit(about_dispute(EvidenceGiven, order, dispute), actor=actor, at=when)
    return dispute


def _at_hand(order_id: int) -> Iterable[Attachment]:
    papers = [
        *Invoice.objects.filter(order=order_id).exclude(pdf=None).values_list("pdf", flat=True),
        *CreditNote.objects.filter(order=order_id).exclude(pdf=None).values_list("pdf", flat=True),
    ]
    files = OrderFile.objects.filter(order=order_id).values_list("attachment", flat=True)
    return Attachment.objects.filter(pk__in=[*papers, *files], content_type__in=READ).order_by("pk")


def _copy(attachment: Attachment) -> NewFile:
    return NewFile(attachment.name, read_file(attachment), attachment.content_type)


def _check(text: str, pieces: Sequence[Piece], known: dict[int, Attachment]) -> None:
    """Raise InvalidEvidence for what no bank would read, each fault beside its field."""
    faults = []
    if not text or len(text) > LONGEST_TEXT:
        detail = _("Say in up to %(n)s characters why the money is yours.") % {"n": LONGEST_TEXT}
        faults.append({"pointer": "/text", "code": "length", "detail": detail})
    size = 0
    for piece in pieces:
        kept = known.get(piece.attachment or 0)
        if piece.file is None and kept is None:
            faults.append(_fault(piece, "unknown", _("This document does not belong to the order.")))
            continue
        kind = piece.file.content_type if piece.file else kept.content_type if kept else ""
        size += len(piece.file.content) if piece.file else kept.size if kept else 0
        if kind not in READ:
            faults.append(_fault(piece, "type", _("Banks read PDF, PNG and JPEG.")))
    if size > MOST_IN_ALL:
        most = filesizeformat(MOST_IN_ALL)
        detail = _("Together the documents may have at most %(most)s.") % {"most": most}
        faults.append(_fault(max(pieces, key=lambda one: _size(one, known)), "size", detail))
    if len({one.kind for one in pieces}) < len(pieces):
        faults.append({"pointer": "/text", "code": "kind", "detail": _("The bank takes one document of each kind.")})
    if faults:
        raise InvalidEvidence(str(faults[0]["detail"]), errors=faults)


def _size(piece: Piece, known: dict[int, Attachment]) -> int:
    return len(piece.file.content) if piece.file else known[piece.attachment or 0].size


def _fault(piece: Piece, code: str, detail: str) -> dict[str, str]:
    field = f"{piece.kind}_file" if piece.file else piece.kind
    return {"pointer": f"/{field}", "code": code, "detail": detail}


# The provider, asked outside of any transaction ---------------------------------------------------


def send_evidence(dispute_id: int) -> None:
    """Give the provider what staff said, unless he has it. Safe to repeat. Raises ProviderSilent."""
    dispute = Dispute.objects.select_related("payment").get(pk=dispute_id)
    if not dispute.is_on_its_way:
        return
    provider = gateways.hosted(dispute.payment.gateway)
    for standing in provider.disputes_of(reference=dispute.payment.reference):
        record_dispute(dispute.payment_id, standing)
    again = Dispute.objects.get(pk=dispute_id)
    if not again.is_on_its_way:
        # What was not answered was done.
        return
    files = DisputeFile.objects.filter(dispute=dispute_id, number=again.evidence_number).select_related("attachment")
    evidence = Evidence(
        key=f"{again.code}-evidence-{again.evidence_number}",
        dispute=again.reference,
        payment=dispute.payment.reference,
        text=again.evidence_text,
        exhibits=[
            Exhibit(
                proves=Proves(one.kind),
                name=one.attachment.name,
                content_type=one.attachment.content_type,
                content=read_file(one.attachment),
            )
            for one in files.order_by("pk")
        ],
    )
    settle_evidence(dispute_id, number=again.evidence_number, answer=provider.give_evidence(evidence))


@service
def settle_evidence(dispute_id: int, *, number: int, answer: Answer) -> Dispute:
    """Write down what the provider said to our evidence. Repeated, or about an earlier one, it changes nothing."""
    order, _payment = take_payment(Dispute.objects.values_list("payment", flat=True).get(pk=dispute_id))
    dispute = Dispute.objects.get(pk=dispute_id)
    if dispute.evidence_number != number or not dispute.is_on_its_way:
        return dispute
    when = timezone.now()
    if not answer.ok:
        dispute.evidence_failure = (answer.reason or _("The provider gave no reason"))[:300]
        dispute.save(update_fields=["evidence_failure"])
        fact = about_dispute(EvidenceRefused, order, dispute, reason=dispute.evidence_failure)
        emit(fact, actor=SYSTEM, at=when)
        return dispute
    dispute.evidence_sent = True
    dispute.save(update_fields=["evidence_sent"])
    close_exceptions(dispute, actor=SYSTEM, at=when)
    emit(about_dispute(EvidenceTaken, order, dispute), actor=SYSTEM, at=when)
    return dispute


def send_waiting_evidence(payment_id: int) -> bool:
    """Give the provider what he may not have heard; returns whether something still waits. Raises ProviderSilent."""
    waiting = Dispute.objects.filter(payment=payment_id, status=Dispute.Status.OPEN, evidence_given_at__isnull=False)
    for dispute in waiting.order_by("pk"):
        send_evidence(dispute.pk)
    return any(one.is_on_its_way for one in waiting.all())


# The clock ---------------------------------------------------------------------------------------


def watch_disputes(now: datetime | None = None, *, limit: int = 500) -> int:
    """Open an exception for each dispute that has to be answered within two days. Returns how many."""
    when = now or timezone.now()
    due = Dispute.objects.filter(
        status=Dispute.Status.OPEN, evidence_sent=False, evidence_due_at__lte=when + AHEAD, evidence_due_at__gt=when
    )
    found = due.order_by("evidence_due_at", "pk")[:limit]
    return sum(report_due_evidence(one.pk, now=when) for one in found if not one.is_on_its_way)


@service
def report_due_evidence(dispute_id: int, *, now: datetime) -> bool:
    """Remind finance of a dispute that nobody has answered yet, once; False where that is over."""
    order, _payment = take_payment(Dispute.objects.values_list("payment", flat=True).get(pk=dispute_id))
    dispute = Dispute.objects.get(pk=dispute_id)
    due_at = dispute.evidence_due_at
    if not dispute.takes_evidence or due_at is None or due_at > now + AHEAD:
        return False
    if OrderException.objects.filter(dedupe_key=due_key(dispute)).exists():
        return False
    day = timezone.localdate(due_at).isoformat()
    orders.open_exception(
        category="dispute",
        title=EVIDENCE_DUE(day=day, amount=disputed_money(dispute), order=order),
        dedupe_key=due_key(dispute),
        order_id=order.pk,
        severity=OrderException.Severity.CRITICAL,
        payload={"dispute": dispute.code},
        due_at=max(due_at - timedelta(hours=4), now),
        at=now,
    )
    return True
