"""Where alerts go in tests: a real HTTP server on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Takes notes; answers 500 while `is_down`."""

    def __init__(self) -> None:
        self.got: list[dict] = []
        self.is_down = False
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not server.is_down:
                    server.got.append(json.loads(body))
                self.send_response(500 if server.is_down else 200)
                self.end_headers()

            def log_message(self, *said: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.http.server_port}/token-of-the-brand"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
