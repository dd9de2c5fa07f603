"""Bank transfers among very many open invoices: found as if each were looked at, without looking at each."""

import random
import time
from decimal import Decimal

import pytest

from billing import bank_matching
from billing.bank_matching import Confidence, Match, Open, Waiting, match

FIRST = ["Ada", "Jörg", "Maya", "Inés", "Tom", "Lena", "Grace", "Łukasz"]
LAST = ["Byron", "Müller", "Hopper", "Schmidt", "Meier", "Linde", "Ng", "d’Arc", "Süd"]
HOUSES = ["", "", " GmbH", " & Co. KG", " Ltd"]


def some_invoices(dice, count, *, names=200):
    people = [f"{dice.choice(FIRST)} {dice.choice(LAST)}{n or ''}{dice.choice(HOUSES)}" for n in range(names)]
    people += FIRST[:3] + LAST[:3]
    return [
        Open(
            pk,
            f"{dice.choice(('', 'AT-'))}INV-{pk:06d}",
            f"SO-{pk // 2:06d}",
            dice.choice(people),
            dice.choice(("EUR", "EUR", "GBP")),
            Decimal(dice.choice((dice.randint(1, 99_999), 999, 4_995))).scaleb(-2),
        )
        for pk in range(1, count + 1)
    ]


def a_transfer(dice, invoices):
    one, other = dice.choice(invoices), dice.choice(invoices)
    text = dice.choice(
        ("", "Danke", one.number, one.number.lower().replace("-", ""), f"{one.number} {other.number}", one.order,
         f"Rechnung {one.number.lstrip('AT-')}", "RE 77")
    )  # fmt: skip
    name = dice.choice(
        (one.customer, one.customer.upper(), other.customer, one.customer.split()[0], "", "Nobody Else")
    )
    amount = dice.choice((one.amount, one.amount, one.amount + other.amount, one.amount + 1, Decimal("9.99")))
    return {"text": text, "name": name, "amount": amount}


def looked_at_one_by_one(*, text, name, amount, invoices):
    """Say what a transfer is for by comparing it with each open invoice: slow, and easily seen to be right."""
    found, key = bank_matching.numbers_in(text), bank_matching.key_of
    if named := [one for one in invoices if key(one.number) in found]:
        why = [bank_matching.BY_INVOICE(number=one.number) for one in named]
        return bank_matching._weigh(named, why, amount, name)
    if named := [one for one in invoices if key(one.order) in found]:
        why = [bank_matching.BY_ORDER(number=number) for number in dict.fromkeys(one.order for one in named)]
        return bank_matching._weigh(named, why, amount, name)
    same = [one for one in invoices if one.amount == amount]
    theirs = [one for one in invoices if bank_matching.is_same_name(name, one.customer)]
    both = [one for one in same if one in theirs]
    if len(both) == 1:
        why = (bank_matching.SAME_NAME, bank_matching.SAME_AMOUNT)
        return Match(Confidence.LIKELY, why, ((both[0].pk, amount),))
    if both:
        return Match(Confidence.NONE, (bank_matching.SAME_NAME, bank_matching.SEVERAL(n=len(both))))
    if theirs and sum(one.amount for one in theirs) == amount:
        why = (bank_matching.SAME_NAME, bank_matching.SAME_SUM)
        return Match(Confidence.LIKELY, why, tuple((one.pk, one.amount) for one in theirs))
    if len(same) == 1:
        why = (bank_matching.SAME_AMOUNT, bank_matching.ONLY_ONE, bank_matching.OTHER_NAME)
        return Match(Confidence.POSSIBLE, why, ((same[0].pk, amount),))
    if len(theirs) == 1:
        return bank_matching._weigh(theirs, [bank_matching.SAME_NAME], amount, name, best=Confidence.POSSIBLE)
    return Match(Confidence.NONE, (bank_matching.SEVERAL(n=len(same)),) if same else (bank_matching.NOTHING,))


@pytest.mark.parametrize("seed", range(6))
def test_the_same_is_found_as_by_looking_at_every_invoice(seed):
    dice = random.Random(seed)
    invoices = [one for one in some_invoices(dice, 150, names=25) if one.currency == "EUR"]
    waiting, found = Waiting(invoices), set()
    for _ in range(300):
        said = a_transfer(dice, invoices)
        wanted = looked_at_one_by_one(**said, invoices=invoices)
        assert waiting.match(**said) == wanted, said
        assert match(**said, currency="EUR", invoices=invoices) == wanted
        assert match(**said, currency="GBP", invoices=invoices).parts == ()
        found.add((wanted.confidence, len(wanted.why)))
        # What a transfer pays is gone for the next one.
        if wanted.parts and dice.random() < 0.1:
            gone = next(one for one in invoices if one.pk == wanted.parts[0][0])
            waiting.take(gone)
            invoices.remove(gone)
    assert {confidence for confidence, _ in found} == set(Confidence)


def test_five_thousand_transfers_look_at_few_of_twenty_thousand_open_invoices(monkeypatch):
    dice = random.Random(1)
    invoices = some_invoices(dice, 20_000, names=8_000)
    compared = 0
    same_words = bank_matching.are_same_words

    def counted(mine, theirs):
        nonlocal compared
        compared += 1
        return same_words(mine, theirs)

    monkeypatch.setattr(bank_matching, "are_same_words", counted)
    transfers = [a_transfer(dice, invoices) for _ in range(5_000)]
    began = time.process_time()
    waiting = bank_matching.by_currency(invoices)["EUR"]
    for said in transfers:
        waiting.match(**said)

    # Each with each would be a hundred million.
    assert compared < 500_000
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    "text", ["a" * 500, "a " * 250, "a-" * 250, "Überweisungsauftragsbestätigung" * 10, "INV " * 125]
)
def test_a_long_text_without_a_number_is_read_at_once(text):
    began = time.process_time()
    assert bank_matching.numbers_in(text) == set()
    assert time.process_time() - began < 1


def test_the_endings_of_the_words_before_a_number_are_all_tried():
    assert bank_matching.numbers_in("zu Rechnung AT-INV-000011") == {
        ("zurechnungatinv", "11"), ("rechnungatinv", "11"), ("atinv", "11"), ("inv", "11"),
    }  # fmt: skip
