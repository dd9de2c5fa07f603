"""What shuts somebody out of a page: asked of axe by day and by night, by keyboard, and on a small phone."""

from pathlib import Path
from typing import Any

import pytest

axe_base = pytest.importorskip("axe_playwright_python.base", reason="no axe: ./run setup --dev")

SERIOUS = ("serious", "critical")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TOOLS = f"{axe_base.AXE_SCRIPT}\n{Path(__file__).with_suffix('.js').read_text()}"


class Sweep:
    """Looks at pages one after the other in one window, and remembers the looks it has seen of them."""

    def __init__(self, page: Any) -> None:
        """Begin with a window, and nothing seen."""
        self.page = page
        self.known: dict[str, list[int]] = {"light": [], "dark": [], "focus": []}

    def look_at(self, path: str) -> list[Any]:
        """Open a page and return what shuts somebody out of it, also on a small phone."""
        page = self.page
        page.set_viewport_size({"width": 1280, "height": 900})
        answer = page.goto(path)
        # A refusal is a page, too.
        if answer.status not in (200, 403, 409):
            return [("status", answer.status)]
        found = self.look_here()
        page.set_viewport_size({"width": 320, "height": 640})
        wide = page.evaluate("sweep.wide()")
        return [*found, ("at 320 px", wide)] if wide else found

    def look_here(self) -> list[Any]:
        """Return what shuts somebody out of the page that is open, by day, by night and by keyboard."""
        page = self.page
        # Colours that are still on their way would be none of ours.
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.evaluate(TOOLS)
        found = [("light", *fault) for fault in page.evaluate("tags => sweep.rules(tags)", TAGS)]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += [(scheme, *fault) for fault in self._new(scheme, "contrast")]
        # Where a key was pressed last, a focus is shown.
        page.evaluate("() => { sweep.focused = document.activeElement }")
        page.keyboard.press("Tab")
        unseen = [("the focus is not seen", fault) for fault in self._new("focus", "focus")]
        return [*(fault for fault in found if fault[1] in SERIOUS), *unseen]

    def _new(self, kind: str, question: str) -> list[Any]:
        """Ask about the looks that no page had before, and remember them."""
        answer = self.page.evaluate(f"known => sweep.{question}(known)", self.known[kind])
        self.known[kind] += answer["looks"]
        return list(answer["faults"])
