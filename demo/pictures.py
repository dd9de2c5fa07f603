"""Drawn pictures of the company's goods: one shape per family, one file per shape and colour."""

# ruff: noqa: E501 - a drawing is one long line
from pathlib import Path

COLOURS = {
    "red": "#b3392f",
    "blue": "#2c5f8a",
    "green": "#3e7a52",
    "sand": "#c9a66b",
    "black": "#33312e",
    "white": "#d9d4ca",
    "rose": "#c9798a",
    "gold": "#b98a2f",
}
SHAPES = {
    "tea": '<rect x="30" y="28" width="60" height="70" rx="6" fill="{c}"/><rect x="34" y="20" width="52" height="14" rx="5" fill="{c}" opacity=".75"/><rect x="40" y="52" width="40" height="26" rx="3" fill="#fff" opacity=".9"/><path d="M60 58c8 0 10 8 0 15-10-7-8-15 0-15z" fill="{c}"/>',
    "mug": '<path d="M28 36h54v46a14 14 0 0 1-14 14H42a14 14 0 0 1-14-14z" fill="{c}"/><path d="M82 46h8a14 14 0 0 1 0 28h-8" fill="none" stroke="{c}" stroke-width="8"/><ellipse cx="55" cy="36" rx="27" ry="6" fill="#fff" opacity=".55"/>',
    "teapot": '<path d="M36 60a26 24 0 0 1 52 0v10a26 24 0 0 1-52 0z" fill="{c}"/><path d="M88 58c14-6 10-18 22-20-6 14-8 30-22 34M36 56c-18 0-18 24 2 26" fill="none" stroke="{c}" stroke-width="7"/><rect x="46" y="32" width="32" height="8" rx="4" fill="{c}"/><circle cx="62" cy="28" r="6" fill="{c}"/>',
    "candle": '<rect x="42" y="44" width="36" height="56" rx="5" fill="{c}"/><path d="M60 18c8 10 8 18 0 22-8-4-8-12 0-22z" fill="#e8a33d"/><path d="M60 36v10" stroke="#33312e" stroke-width="3"/>',
    "gift": '<rect x="26" y="48" width="68" height="50" rx="4" fill="{c}"/><rect x="22" y="38" width="76" height="16" rx="4" fill="{c}" opacity=".8"/><path d="M60 38v60M60 38c-24 0-22-20-8-18 6 1 8 10 8 18zm0 0c24 0 22-20 8-18-6 1-8 10-8 18z" fill="none" stroke="#fff" stroke-width="5"/>',
    "linen": '<path d="M26 36h68v58H26z" fill="{c}"/><path d="M26 50h68M26 64h68M26 78h68M44 36v58M60 36v58M76 36v58" stroke="#fff" stroke-width="2" opacity=".5"/>',
    "service": '<circle cx="60" cy="60" r="36" fill="{c}"/><path d="M44 61l11 11 22-24" fill="none" stroke="#fff" stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/>',
}
FRAME = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120">{}</svg>\n'


def path_of(shape: str, colour: str) -> str:
    """Return where a picture lies among the static files."""
    return f"demo/pictures/{shape}-{colour}.svg"


def draw_all(folder: Path) -> int:
    """Write every picture. Returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for shape, drawing in SHAPES.items():
        for name, colour in COLOURS.items():
            (folder / f"{shape}-{name}.svg").write_text(FRAME.format(drawing.replace("{c}", colour)), encoding="utf-8")
    return len(SHAPES) * len(COLOURS)
