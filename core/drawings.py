"""A page that many have open is drawn once for all who may see the same of it, when it changes.

Fifty colleagues who look at one record fetch it in the same second. Each fetch is checked by itself: who asks, what
they may do, whether the record is there for them. What it looks like is then drawn by the first of them, and handed to
the others as far as nothing of it is about the reader: their powers and limits, language and zone are told apart
beforehand, and a drawing that asks for more than these is kept for nobody. What a page says about its reader is
registered:

    @personal("app.thing")
    def mine(request, thing):
        return thing.owner_id == request.user.pk
"""

import hashlib
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from core import sight
from core.marks import mark_of
from core.service import thread_of

# Longer than the pages need that hear of a change, shorter than anybody waits for what is not in the history.
KEPT = 5
ALONE = "alone"
# What of a reader a drawing may depend on: all of it is in the key, or follows from what is there.
RIGHTS = ("is_superuser", "is_staff", "is_active", "limits", "language", "time_zone", "shortcut_keys")
SHARED = frozenset(
    {*RIGHTS, "is_authenticated", "is_anonymous", "has_perm", "has_perms", "has_module_perms", "get_all_permissions"}
)
# Each page carries its own, which the script keeps.
TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]*')

Personal = Callable[[HttpRequest, Any], object]
P = TypeVar("P", bound=Personal)
PERSONAL: dict[str, list[Personal]] = defaultdict(list)


def personal(page: str) -> Callable[[P], P]:
    """Register what a page shows about its reader, beyond what they may do."""

    def register(function: P) -> P:
        PERSONAL[page].append(function)
        return function

    return register


class Reader(SimpleLazyObject):  # type: ignore[type-arg]
    """Who reads, while a drawing is made for everybody like them: notes when it is asked who that is."""

    def __init__(self, user: Any) -> None:
        super().__init__(lambda: user)
        self.__dict__["was_named"] = False

    def __getattr__(self, name: str) -> Any:
        """Answer, and note what tells one reader from another."""
        if name not in SHARED and not name.startswith("__"):
            self.__dict__["was_named"] = True
        return super().__getattr__(name)  # type: ignore[misc]


class _Turns:
    """Lets one thread of this process draw, and those who want the same wait for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def take(self, key: str) -> Iterator[None]:
        with self.lock:
            turn, many = self.waiting.get(key, (threading.Lock(), 0))
            self.waiting[key] = (turn, many + 1)
        try:
            with turn:
                yield
        finally:
            with self.lock:
                turn, many = self.waiting.pop(key)
                if many > 1:
                    self.waiting[key] = (turn, many - 1)


_turns = _Turns()


def drawn_once(request: HttpRequest, page: str, record: Any, draw: Callable[[], TemplateResponse]) -> HttpResponse:
    """Return a page as it stands after the last entry of its record's history.

    The caller has seen to it that this reader may see the record.
    """
    key = _key(request, page, record)
    if (kept := cache.get(key)) is None:
        with _turns.take(key):
            if (kept := cache.get(key)) is None:
                text, is_shared = _drawn(request, draw)
                cache.set(key, text if is_shared else ALONE, KEPT)
                return HttpResponse(text)
    return HttpResponse(_drawn(request, draw)[0] if kept == ALONE else kept)


def _drawn(request: HttpRequest, draw: Callable[[], TemplateResponse]) -> tuple[str, bool]:
    """Return the text of a page, and whether it is the same for everybody with the same rights."""
    user = request.user
    reader = Reader(user)
    request.user = reader  # type: ignore[assignment]
    try:
        text = draw().render().content.decode()
    finally:
        request.user = user
    return TOKEN.sub(r"\1", text), not vars(reader)["was_named"]


def _key(request: HttpRequest, page: str, record: Any) -> str:
    """Return what tells drawings apart: the page, how far its history went, and what this reader sees of it."""
    user: Any = request.user
    rights = [repr(getattr(user, name, None)) for name in RIGHTS]
    powers = "" if user.is_superuser else ",".join(sorted(user.get_all_permissions()))
    about = [repr(function(request, record)) for function in PERSONAL[page]]
    place = [request.get_full_path(), str(mark_of([thread_of(record)])), timezone.get_current_timezone_name()]
    said = "\n".join([*place, str(get_language()), sight.key(), powers, *rights, *about])
    return f"drawing:{hashlib.sha256(said.encode()).hexdigest()}"
