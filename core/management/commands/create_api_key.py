"""Make a key for the API. The key alone is the last line of stdout; everything else goes to stderr."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actors import Actor
from core.api.keys import ALL, create_api_key
from core.errors import Invalid


class Command(BaseCommand):
    """Make a key for the API."""

    help = "Make an API key. It is shown once: the last line of stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a name, and what the key may do."""
        parser.add_argument("name", help="who uses it, e.g. shop")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--scopes", help='what it may do, e.g. "orders:read orders:write"')
        what.add_argument("--all-scopes", action="store_true", help="everything")
        parser.add_argument("--channels", default="", help="limit it to these channels; without, all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the key and print it."""
        scopes = [ALL] if options["all_scopes"] else options["scopes"].replace(",", " ").split()
        channels = options["channels"].replace(",", " ").split()
        try:
            key, plain = create_api_key(options["name"], scopes=scopes, channels=channels, actor=Actor("operator"))
        except Invalid as error:
            raise CommandError(error.message) from None
        self.stderr.write(f"Key {key.name!r}: scopes {' '.join(key.scopes)}; channels {' '.join(channels) or 'all'}.")
        self.stderr.write("Keep it safe, it is not shown again:")
        self.stdout.write(plain)
