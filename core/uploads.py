"""Files that people bring along: which are taken, how large, and as what they are handed out again.

A file is what its name and its first bytes say, never what a browser claims. What a browser would run (pages,
scripts, pictures that are programs) is not among them; and all are only ever handed out to be saved.
"""

from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

MOST_BYTES = 10 * 1024 * 1024
MOST_IN_ALL = 25 * 1024 * 1024
MOST_AT_ONCE = 10
WORD = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"
ZIPPED = (b"PK\x03\x04",)
# By the ending of the name: what it is called, and how such a file begins.
TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)),
    "pdf": ("application/pdf", (b"%PDF-",)),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "eml": ("message/rfc822", ()),
    "docx": (f"{WORD}.wordprocessingml.document", ZIPPED),
    "xlsx": (f"{WORD}.spreadsheetml.sheet", ZIPPED),
    "odt": (f"{OPEN}.text", ZIPPED),
    "ods": (f"{OPEN}.spreadsheet", ZIPPED),
    "zip": ("application/zip", ZIPPED),
}
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
ACCEPT = ",".join(f".{ending}" for ending in TYPES)
LONGEST_NAME = 120


@dataclass(frozen=True)
class NewFile:
    """A file that somebody brought along and that may be kept."""

    name: str
    content: bytes
    content_type: str


def why_not(name: str, size: int, beginning: bytes) -> str:
    """Return why a file is not taken, or nothing if it is."""
    said = {"name": _shortened(name), "most": filesizeformat(MOST_BYTES)}
    kind = TYPES.get(ending_of(name))
    if kind is None:
        return _("“%(name)s” is of a type that is not taken.") % said
    if not size:
        return _("“%(name)s” is empty.") % said
    if size > MOST_BYTES:
        return _("“%(name)s” is larger than %(most)s.") % said
    if kind[1] and not beginning.startswith(kind[1]):
        return _("“%(name)s” is not what its name says.") % said
    return ""


def ending_of(name: str) -> str:
    """Return the ending of a name, by which people and we know what it is."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def made_of(name: str, content: bytes) -> NewFile:
    """Return a file that is taken, under a name that is one on every disk."""
    return NewFile(_shortened(name), content, TYPES[ending_of(name)][0])


def _shortened(name: str) -> str:
    """Take away a folder and what is no sign; of a long name its ending stays."""
    base = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign for sign in base if sign.isprintable()).strip() or "file"
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 9]}…{plain[-8:]}"
