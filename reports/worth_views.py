"""The page of the checks: which of them find what, and which only stand in the way."""

from typing import Any

from babel.numbers import format_percent
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from core.admin.links import list_of, may_open
from core.admin.site import site
from core.reader import locale
from orders import wording
from orders.models import CheckCatch
from orders.verification import STOCK
from pricing.models import Channel
from reports import worth
from reports.measures import Period
from reports.views import period_of
from reports.worth import Check, Worth

SEES = ("orders.view_checkcatch", "orders.view_order")


@require_GET
@site.admin_view
@permission_required(SEES, raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """Show every check with what it caught, channel by channel."""
    period, form = period_of(request)
    channels = worth.channels()
    asked = request.GET.get("channel", "")
    chosen = next((one for one in channels if one.code == asked), None)
    found = worth.measure(period, [chosen] if chosen else channels)
    may_set = may_open(request.user, "pricing.channel")
    context = {
        **site.each_context(request),
        "title": _("Checks"),
        "form": form,
        "period": period,
        "channels": channels,
        "chosen": chosen,
        "checks": [_told(check, period, chosen, may_set=may_set) for check in found if check.worth.caught],
        # What may follow later is a fact of the stock and no finding.
        "silent": [
            _silent(check, chosen, may_set=may_set)
            for check in found
            if not check.worth.caught and check.name != STOCK
        ],
    }
    return TemplateResponse(request, "reports/checks.html", context)


def _told(check: Check, period: Period, chosen: Channel | None, *, may_set: bool) -> dict[str, Any]:
    rows = [
        {
            "label": one.channel.name,
            "policy": policy_words(one.policy),
            "url": _settings(one.channel, check.name) if may_set else "",
            **_figures(one.worth, check.name, period, one.channel),
            # Said once: of the check where it holds for all of it.
            "is_useless": one.worth.is_useless and not check.worth.is_useless,
        }
        for one in check.channels
    ]
    return {
        "name": check.name,
        "label": wording.check(check.name),
        "policy": _policies(check),
        "rows": rows if chosen is None else [],
        "url": rows[0]["url"] if chosen is not None else "",
        **_figures(check.worth, check.name, period, chosen),
    }


def _silent(check: Check, chosen: Channel | None, *, may_set: bool) -> dict[str, Any]:
    return {
        "label": wording.check(check.name),
        "policy": _policies(check),
        "url": _settings(chosen, check.name) if chosen is not None and may_set else "",
    }


def _policies(check: Check) -> str:
    """Say what the channels do about a check, where they all do the same."""
    return policy_words(next(iter(check.policies))) if len(check.policies) == 1 else _("by channel")


def policy_words(policy: str) -> str:
    """Say what a channel does about a check."""
    words = {
        "hold": pgettext("a check", "holds"),
        "warn": pgettext("a check", "warns"),
        "off": pgettext("a check", "off"),
    }
    return words.get(policy, policy)


def _figures(one: Worth, name: str, period: Period, channel: Channel | None) -> dict[str, Any]:
    said = {"name": name, "found_from": period.first.isoformat(), "found_to": period.last.isoformat()}
    if channel is not None:
        said["channel__id__exact"] = str(channel.pk)
    share = one.share
    return {
        "worth": one,
        "is_useless": one.is_useless,
        "share": str(format_percent(round(share, 2), locale=locale())) if share is not None else "",
        "list": f"{list_of(CheckCatch)}?{urlencode(said)}",
        "false_list": f"{list_of(CheckCatch)}?{urlencode({**said, 'became': 'false'})}",
    }


def _settings(channel: Channel, name: str) -> str:
    return f"{reverse('admin:pricing_channel_change', args=[channel.pk])}#id_checks-row-{name}"
