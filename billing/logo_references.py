"""How much an SVG draws, where its shapes lead to masks and clips, whose shapes lead to others.

Ten shapes that each ask for a mask of ten shapes that each ask for another are drawn ten times ten times ten times:
a few hundred bytes can keep a processor for hours. So what is drawn is counted before anything is drawn.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from django.utils.translation import gettext as _

# So many shapes are drawn in all, those of a mask once for each shape that asks for it.
MOST_DRAWN = 10_000
# So far one leads to the next.
FARTHEST = 8
Node = ElementTree.Element
_LEADS_TO = re.compile(r"url\s*\(\s*['\"]?\s*#([^'\")]*)", re.IGNORECASE)
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIMPLE = re.compile(r"[.#]?[\w-]+")
EVERYTHING = "*"


class TooMuch(Exception):
    """A picture draws more than it should; why stands in it, in words."""


@dataclass(frozen=True)
class Reach:
    """How many shapes are drawn for an element, and how far it leads."""

    drawn: int
    far: int


def why_too_much(root: Node) -> str:
    """Return why a picture draws too much, in words; nothing where it does not."""
    try:
        drawn = _Counting.of(root).reach(root).drawn
    except TooMuch as reason:
        return str(reason)
    return _again_and_again() if drawn > MOST_DRAWN else ""


def _again_and_again() -> str:
    return _("The SVG draws its shapes again and again by masks and clips: more than %(n)s of them.") % {
        "n": MOST_DRAWN
    }


@dataclass
class _Counting:
    """The elements that are led to, what a stylesheet adds, and what is counted already."""

    named: dict[str, Node]
    styled: dict[str, set[str]]
    known: dict[Node, Reach] = field(default_factory=dict)
    open: set[Node] = field(default_factory=set)

    @classmethod
    def of(cls, root: Node) -> "_Counting":
        """Read the names and the stylesheets of a picture."""
        named: dict[str, Node] = {}
        styled: dict[str, set[str]] = defaultdict(set)
        for node in root.iter():
            if name := node.get("id"):
                named.setdefault(name.strip(), node)
            if str(node.tag).endswith("}style"):
                _read_style("".join(node.itertext()), styled)
        return cls(named, styled)

    def reach(self, node: Node, far: int = 0) -> Reach:
        """Count what is drawn for an element, which is so far led to. Raises TooMuch."""
        if node in self.known:
            return self.known[node]
        if node in self.open:
            raise TooMuch(_("The SVG leads from a mask or clip back to itself."))
        if far > FARTHEST:
            raise TooMuch(_too_far())
        self.open.add(node)
        inner = [self.reach(one, far) for one in node]
        led = [self.reach(self.named[name], far + 1) for name in self._leads_to(node) if name in self.named]
        found = Reach(
            1 + sum(one.drawn for one in (*inner, *led)),
            max((*(one.far for one in inner), *(one.far + 1 for one in led)), default=0),
        )
        if found.far > FARTHEST:
            raise TooMuch(_too_far())
        if found.drawn > MOST_DRAWN:
            raise TooMuch(_again_and_again())
        self.open.discard(node)
        self.known[node] = found
        return found

    def _leads_to(self, node: Node) -> Iterator[str]:
        """Yield the names that an element leads to, each as often as it says so."""
        for key, value in node.attrib.items():
            if key.rpartition("}")[2].lower() == "href":
                yield value.strip().removeprefix("#")
            else:
                yield from (name.strip() for name in _LEADS_TO.findall(value))
        tag = str(node.tag).rpartition("}")[2]
        ours = {EVERYTHING, tag, *(f".{name}" for name in node.get("class", "").split())}
        if name := node.get("id"):
            ours.add(f"#{name}")
        if tag != "style":
            yield from (target for one in ours if one in self.styled for target in self.styled[one])


def _too_far() -> str:
    return _("The SVG leads from mask to mask more than %(n)s times.") % {"n": FARTHEST}


def _read_style(text: str, styled: dict[str, set[str]]) -> None:
    """Note for which elements a stylesheet leads where; what is not simple is taken to be for every element."""
    text = _COMMENT.sub(" ", text)
    for chosen, said in _RULE.findall(text):
        targets = {name.strip() for name in _LEADS_TO.findall(said)}
        for one in chosen.split(",") if targets else ():
            name = one.strip()
            styled[name if _SIMPLE.fullmatch(name) else EVERYTHING] |= targets
    styled[EVERYTHING] |= {name.strip() for name in _LEADS_TO.findall(_RULE.sub(" ", text))}
