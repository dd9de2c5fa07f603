"""Pages as tests read them: as `html.parser` would tell of them, by a parser that is written in C.

The crawls read some thousand pages, and `html.parser` takes three times as long for each.
"""

from collections.abc import Mapping
from typing import Any

from lxml import etree


class Page:
    """Tells of what stands in a page, in order: `opens` for each tag, `says` for text, `closes` for an end.

    An attribute without a value has an empty one.
    """

    def read(self, text: str) -> None:
        """Go through a page."""
        # A sign that no page can hold would end the reading.
        parser = etree.HTMLParser(target=_Teller(self), huge_tree=True)
        parser.feed(text.replace("\0", ""))
        parser.close()

    def opens(self, tag: str, given: Mapping[str, str]) -> None:
        """Hear of a tag and its attributes."""

    def says(self, text: str) -> None:
        """Hear of text."""

    def closes(self, tag: str) -> None:
        """Hear of the end of an element."""


class _Teller:
    """What lxml calls (see lxml.de/parsing.html, "The target parser interface")."""

    def __init__(self, page: Page) -> None:
        self.start, self.data, self.end = page.opens, page.says, page.closes

    def close(self) -> Any:
        """Nothing was built."""
