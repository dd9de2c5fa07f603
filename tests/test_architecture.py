"""The house rules that no import contract can see. Each test names the places that break a rule."""

import ast
import configparser
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django_fsm import FSMFieldMixin

from core.status import StatusField

ROOT = Path(__file__).resolve().parent.parent
MACHINES = {
    "Order",
    "OrderChange",
    "FulfillmentOrder",
    "Shipment",
    "Wave",
    "Payment",
    "Refund",
    "Invoice",
    "CreditNote",
    "Dispute",
    "ReturnRequest",
}
# Words of the trade. In core they would mean that a mechanism knows what it moves.
BUSINESS_NOUNS = {
    "basket", "cart", "carrier", "coupon", "customer", "fulfillment", "invoice", "order", "orderline", "parcel",
    "payment", "pricing", "product", "promotion", "refund", "reservation", "return", "shipment", "shipping", "sku",
    "stock", "warehouse",
}  # fmt: skip
# What Django and Python call a sequence, and a function that never comes back.
NOT_BUSINESS = {"order_by", "OrderBy", "ordering", "order", "ordered", "default_order", "NoReturn"}
WRITES = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete"}
RECORDS = {"advance", "emit", "write_entry", "note_change"}
# Many transactions on purpose, one per document, so that a killed run goes on where it stopped.
LONG_RUNS = {"import_orders"}
LONGEST = 400


def floors() -> list[list[str]]:
    """Read the floor plan from the import contracts, so that there is only one; the lowest first."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    layers = contracts["importlinter:contract:floors"]["layers"].split("\n")
    return [[app.strip("() ") for app in re.split("[|:]", layer)] for layer in reversed(layers) if layer.strip()]


FLOOR_OF = {app: level for level, names in enumerate(floors()) for app in names}
OUR_APPS = [app for app in FLOOR_OF if (ROOT / app).is_dir()]


@cache
def sources(*folders: str) -> dict[str, ast.Module]:
    """Parse what we wrote in these folders; migrations are written by Django."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return {str(path.relative_to(ROOT)): parsed(path) for path in paths if "migrations" not in path.parts}


@cache
def parsed(path: Path) -> ast.Module:
    """Parse a file, once for all rules."""
    return ast.parse(path.read_text(), filename=str(path))


def app_sources() -> dict[str, ast.Module]:
    """Parse every app."""
    return sources(*OUR_APPS)


def our_models() -> list[type[models.Model]]:
    """Return the models of our apps."""
    return [model for model in apps.get_models() if model._meta.app_label in FLOOR_OF]


def is_service_file(path: str) -> bool:
    """Say whether a file belongs to the services of an app."""
    return bool(re.match(r"\w+/services(\.py$|/)", path))


@cache
def calls(tree: ast.AST) -> tuple[ast.Call, ...]:
    """Find every call."""
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    """Return the last name of what is called."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def first_name(node: ast.AST) -> str:
    """Return what a chain of attributes and calls starts with."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", "")


# --- tables ---------------------------------------------------------------------------------


def test_every_app_of_the_settings_has_its_floor():
    assert [app for app in settings.OUR_APPS if app not in FLOOR_OF] == []


def test_keys_point_down_the_floors():
    upwards = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in our_models()
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model
        and (target := field.related_model._meta.app_label) in FLOOR_OF
        and target != model._meta.app_label
        and FLOOR_OF[target] >= FLOOR_OF[model._meta.app_label]
    ]  # fmt: skip
    assert upwards == []


def test_machines_are_protected_and_named_here():
    fields = [(model, field) for model in our_models() for field in model._meta.concrete_fields]
    machines = [(model, field) for model, field in fields if isinstance(field, FSMFieldMixin)]

    assert [f"{model.__name__}.{field.name}" for model, field in machines if not field.protected] == []
    assert {model.__name__ for model, _ in machines} <= MACHINES
    assert [f"{model.__name__}.{field.name}" for model, field in machines if field.name != "status"] == []
    # Any other slows down every migration.
    assert [model.__name__ for model, field in machines if not isinstance(field, StatusField)] == []


def test_no_model_overrides_save():
    overriding = [
        f"{parent.__module__}.{parent.__name__}"
        for model in our_models()
        for parent in model.__mro__
        if parent.__module__.split(".")[0] in FLOOR_OF and {"save", "delete"} & set(vars(parent))
    ]
    assert overriding == []


def test_no_column_is_a_float():
    floats = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FloatField)
    ]
    assert floats == []


# --- code -----------------------------------------------------------------------------------


def test_money_never_passes_through_a_float():
    found = []
    for path, tree in sources("pricing", "orders", "billing", "returns").items():
        found += [f"{path}:{call.lineno} float()" for call in calls(tree) if called(call) == "float"]
    for path, tree in app_sources().items():
        for call in calls(tree):
            floats = [a for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, float)]
            if called(call) in {"Decimal", "D", "Money"} and floats:
                found.append(f"{path}:{call.lineno} {called(call)}({floats[0].value})")
    assert found == []


def test_amounts_are_rounded_and_written_in_one_place():
    by_cash = {"format_currency", "get_currency_precision"}
    found = [
        f"{path}:{call.lineno}"
        for path, tree in app_sources().items()
        for call in calls(tree)
        if called(call) in by_cash
    ]
    assert {one.partition(":")[0] for one in found} == {"core/money.py"}


def test_state_is_read_anew_by_a_query_never_by_refresh_from_db():
    found = [
        f"{path}:{call.lineno}"
        for path, tree in app_sources().items()
        for call in calls(tree)
        if called(call) == "refresh_from_db"
    ]
    assert found == []


def test_nothing_happens_behind_a_signal():
    signals = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "receiver"}
    found = [
        f"{path}:{node.lineno} {alias.name}"
        for path, tree in app_sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"django.db.models.signals", "django.dispatch"}
        for alias in node.names
        if alias.name in signals
    ]
    assert found == []


def test_status_moves_through_one_door():
    """Machines move by `advance`; plain statuses by a conditional update in their own service."""
    found = []
    for path, tree in app_sources().items():
        for call in calls(tree):
            if called(call) != "update" or "status" not in {keyword.arg for keyword in call.keywords}:
                continue
            of_a_machine = isinstance(call.func, ast.Attribute) and first_name(call.func) in MACHINES
            if of_a_machine or not (is_service_file(path) or path.startswith("core/")):
                found.append(f"{path}:{call.lineno}")
    assert found == []


@pytest.mark.parametrize("app", OUR_APPS)
def test_public_services_are_annotated_and_write_only_inside_a_transaction(app):
    found = []
    counter = on_the_counter(app)
    for path, tree in sources(app).items():
        if not is_service_file(path):
            continue
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        writers = names_that_write(functions) - LONG_RUNS
        for name, function in functions.items():
            if not name.startswith("_") and (missing := unannotated(function)):
                found.append(f"{path}:{function.lineno} {name}: {', '.join(missing)} not annotated")
            asked_for_by_others = name in counter if counter is not None else not name.startswith("_")
            if asked_for_by_others and name in writers and not is_service(function):
                found.append(f"{path}:{function.lineno} {name} writes but is no @service")
    assert found == []


def on_the_counter(app: str) -> set[str] | None:
    """Return what a package of services offers; None where all services are in one file."""
    if not (tree := sources(app).get(f"{app}/services/__init__.py")):
        return None if (ROOT / app / "services.py").exists() else set()
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def is_service(function: ast.FunctionDef) -> bool:
    """Say whether a function opens (or joins) the transaction."""
    return any(first_name(decorator) == "service" for decorator in function.decorator_list)


def unannotated(function: ast.FunctionDef) -> list[str]:
    """Return what of a signature has no type."""
    signature = function.args
    arguments = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs, signature.vararg, signature.kwarg]
    missing = [argument.arg for argument in arguments if argument and argument.annotation is None]
    return missing if function.returns else [*missing, "the result"]


def names_that_write(functions: dict[str, ast.FunctionDef]) -> set[str]:
    """Return the functions of a module that change rows themselves, or through another one that is no service."""
    uses = {name: {called(call) for call in calls(function)} for name, function in functions.items()}
    writers = {
        name
        for name, function in functions.items()
        if uses[name] & (WRITES | RECORDS)
        or any(called(call) == "update" and any(key.arg for key in call.keywords) for call in calls(function))
    }
    while more := {
        name
        for name in functions
        if name not in writers and any(not is_service(functions[other]) for other in uses[name] & writers)
    }:
        writers |= more
    return writers


def test_imports_stand_at_the_top():
    """One place excepted: `ready`, because the app registry must load first."""
    found = [
        f"{path}:{inner.lineno}"
        for path, tree in app_sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and not (path.endswith("/apps.py") and node.name == "ready")
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_core_knows_no_business():
    found = {
        f"{path}:{line} {name}"
        for path, tree in sources("core").items()
        for line, name in identifiers(tree)
        if name not in NOT_BUSINESS and words(name) & BUSINESS_NOUNS
    }
    assert sorted(found) == [], "core knows no business"


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Find every name that we chose or used."""
    for node in ast.walk(tree):
        for attribute in ("id", "name", "attr", "arg", "module", "asname"):
            if isinstance(name := getattr(node, attribute, None), str):
                yield getattr(node, "lineno", 0), name


def words(name: str) -> set[str]:
    """Split an identifier into words, in the singular."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {part.lower() for part in parts} | {part.lower().removesuffix("s") for part in parts}


# --- files ----------------------------------------------------------------------------------


def test_no_file_is_longer_than_one_can_read():
    long = []
    for path in written_files():
        lines = path.read_text(errors="replace").splitlines()
        if len(lines) > LONGEST and "generated" not in lines[0].lower():
            long.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
    assert long == []


def written_files() -> list[Path]:
    """Return what people wrote and others will read: code, templates, styles, scripts."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    names = listed.splitlines() or [str(p.relative_to(ROOT)) for app in OUR_APPS for p in (ROOT / app).rglob("*")]
    suffixes = {".py", ".html", ".css", ".js", ".sh"}
    paths = [ROOT / name for name in names if Path(name).suffix in suffixes or name == "run"]
    return [path for path in paths if "migrations" not in path.parts and path.is_file()]
