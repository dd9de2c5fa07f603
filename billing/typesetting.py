"""Paper: words and figures in, PDF out. What is printed is data to typst, never markup."""

import json
from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from segno import helpers

PAPER = Path(__file__).resolve().parent / "paper"
# What banks accept as the amount of a payment code (EPC069-12).
LEAST, MOST = "0.01", "999999999.99"


def draw(template: str, content: Mapping[str, Any]) -> bytes:
    """Let typst draw a template as a PDF that may be archived (PDF/A-3b)."""
    return bytes(
        typst.compile(
            str(PAPER / f"{template}.typ"),
            root=str(PAPER),
            sys_inputs={"content": json.dumps(content)},
            pdf_standards=["a-3b"],
            ignore_system_fonts=True,
        )
    )


def payment_code(*, name: str, iban: str, bic: str, amount: str, text: str) -> str:
    """Return the QR code that banking apps read (EPC069-12), as SVG."""
    code: segno.QRCode = helpers.make_epc_qr(
        name=name[:70], iban=iban, bic=bic or None, amount=Decimal(amount), text=text[:140]
    )
    out = BytesIO()
    code.save(out, kind="svg", border=0, xmldecl=False)
    return out.getvalue().decode()
