"""What can be wrong with a file."""

from core.errors import Invalid


class UnusableFile(Invalid):
    """The file as a whole cannot be read: wrong columns, wrong encoding, cut off, or no CSV at all."""

    code = "unusable_file"
