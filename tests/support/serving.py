"""The course on a port of its own, in a thread of this process: `with served(app) as address: ...`"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import create_server, wasyncore

STOP_SECONDS = 10


@contextmanager
def served(app: Any, threads: int = 4, **options: Any) -> Iterator[str]:
    """Serve the WSGI application on a free port of loopback; yields the address, such as "http://127.0.0.1:40123".

    The loop of waitress looks at its sockets in its own thread: closed by another one, they make it fail, sometimes. So
    the loop is woken and closes them itself. Raises RuntimeError if it has not ended after STOP_SECONDS.
    """
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, host="127.0.0.1", port=0, threads=threads, **options)
    serving = threading.Thread(target=server.run, name="serving a test", daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets, ignore_all=True))
        serving.join(STOP_SECONDS)
        server.task_dispatcher.shutdown()
        if serving.is_alive():
            raise RuntimeError("the server of a test does not stop")
