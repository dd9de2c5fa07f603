"""What services write down for people is a sentence that every reader gets in his own language."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

APPS = ("billing", "fulfillment", "integrations", "inventory", "orders", "returns")
# Arguments that are kept and shown; what is handed on in them was a sentence before, or was typed by somebody.
KEPT = {"failure", "note", "reason", "resolution", "solved", "title", "why"}
TRANSLATED = {"_", "gettext", "ngettext"}


def files() -> Iterator[Path]:
    for app in APPS:
        for pattern in ("services.py", "services/**/*.py", "gateways/*.py", "handlers.py"):
            yield from sorted((settings.BASE_DIR / app).glob(pattern))


def values(tree: ast.AST) -> Iterator[tuple[int, ast.expr]]:
    """Yield what is given in arguments that are kept; of a choice, both ways."""
    for node in ast.walk(tree):
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            if keyword.arg in KEPT:
                yield from ((node.lineno, one) for one in _ways(keyword.value))


def _ways(value: ast.expr) -> list[ast.expr]:
    match value:
        case ast.BoolOp():
            return [way for one in value.values for way in _ways(one)]
        case ast.IfExp():
            return [*_ways(value.body), *_ways(value.orelse)]
        case ast.Subscript() | ast.BinOp():
            return _ways(value.value if isinstance(value, ast.Subscript) else value.left)
    return [value]


def is_told_to_one(value: ast.expr) -> bool:
    """Whether it is plain English, or in the language of whoever happened to act. A code is one small word."""
    match value:
        case ast.JoinedStr():
            return True
        case ast.Constant(value=str(text)):
            return " " in text or text[:1].isupper()
        case ast.Call(func=ast.Name(id=name)):
            return name in TRANSLATED
    return False


def test_no_service_keeps_words_that_only_some_can_read():
    read = list(files())

    found = [
        f"{path.relative_to(settings.BASE_DIR)}:{line} {ast.unparse(value)[:60]}"
        for path in read
        for line, value in values(ast.parse(path.read_text()))
        if is_told_to_one(value)
    ]

    assert len(read) > 150
    assert found == []


def test_the_rule_finds_what_it_is_about():
    code = """
advance(order, note="Not paid", reason=f"Change {change}", why=why or _("Gone"), title=(f"{a} b")[:300])
advance(order, note=NOT_PAID(), reason=reason, why="paid", title=LOST(order=order)[:300], resolution="")
"""
    told = [ast.unparse(value) for _line, value in values(ast.parse(code)) if is_told_to_one(value)]

    assert told == ["'Not paid'", "f'Change {change}'", "_('Gone')", "f'{a} b'"]
