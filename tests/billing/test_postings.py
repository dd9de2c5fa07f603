"""Which accounts a document moves: worked out from what it says, without a database."""

from decimal import Decimal

from billing import postings


def document(country: str) -> dict[str, object]:
    part = {"category": "S", "rate": "0.20", "net": "10.00", "tax": "2.00", "rounding": "0.00"}
    totals = {"net_total": Decimal(10), "tax_total": Decimal(2), "rounding": Decimal(0), "total": Decimal(12)}
    return {"tax_breakdown": [part], "ship_to": {"country": country}, "seller": {}, **totals}


def test_tax_is_owed_to_the_country_as_which_a_place_counts():
    legs = postings.document_legs(document("MC"), customer_id=1, invoice_id=2)

    assert [(leg.kind, leg.detail, leg.amount) for leg in legs] == [
        ("receivable", "", Decimal(12)),
        ("revenue", "FR:S:0.2000", Decimal(-10)),
        ("tax", "FR:0.2000", Decimal(-2)),
    ]
    assert [leg.detail for leg in postings.document_legs(document("AT"), customer_id=1, invoice_id=2)] == [
        "",
        "AT:S:0.2000",
        "AT:0.2000",
    ]
