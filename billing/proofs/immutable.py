"""Issued documents stay: every door refuses to change them, and what somebody changes past all doors is found.

The doors are tried on real documents. Then the triggers are taken away, and edits of one byte are planted, one
after the other, at any column of a document, its rows, its series and its paper, or in the file: `verify_documents`
has to name each.
"""

import hashlib
import random
from collections import Counter
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import ProtectedError

from billing.models import Invoice
from billing.proofs.asking import Asked
from billing.proofs.doors import all_doors
from billing.proofs.planting import NotPlanted, any_edit, planted, targets, without_triggers
from billing.proofs.trial import Shop
from billing.services import render_credit_note_pdf, render_invoice_pdf
from billing.verifying import Fault, verify

DOCUMENTS = 24
MOST_TOLD = 20


def prove(asked: Asked) -> dict[str, Any]:
    """Try every door, and plant that many edits, on the database of this process, which is there for that."""
    documents = _issue(asked)
    asked.tell(f"{documents} documents are issued and printed; every door is tried")
    faults, tried = _doors(asked)
    faults += [f"before anything was planted: {told}" for told in verify() if isinstance(told, Fault)]
    asked.tell(f"{sum(tried.values())} attempts were made; {asked.cases:,} edits are planted")
    found, places, unseen = _plant(asked)
    return {
        "documents": documents,
        "seed": asked.seed,
        "attempts": dict(sorted(tried.items())),
        "attempts_that_succeeded": len(faults),
        "planted": asked.cases,
        "found": found,
        "places": len(places),
        "found_percent": round(100 * found / asked.cases, 2),
        "met": not faults and found == asked.cases,
        "told": [*faults, *unseen][:MOST_TOLD],
    }


def _issue(asked: Asked) -> int:
    shop, made = Shop(seed=asked.seed), 0
    while made < DOCUMENTS:
        for document, _kind in shop.documents():
            (render_invoice_pdf if isinstance(document, Invoice) else render_credit_note_pdf)(document.pk)
            made += 1
    return made


def _doors(asked: Asked) -> tuple[list[str], Counter[str]]:
    """Try every door; return those that opened, and how often each kind was tried."""
    faults: list[str] = []
    tried: Counter[str] = Counter()
    before = _everything()
    with transaction.atomic():
        for name, attempt in all_doors(asked.seed):
            tried[name.partition(":")[0]] += 1
            with suppress(DatabaseError, ProtectedError, NotPlanted), transaction.atomic():
                attempt()
                if _everything() != before:
                    faults.append(f"{name} went through")
                transaction.set_rollback(True)
        transaction.set_rollback(True)
    return faults, tried


def _everything() -> str:
    """Return a hash over every row of every issued document, its papers and its bytes."""
    said = hashlib.sha256()
    for model, row in targets():
        said.update(repr((model, [getattr(row, field.attname) for field in model._meta.concrete_fields])).encode())
    return said.hexdigest()


def _plant(asked: Asked) -> tuple[int, Counter[str], list[str]]:
    """Plant edits one after the other; return how many were found, where, and which were not."""
    dice = random.Random(asked.seed)  # noqa: S311 - no secret
    found, made, places, unseen = 0, 0, Counter[str](), list[str]()
    with without_triggers():
        rows = targets()
        while made < asked.cases:
            edit = any_edit(dice, rows)
            try:
                with planted(edit, dice):
                    seen = any(isinstance(told, Fault) for told in verify())
            except NotPlanted:
                continue
            made += 1
            found += seen
            places[f"{edit.model.__name__}.{edit.column}"] += 1
            if not seen:
                unseen.append(f"not found: {edit}")
            if made % 100 == 0:
                asked.tell(f"{made:,} of {asked.cases:,} planted, {found:,} found")
    return found, places, unseen
