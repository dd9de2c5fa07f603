"""What an order costs, worked out from plain values: every figure with its reason. No Django, no database."""

from .quoting import quote
from .treatment import EU_COUNTRIES, EXEMPT, NOT_STATED, TaxRateMissing, Treatment, treat, vat_country
from .values import (
    CHARGE_KINDS,
    AmountTooLarge,
    ChargeInput,
    DiscountTooLarge,
    GoodsLine,
    InvalidPrice,
    InvalidTax,
    PriceSource,
    PromotionRule,
    Quote,
    QuotedCharge,
    QuotedLine,
    QuoteRequest,
    TaxSituation,
)

__all__ = [
    "CHARGE_KINDS",
    "EU_COUNTRIES",
    "EXEMPT",
    "NOT_STATED",
    "AmountTooLarge",
    "ChargeInput",
    "DiscountTooLarge",
    "GoodsLine",
    "InvalidPrice",
    "InvalidTax",
    "PriceSource",
    "PromotionRule",
    "Quote",
    "QuoteRequest",
    "QuotedCharge",
    "QuotedLine",
    "TaxRateMissing",
    "TaxSituation",
    "Treatment",
    "quote",
    "treat",
    "vat_country",
]
