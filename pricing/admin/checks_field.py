"""What a channel does about each check, and its limits: a row per check, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.amounts import AmountField
from pricing.checks import OFFERED, RESULTS, Check, Limit, plain, result_of, value_of

WORDS = {
    "hold": gettext_lazy("hold the order"),
    "warn": gettext_lazy("only warn"),
    "off": gettext_lazy("do not look"),
}


@dataclass
class Settings:
    """What was typed: a word per check, and text per limit (`check-limit`)."""

    policy: dict[str, str] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)


def as_typed(policy: Mapping[str, str], limits: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Return the settings of a channel as somebody would type them."""
    return Settings(
        {name: result_of(check, policy) for name, check in OFFERED.items()},
        {
            f"{check.name}-{limit.name}": plain(value_of(check, limit, limits))
            for check in OFFERED.values()
            for limit in check.limits
        },
    )


class ChecksWidget(forms.Widget):
    """A choice per check, and a number per limit."""

    template_name = "pricing/checks.html"
    use_fieldset = True
    problems: Mapping[str, str] = {}  # noqa: RUF012 - replaced as a whole, never changed

    def get_context(self, name: str, value: Any, attrs: Mapping[str, Any] | None) -> dict[str, Any]:
        """Say of each check what it does now."""
        context = super().get_context(name, value, attrs)  # type: ignore[arg-type]  # the stubs want a dict
        typed: Settings = value if isinstance(value, Settings) else as_typed({}, {})
        about = context["widget"]["attrs"]
        context["about"] = flatatt({key: value for key, value in about.items() if key.startswith("aria-describedby")})
        context["words"] = WORDS.items()
        context["rows"] = [
            {
                "check": check,
                "chosen": typed.policy.get(check.name, check.usual),
                "wrong": check.name in self.problems,
                "limits": [self._limit(check, limit, typed) for limit in check.limits],
            }
            for check in OFFERED.values()
        ]
        return context

    def _limit(self, check: Check, limit: Limit, typed: Settings) -> dict[str, Any]:
        key = f"{check.name}-{limit.name}"
        return {
            "key": key,
            "limit": limit,
            "usual": plain(limit.usual),
            "text": typed.limits.get(key, ""),
            "wrong": key in self.problems,
        }

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Settings | None:
        """Return what was typed. None where the form did not ask."""
        if self.value_omitted_from_data(data, files, name):
            return None
        return Settings(
            {check: str(data.get(f"{name}-{check}", "")).strip() for check in OFFERED},
            {
                f"{check.name}-{limit.name}": str(data.get(f"{name}-{check.name}-{limit.name}", "")).strip()
                for check in OFFERED.values()
                for limit in check.limits
            },
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether the form did not ask."""
        return not any(key.startswith(f"{name}-") for key in data)

    def id_for_label(self, id_: str) -> str:
        """Lead from the label to the first choice."""
        return f"{id_}-{next(iter(OFFERED), '')}"


class ChecksField(forms.Field):
    """Reads the rows into what a channel keeps: policy and limits, each only where it is not as usual."""

    widget = ChecksWidget

    def clean(self, value: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]] | None:
        """Return policy and limits. What is wrong is said with the name of its check."""
        if value is None:
            return None
        policy: dict[str, str] = {}
        limits: dict[str, dict[str, str]] = {}
        problems: dict[str, str] = {}
        for check in OFFERED.values():
            if (said := value.policy.get(check.name) or check.usual) not in RESULTS:
                problems[check.name] = _("%(check)s: choose what happens.") % {"check": capfirst(check.label)}
            elif said != check.usual:
                policy[check.name] = said
            for limit in check.limits:
                key = f"{check.name}-{limit.name}"
                try:
                    found = _number(value.limits.get(key, ""), limit)
                except ValueError as fault:
                    about = {"check": capfirst(check.label), "limit": limit.label, "fault": fault}
                    problems[key] = _("%(check)s, %(limit)s: %(fault)s") % about
                    continue
                if found != limit.usual:
                    limits.setdefault(check.name, {})[limit.name] = plain(found)
        if problems:
            self.widget.problems = problems  # type: ignore[attr-defined]  # it is ours
            raise forms.ValidationError(list(problems.values()))
        return policy, limits

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        if self.disabled or data is None:
            return False
        before = initial if isinstance(initial, Settings) else as_typed({}, {})
        try:
            return bool(self.clean(data) != self.clean(before))
        except forms.ValidationError:
            return True


def _number(text: str, limit: Limit) -> Decimal:
    """Read a limit; nothing is the usual one. Raises ValueError with what is wrong."""
    if limit.is_switch:
        return Decimal(1 if text and text != "0" else 0)
    if not text:
        return limit.usual
    try:
        found: Decimal = AmountField().to_python(text)
    except forms.ValidationError as fault:
        said = fault.messages[0] if fault.code == "two_ways" else _("a number is missing")
        raise ValueError(said) from None
    if not limit.least <= found <= limit.most:
        raise ValueError(_("from %(least)s to %(most)s") % {"least": plain(limit.least), "most": plain(limit.most)})
    if (limit.is_whole and found != found.to_integral_value()) or round(found, 2) != found:
        raise ValueError(_("a whole number") if limit.is_whole else _("at most two digits after the point"))
    return found


def in_words(policy: Mapping[str, str], limits: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Say for the history what each check does: one line per check."""
    return {
        str(check.label): ", ".join(
            [
                str(WORDS[result_of(check, policy)]),
                *(
                    (str(limit.label) if value_of(check, limit, limits) else _("no: %(what)s") % {"what": limit.label})
                    if limit.is_switch
                    else " ".join(
                        part
                        for part in (str(limit.label), plain(value_of(check, limit, limits)), str(limit.unit))
                        if part
                    )
                    for limit in check.limits
                ),
            ]
        )
        for check in OFFERED.values()
    }
