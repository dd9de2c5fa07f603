"""Whether every issued document still says what it said, and follows the one before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from billing import chain, chaining
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, LegalEntity
from core.files import FileDamaged, read_file
from core.models import Attachment, NumberSeries

AT_ONCE = 500
MODELS: dict[str, tuple[Any, Any]] = {
    chain.INVOICE: (Invoice, InvoiceLine),
    chain.CREDIT_NOTE: (CreditNote, CreditNoteLine),
}
ALSO = ("number", "status", "place", "digest", "seal", "pdf_id")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a document: changed, missing, inserted, broken (does not follow), unchained or paper."""

    kind: str
    series: str
    document: str
    detail: str

    def __str__(self) -> str:
        return f"{self.document} ({self.series}): {self.detail}"


@dataclass
class Series:
    """A series that was walked: how many documents, and the seal of the last one."""

    key: str
    documents: int = 0
    last: int = 0
    seal: str = ""


@dataclass(frozen=True)
class _Where:
    kind: str
    seller: int | None
    series: str
    key: str


def verify(*, papers: bool = True) -> Iterator[Fault | Series]:
    """Walk all series in the order of their numbers, some hundred documents at a time.

    Tells every fault as it is found, and each series at its end. `papers`: read the kept PDFs as well.
    Documents that are issued meanwhile are looked at too.
    """
    for where in _all_series():
        yield from _walk(where, papers=papers)
    for kind, (model, _lines) in MODELS.items():
        loose = model._base_manager.filter(Q(place=None) | Q(place__lt=1))
        loose = loose.exclude(number=None, status=model.Status.DRAFT)
        for pk, number in loose.order_by("pk").values_list("pk", "number").iterator():
            yield Fault("unchained", kind, number or f"{kind} {pk}", "is issued and stands in no chain")


def _all_series() -> list[_Where]:
    """Return every series of which there is a document or a last number."""
    sellers = dict(LegalEntity.objects.values_list("code", "pk"))
    codes = {pk: code for code, pk in sellers.items()}
    found: dict[str, _Where] = {}
    for kind, (model, _lines) in MODELS.items():
        chained = model._base_manager.filter(place__isnull=False)
        for seller, series in chained.order_by().values_list("legal_entity_id", "series").distinct():
            key = chaining.series_key(kind, codes.get(seller, f"#{seller}"), series)
            found[key] = _Where(kind, seller, series, key)
        for key in NumberSeries.objects.filter(key__startswith=f"{kind}:").values_list("key", flat=True):
            # A key that somebody changed may say anything; it is told as a series without its documents.
            code, _colon, series = key.removeprefix(f"{kind}:").partition(":")
            found.setdefault(key, _Where(kind, sellers.get(code), series, key))
    return [found[key] for key in sorted(found)]


def _walk(where: _Where, *, papers: bool) -> Iterator[Fault | Series]:
    told = Series(where.key)
    stem = ""
    while True:
        # Read before the documents: whatever it counts is there to be read.
        tail = NumberSeries.objects.filter(key=where.key).values_list("last", "seal").first() or (0, "")
        before = told.last
        for head, digest in _documents(where, told.last):
            stem = chain.stem_of(head["number"] or "")
            yield from _judge(where, told, head, digest)
            if papers and head["pdf_id"]:
                yield from _judge_paper(where, head)
            told.documents += 1
            told.last, told.seal = head["place"], head["seal"]
        if told.last == before or told.last >= tail[0]:
            break
    last, seal = NumberSeries.objects.filter(key=where.key).values_list("last", "seal").first() or (0, "")
    if told.last < tail[0]:
        yield _missing(where, stem, told.last + 1, tail[0])
    elif told.last > last:
        yield Fault("inserted", where.key, chain.number_of(stem, told.last), f"the series ends at {last}")
    elif told.last == last and told.seal != seal:
        yield Fault("broken", where.key, chain.number_of(stem, last), "the series ends with another document")
    yield told


def _documents(where: _Where, after: int) -> Iterator[tuple[dict[str, Any], str]]:
    """Return the documents of a series behind a place, with the hash of what they say now."""
    model, lines = MODELS[where.kind]
    key = chaining.KINDS[where.kind][2]
    names = dict.fromkeys((*chain.HEAD[where.kind], *ALSO))
    mine = model._base_manager.filter(legal_entity=where.seller, series=where.series, place__isnull=False)
    last: tuple[int, int] = (after, 0)
    batch = list(mine.filter(place__gt=after).order_by("place", "pk").values(*names)[:AT_ONCE])
    while batch:
        yield from chaining.digests(where.kind, batch, lines, key)
        last = (batch[-1]["place"], batch[-1]["id"])
        twins = list(mine.filter(place=last[0], pk__gt=last[1]).order_by("pk").values(*names)[:AT_ONCE])
        following = mine.filter(place__gt=last[0]).order_by("place", "pk").values(*names)
        batch = twins or list(following[:AT_ONCE])


def _judge(where: _Where, told: Series, head: dict[str, Any], digest: str) -> Iterator[Fault]:
    """Compare one document with what it was, and with the one before it."""
    number, place = head["number"], head["place"]
    name = number or f"{where.kind} {head['id']}"
    is_twin = place == told.last and told.documents > 0
    if is_twin or place < 1:
        yield Fault("inserted", where.key, name, f"another document stands at place {place}")
    elif place > told.last + 1:
        yield _missing(where, chain.stem_of(number or ""), told.last + 1, place - 1)
    if head["status"] == "draft" or number != chain.number_of(chain.stem_of(number or ""), place):
        yield Fault("changed", where.key, name, f"it was issued with the number of place {place}")
    if digest != head["digest"]:
        yield Fault("changed", where.key, name, "it does not say any more what was issued")
    if not is_twin and place == told.last + 1 and head["seal"] != chain.seal_of(told.seal, place, head["digest"]):
        yield Fault("broken", where.key, name, "it does not follow the document before it")


def _missing(where: _Where, stem: str, first: int, last: int) -> Fault:
    names = [chain.number_of(stem or "…", place) for place in (first, last)]
    return Fault("missing", where.key, " to ".join(dict.fromkeys(names)), "is not there")


def _judge_paper(where: _Where, head: dict[str, Any]) -> Iterator[Fault]:
    """Read the kept PDF: it is the one of this document, and byte for byte what was kept."""
    kept = Attachment.objects.filter(pk=head["pdf_id"]).first()
    try:
        said = None if kept is None else (kept.name, kept.content_type, kept.thread)
        if kept is None or said != (f"{head['number']}.pdf", "application/pdf", f"orders.order:{head['order_id']}"):
            yield Fault("paper", where.key, str(head["number"]), "its PDF is that of another document")
        elif len(read_file(kept)) != kept.size:
            yield Fault("paper", where.key, str(head["number"]), "its PDF is not as long as the one that was kept")
    except FileDamaged as damaged:
        yield Fault("paper", where.key, str(head["number"]), f"its PDF: {damaged}")
