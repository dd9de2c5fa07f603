"""Where the pages of the desk stand in the back office."""


def register() -> None:
    """Add the places of the desk."""
