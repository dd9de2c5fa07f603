"""A server of somebody else's that answers byte by byte, or not at all."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def dripping(content: bytes, *, already: int, every: float) -> Iterator[str]:
    """Open a door behind which an answer comes in time up to a byte, and then one byte every so many seconds."""
    closed = threading.Event()

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            # Who has not waited does not listen any more.
            with suppress(OSError):
                self.request.sendall(content[:already])
                for place in range(already, len(content)):
                    if closed.wait(every):
                        return
                    self.request.sendall(content[place : place + 1])

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        closed.set()
        server.shutdown()
        server.server_close()
