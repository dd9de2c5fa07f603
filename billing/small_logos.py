"""A seller's logo for screens: drawn as points, so that whatever was sent in, only a small picture travels on."""

from billing import logos, typesetting

# The room it gets in the head of a page or a mail, in points of a screen.
WIDEST, HIGHEST = 180, 40
# A photo weighs more than shapes do: then it is drawn with fewer points, and not at all where it is still too heavy.
MOST_BYTES = 24 * 1024
FINENESS = (144, 108, 72)


def drawn_small(content: bytes) -> bytes:
    """Return a logo that was taken as a PNG for screens; nothing where it is too heavy for them."""
    picture = logos.for_paper(content)
    drawings = (
        typesetting.draw_small(picture, widest=WIDEST, highest=HIGHEST, points_per_inch=fine) for fine in FINENESS
    )
    return next((drawing for drawing in drawings if len(drawing) <= MOST_BYTES), b"")


def shown_size(content: bytes) -> tuple[int, int]:
    """Return how wide and how high the PNG is shown, in points of a screen; nothing of a damaged one."""
    width, height = logos.size_of(content, logos.PNG)
    if not width or not height:
        return 0, 0
    if width * HIGHEST > WIDEST * height:
        return WIDEST, max(1, WIDEST * height // width)
    return max(1, HIGHEST * width // height), HIGHEST
