"""A server of somebody else's, for proofs and tests: real HTTP on this machine that answers in JSON, or not at all."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, cast

Answer = tuple[int, dict[str, Any]]


class Asked(NamedTuple):
    """What came in at the door."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str


@contextmanager
def answering(answer: Callable[[Asked], Answer | None]) -> Iterator[str]:
    """Open a door on a port of its own, and return its address. None as an answer is one that gets lost."""

    class Door(BaseHTTPRequestHandler):
        def serve(self) -> None:
            """Answer, or break off."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="surrogateescape")
            said = answer(Asked(self.command, self.path, cast(Mapping[str, str], self.headers), body))
            if said is None:
                self.close_connection = True
                return
            content = json.dumps(said[1]).encode()
            self.send_response(said[0])
            self.send_header("Content-Length", str(len(content)))
            # Who has not waited does not listen any more.
            with suppress(OSError):
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = serve  # noqa: N815 - named by the server

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
