"""A program of its own that tries whether a picture can be drawn: who draws without end is ended, and nobody else.

It gets what typst is told by its standard input, and ends with 3 where the picture cannot be drawn.
"""

import resource
import sys
from pathlib import Path

import typst

CANNOT = 3
PAPER = Path(__file__).resolve().parent / "paper"
# Of the memory of the machine it gets no more than this.
MOST_MEMORY = 2 * 1024**3


def main(seconds: int) -> int:
    """Draw; no longer than so many seconds of a processor."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform.startswith("linux"):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    try:
        typst.compile(
            str(PAPER / "picture.typ"),
            root=str(PAPER),
            sys_inputs={"content": sys.stdin.read()},
            pdf_standards=["a-3b"],
            ignore_system_fonts=True,
        )
    except RuntimeError:
        return CANNOT
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
