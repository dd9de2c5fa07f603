"""Postal addresses as plain values, frozen on whatever was agreed with them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from core.countries import country_names


@dataclass(frozen=True, kw_only=True)
class PostalAddress:
    """Where something goes. `country` is ISO 3166-1 alpha-2, or empty where nobody knows it."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Self:
        """Read an address from its stored form; unknown fields are dropped."""
        data = data or {}
        return cls(**{key: str(data.get(key) or "") for key in cls.__dataclass_fields__})

    def as_dict(self) -> dict[str, str]:
        """Return the stored form."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the address as written on a label, without the phone number."""
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        parts = (self.company, self.name, self.line1, self.line2, town, self.region, self.country)
        return [part for part in parts if part]

    def spoken(self, language: str) -> list[str]:
        """Return the address for a reader: with the name of the country in place of its code."""
        lines = self.lines()
        if self.country:
            lines[-1] = country_names(language).get(self.country, self.country)
        return lines
