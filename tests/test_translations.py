"""The German catalogue: whole, true to its originals, and compiled."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings

from core.models import OutgoingMail
from tests.scenarios import confirmed_order

FOLDER = Path(settings.BASE_DIR) / "locale" / "de" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}|</?\w+>")


def catalogue() -> Catalog:
    with (FOLDER / "django.po").open("rb") as source:
        return read_po(source, locale="de")


def texts(of: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (of,) if isinstance(of, str) else tuple(of)


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def by_original(of: list[Message]) -> dict[tuple[str | None, tuple[str, ...]], tuple[str, ...]]:
    """Return the translations by their originals; read_mo leaves contexts undecoded."""
    return {
        (m.context.decode() if isinstance(m.context, bytes) else m.context, texts(m.id)): texts(m.string) for m in of
    }


def test_every_string_is_translated_and_none_is_a_guess():
    assert messages()
    assert [m.id for m in messages() if m.fuzzy or not all(texts(m.string))] == []


def test_every_string_is_found_by_makemessages():
    """It knows the functions of Django and `_`; under another name their words are never collected."""
    renamed = re.compile(r"^from django\.utils\.translation import .*\bas (?!_$)\w+", re.MULTILINE)
    code = [path for app in settings.BASE_DIR.iterdir() if (app / "apps.py").exists() for path in app.rglob("*.py")]

    assert len(code) > 300
    assert [str(path) for path in code if renamed.search(path.read_text())] == []


def test_a_translation_has_the_placeholders_of_its_original():
    different = [
        (source, translation)
        for message in messages()
        for source, translation in zip(texts(message.id), texts(message.string), strict=True)
        if sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(translation))
    ]

    assert different == []


def test_what_is_compiled_is_what_is_written():
    with (FOLDER / "django.mo").open("rb") as compiled:
        read = by_original([message for message in read_mo(compiled) if message.id])

    assert read == by_original(messages())


@pytest.mark.django_db
def test_a_german_customer_reads_german(shop, run_debts):
    order = confirmed_order(language="de")

    run_debts()

    mail = OutgoingMail.objects.get(kind="order_confirmed")
    assert mail.subject == f"Ihre Bestellung {order.number} ist bestätigt"
    assert f"wir bestätigen Ihre Bestellung {order.number}." in mail.text
    assert "Bei Ihnen bis" in mail.text
