"""Bodies: JSON objects in UTF-8, and nothing that a database or a reader would choke on."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.parsers import BaseParser, MultiPartParser

from core.api.errors import TooLarge
from core.errors import Invalid
from core.uploads import MOST_IN_ALL

# Whoever reads it back, deep inside a page, has less of the stack left than we have here.
DEEPEST = 64
# More than any column holds.
MOST_DIGITS = 400


class Malformed(Invalid):
    """The body is not the JSON it should be."""

    code = "malformed"


class StrictJSONParser(BaseParser):
    """Reads what RFC 8259 calls JSON, as long as it is an object of a size that we take."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the object. Raises Malformed, or TooLarge."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge
        return read_object(raw)


class UploadParser(MultiPartParser):
    """Reads a form with files, of a size that we take; what is larger is refused before it is read."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the fields and the files. Raises TooLarge."""
        request = (parser_context or {})["request"]
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_IN_ALL + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        form = super().parse(stream, media_type, parser_context)
        fields = {name: values[0] if len(values) == 1 else values for name, values in form.data.lists()}
        if faults := [fault(pointer, "invalid_text", text) for pointer, text in bad_texts(fields)]:
            raise Invalid("A text holds characters that no text can hold", errors=faults[:100])
        return form


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that these bytes are. Raises Malformed with pointers to bad text."""
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite, parse_int=_short)
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8") from None
    except RecursionError:
        raise Malformed("The body is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"The body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Malformed("The body is not a JSON object", errors=[fault("", "not_an_object", "An object is needed")])
    if _depth(value) > DEEPEST:
        raise Malformed("The body is nested too deeply")
    if faults := [fault(pointer, "invalid_text", text) for pointer, text in bad_texts(value)]:
        raise Invalid("A text holds characters that no text can hold", errors=faults[:100])
    return value


def _depth(value: Any) -> int:
    """Count how deep objects and lists stand in each other, no further than it matters."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        insides = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        depth += bool(insides)
        level = [below for inside in insides for below in inside]
    return depth


def fault(pointer: str, code: str, detail: str) -> dict[str, str]:
    """Return one entry of `errors`."""
    return {"pointer": pointer, "code": code, "detail": detail}


def bad_texts(value: Any) -> Iterator[tuple[str, str]]:
    """Find NUL characters and halves of characters, in names and values alike."""
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        pointer, one = todo.pop()
        if isinstance(one, dict):
            for name, below in one.items():
                if why := _bad(name):
                    # Not below it: a pointer with such a name could not be written down.
                    yield pointer, f"A name {why}"
                    continue
                todo.append((f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", below))
        elif isinstance(one, list):
            todo.extend((f"{pointer}/{index}", below) for index, below in enumerate(one))
        elif isinstance(one, str) and (why := _bad(one)):
            yield pointer, f"The text {why}"


def _bad(text: str) -> str:
    if "\x00" in text:
        return "holds a NUL character"
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        return "holds half a character (a lone surrogate)"
    return ""


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _short(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError("a number is too large")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number
