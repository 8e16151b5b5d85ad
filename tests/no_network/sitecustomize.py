"""On PYTHONPATH, forbids this Python and its children every socket but loopback and local ones."""

import sys

_LOOPBACK = ("127.", "::1", "localhost")


def _refuse(event: str, arguments: tuple) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host or "127.")
    if not name.startswith(_LOOPBACK):
        print(f"NETWORK CALL REFUSED: {event} {name}", file=sys.stderr, flush=True)
        raise PermissionError(f"the tests allow no network: {event} {name}")


sys.addaudithook(_refuse)
