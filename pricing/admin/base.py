"""What the settings of pricing have in common: they hold from the next order on."""

from typing import Any, ClassVar

from core.admin.base import BackOfficeAdmin
from pricing.reference import forget


class SettingsAdmin(BackOfficeAdmin):
    """A small table of settings that every process keeps in memory."""

    is_small: ClassVar[bool] = True
    all_fields: ClassVar[tuple[str, ...]] = ()
    fixed: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let people fill in all fields at first, and later all but those that others rely on."""
        super().__init_subclass__(**kwargs)
        cls.create_fields = cls.all_fields
        cls.editable = tuple(name for name in cls.all_fields if name not in cls.fixed)

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        """Show what can be filled in."""
        return self.all_fields

    def save_simply(self, obj: Any, form: Any, change: bool, actor: Any) -> None:
        """Save, and let this process read the settings anew; others follow within seconds."""
        super().save_simply(obj, form, change, actor)
        forget()
