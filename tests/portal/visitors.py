"""What visitors of the portal type and see."""

import re
from typing import Any

ADDRESS = {
    "email": "ada@example.com",
    "name": "Ada Byron",
    "line1": "1 Main St",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
    "shipping_method": "standard",
    "payment_terms": "prepaid",
}


def text_of(answer: Any) -> str:
    """Return the words of a page, without its markup."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain.replace("\u00a0", " ").replace("&#x27;", "'"))


def faults_of(answer: Any) -> dict[str, list[str]]:
    """Return what stands beside each field of a form."""
    return {name: list(said) for name, said in answer.context["form"].errors.items()}
