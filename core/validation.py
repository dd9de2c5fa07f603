"""What a row may hold, asked of its own fields: a value that can never be right is refused with its name."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models

from core.errors import Invalid


def check_fields(row: models.Model, only: Iterable[str] | None = None) -> None:
    """Check lengths, choices and forms of a row's fields before the database has to.

    Raises Invalid with a pointer per field. Relations and constraints are not looked up here.
    """
    own = [field for field in row._meta.concrete_fields if not (field.is_relation or field.generated)]
    wanted = {field.name for field in own} if only is None else set(only)
    try:
        row.clean_fields(exclude={field.name for field in row._meta.fields if field.name not in wanted})
    except ValidationError as refused:
        faults = [
            {"pointer": f"/{name}", "code": "invalid", "detail": " ".join(messages)}
            for name, messages in refused.message_dict.items()
        ]
        raise Invalid(f"{faults[0]['pointer'][1:]}: {faults[0]['detail']}", errors=faults) from None
    for field in own:
        value = getattr(row, field.attname)
        if field.name in wanted and isinstance(value, str) and "\x00" in value:
            fault = {"pointer": f"/{field.name}", "code": "invalid", "detail": "Text cannot hold a NUL character"}
            raise Invalid(f"{field.name}: {fault['detail']}", errors=[fault])
