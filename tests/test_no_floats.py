"""No float touches money: no literal, no `float`, and no division of two whole numbers, which would make one.

Read from the code, since a float that is wrong by a tenth of a cent is wrong in one case of a thousand.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.test_architecture import ROOT, called, parsed, sources

MONEY = ("billing", "orders", "pricing", "returns")
ALSO = ("core/money.py", "core/numbering.py", "core/reader.py")
# Trials and commands count cases, seconds and shares, and hand no amount on.
NO_MONEY = ("billing/proofs/", "/management/")
# Seconds: how long something is kept, waited for or tried.
SECONDS = {"TURN_S", "ROUND", "PATIENCE", "MAX_AGE", "TIMEOUT", "max_age", "timeout"}
# What is no money in a file of its own: how alike two names are, and shares of counts that are shown.
NAMED = {
    "orders/admin/today.py": "how many of a hundred orders",
    "orders/likely_pairs.py": "dice",
    "orders/panels/customer.py": "how many of a hundred units came back",
    "orders/verification/likeness.py": "how alike two names are",
}
# Names that hold whole numbers wherever money is reckoned with.
WHOLE = {
    "allocated", "came_back", "cancelled", "count", "credited", "days", "done", "invoiced", "n", "orders", "parts",
    "place", "quantity", "returned", "shipped", "taken", "units", "whole_units",
}  # fmt: skip
WHOLE_CALLS = {"int", "len", "count"}


def floats_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Return every float of some code that is no time, with its line."""
    times = {id(value) for node in ast.walk(tree) for value in _seconds(node)}
    for node in ast.walk(tree):
        if id(node) in times:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node.lineno, f"the literal {node.value}"
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "float"
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            left, right = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
            if _is_whole(left) and _is_whole(right):
                yield node.lineno, f"{ast.unparse(node)}: two whole numbers make a float"


def _seconds(node: ast.AST) -> Iterator[ast.AST]:
    """Return what is said to be a time: `TIMEOUT = 20.0`, `max_age=5.0`, `timeout: float`."""
    if isinstance(node, ast.Assign) and {getattr(target, "id", "") for target in node.targets} <= SECONDS:
        yield node.value
    if isinstance(node, ast.keyword) and node.arg in SECONDS:
        yield node.value
    if isinstance(node, ast.arg) and node.arg in SECONDS and node.annotation:
        yield node.annotation


def _is_whole(node: ast.AST) -> bool:
    """Say whether something is a whole number for sure."""
    if isinstance(node, ast.BinOp):
        return _is_whole(node.left) and _is_whole(node.right)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    if isinstance(node, ast.Call):
        return called(node) in WHOLE_CALLS
    if isinstance(node, ast.Subscript):
        return _is_whole(node.value)
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) in WHOLE


def test_no_float_touches_money():
    found = []
    trees = sources(*MONEY) | {path: parsed(ROOT / path) for path in ALSO}
    for path, tree in trees.items():
        if path in NAMED or any(part in path for part in NO_MONEY):
            continue
        found += [f"{path}:{line} {said}" for line, said in floats_in(tree)]
    assert len(trees) > 200
    assert found == []


def test_every_named_exception_still_has_a_float():
    assert [path for path in NAMED if not list(floats_in(parsed(ROOT / path)))] == []


@pytest.mark.parametrize(
    "code",
    [
        "total = amount * 1.19", "total = float(amount)", "def share(total: float): ...", "part = 1 / 3",
        "part = line.shipped / line.quantity", "part = (taken + units) * 2 / line.quantity", "rate = len(rows) / 7",
        "units /= 2", "rows[0].quantity / count(1)", "DISCOUNT = 0.5", "round_amount(amount, by=1e-2)",
    ],
)  # fmt: skip
def test_a_float_is_found(code):
    assert list(floats_in(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "total = amount * units / quantity", "TIMEOUT = 5.0", "Kept(read, max_age=60.0)", "net = gross / (1 + rate)",
        "def ask(*, timeout: float = TIMEOUT): ...", "half = off / 2", "pages = quantity // 2",
    ],
)  # fmt: skip
def test_a_decimal_or_a_time_is_none(code):
    assert list(floats_in(ast.parse(code))) == []
