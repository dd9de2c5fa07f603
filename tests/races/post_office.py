"""A mail server that only counts: what really left the house, however often."""

import re
import socketserver
import threading
from collections import Counter

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class PostOffice(socketserver.ThreadingTCPServer):
    """Takes every message; `received` says how often each Message-ID came."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.received: Counter[str] = Counter()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Return its address, as EMAIL_URL wants it."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a sender that was killed while it spoke."""

    def take(self, message: bytes) -> None:
        """Count a message."""
        found = MESSAGE_ID.search(message)
        with self.lock:
            self.received[found[1].decode() if found else ""] += 1


class _Counter(socketserver.StreamRequestHandler):
    """Speaks just enough SMTP."""

    server: PostOffice

    def handle(self) -> None:
        self._say(b"220 counting")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"QUIT":
                return self._say(b"221 bye")
            if word == b"DATA":
                self._say(b"354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line)
                if line:
                    self.server.take(b"".join(lines))
            self._say(b"250 fine")
        return None

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")
