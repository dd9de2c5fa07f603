"""Charts as SVG, drawn on the server: no script, readable without colour, and every figure also in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, BASE = 720, 160, 136


@dataclass(frozen=True)
class Bar:
    """One value of a series."""

    label: str
    value: Decimal
    text: str


def bars(series: Sequence[Bar], title: str) -> SafeString:
    """Draw a series as bars; each tells its value on hover, and the first and the last have their label."""
    if not series:
        return SafeString("")
    top = max((bar.value for bar in series), default=Decimal(1)) or Decimal(1)
    step = Decimal(WIDTH) / len(series)
    drawn = [
        (
            f"{step * index + step * Decimal('0.12'):.1f}",
            f"{BASE - BASE * max(bar.value, Decimal(0)) / top:.1f}",
            f"{step * Decimal('0.76'):.1f}",
            f"{BASE * max(bar.value, Decimal(0)) / top:.1f}",
            bar.label,
            bar.text,
        )
        for index, bar in enumerate(series)
    ]
    rects = format_html_join(
        "", '<rect x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}: {}</title></rect>', drawn
    )
    labels = format_html(
        '<text x="0" y="14">{}</text><text x="100%" y="14" text-anchor="end">{}</text>',
        series[0].label,
        series[-1].label,
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none">{}</svg>'
        '<svg class="chart-axis" aria-hidden="true">{}</svg>',
        WIDTH,
        BASE + 2,
        title,
        rects,
        labels if len(series) > 1 else "",
    )
