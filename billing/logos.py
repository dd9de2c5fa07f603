"""A seller's logo: which pictures are taken, by what they are and not by their name, and how they get onto paper.

A picture of points is put into an SVG of its size, so that typst is given one kind of picture, as text. Of an SVG only
shapes are taken: nothing that runs, reaches out, moves, or repeats itself without end.
"""

import base64
import re
import struct
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from billing import logo_references

MOST_BYTES = 200 * 1024
MOST_POINTS = 3_000
MOST_SHAPES = 3_000
# So deep shapes may lie within each other.
DEEPEST = 60
PNG, JPEG, SVG = "image/png", "image/jpeg", "image/svg+xml"
ACCEPT = f"{PNG},{JPEG},{SVG}"
FORMATS = {PNG: "png", JPEG: "jpg", SVG: "svg"}
_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    (
        *("svg", "g", "defs", "title", "desc", "metadata", "style", "path", "rect", "circle", "ellipse", "line"),
        *("polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask"),
    )
)
# What drawing programs write beside the shapes, for themselves.
_NOTES = ("http://www.inkscape.org/", "http://sodipodi.", "http://www.w3.org/1999/02/22-rdf", "http://creativecommons.",
          "http://purl.org/dc/", "http://www.bohemiancoding.com/", "http://www.serif.com/")  # fmt: skip
# An address in a style that is not one within the picture.
_REACHES_OUT = re.compile(r"url\s*\(\s*['\"]?\s*(?!#|['\"])|@|\\|javascript:|expression\s*\(", re.IGNORECASE)
# Markers of a JPEG that say how large it is.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


def kind_of(content: bytes) -> str:
    """Return what a file is by its bytes, as a type of the web; nothing where it is none of the three."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    return SVG if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<svg" in content else ""


def why_not(content: bytes) -> str:
    """Return why a file is not taken as a logo, in words; nothing where it is."""
    if not content:
        return _("The file is empty.")
    if len(content) > MOST_BYTES:
        return _("The picture is larger than %(n)s kB.") % {"n": MOST_BYTES // 1024}
    kind = kind_of(content)
    if not kind:
        return _("This is no PNG, JPEG or SVG.")
    if kind == SVG:
        return _why_not_svg(content)
    width, height = size_of(content, kind)
    if not width or not height:
        return _("The picture is damaged.")
    if max(width, height) > MOST_POINTS:
        return _("The picture is larger than %(n)s points on one side.") % {"n": MOST_POINTS}
    return ""


def for_paper(content: bytes) -> str:
    """Return a logo that was taken as the text of an SVG."""
    kind = kind_of(content)
    if kind == SVG:
        return content.decode("utf-8-sig")
    width, height = size_of(content, kind)
    data = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="{_SVG}" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><image width="{width}" height="{height}" '
        f'xlink:href="data:{kind};base64,{data}"/></svg>'
    )


def size_of(content: bytes, kind: str) -> tuple[int, int]:
    """Return width and height of a picture of points; nothing of a damaged one."""
    try:
        if kind == PNG:
            name, width, height = struct.unpack(">4sII", content[12:24])
            return (width, height) if name == b"IHDR" else (0, 0)
        return _size_of_jpeg(content)
    except (struct.error, IndexError):
        return 0, 0


def _size_of_jpeg(content: bytes) -> tuple[int, int]:
    place = 2
    while content[place] == 0xFF:
        marker = content[place + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + int(struct.unpack(">H", content[place + 2 : place + 4])[0])
    return 0, 0


def _why_not_svg(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _("The picture is damaged.")
    # Entities can grow without end, and a doctype reaches out.
    if re.search(r"<!(DOCTYPE|ENTITY)|<\?xml-stylesheet", text, re.IGNORECASE):
        return _("The SVG holds %(what)s, which no logo may.") % {"what": "DOCTYPE"}
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without a doctype there are no entities
    except (ElementTree.ParseError, ValueError):
        return _("The picture is damaged.")
    if root.tag != f"{{{_SVG}}}svg":
        return _("This is no PNG, JPEG or SVG.")
    if what := _fault_of_all(root):
        return _("The SVG holds %(what)s, which no logo may.") % {"what": what[:40]}
    return logo_references.why_too_much(root)


def _fault_of_all(root: ElementTree.Element) -> str:
    """Return the first that is not taken, level by level: what is nested without end would end the drawing."""
    level, depth, count = [root], 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        if count > MOST_SHAPES or depth > DEEPEST:
            many = _("more than %(n)s shapes") % {"n": MOST_SHAPES}
            return many if depth <= DEEPEST else _("groups in groups without end")
        if what := next(filter(None, map(_fault_of, level)), ""):
            return what
        level = [inner for node in level for inner in node]
    return ""


def _fault_of(node: ElementTree.Element) -> str:
    """Return what of an element of an SVG is not taken."""
    space, _brace, name = str(node.tag).rpartition("}")
    space = space.lstrip("{")
    if space != _SVG:
        return "" if space.startswith(_NOTES) else name
    if name not in _SHAPES:
        return name
    for key, value in node.attrib.items():
        local = key.rpartition("}")[2].lower()
        if local.startswith("on") or (local == "href" and not value.strip().startswith("#")):
            return local
        if _REACHES_OUT.search(value) and local not in ("id", "label"):
            return local
    return "url()" if name == "style" and _REACHES_OUT.search(node.text or "") else ""
