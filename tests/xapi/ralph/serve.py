"""Ralph on loopback with TLS, whose statements are in a file: serve.py FOLDER CERTIFICATE USER PASSWORD.

Run by the Python of the environment that requirements.txt beside this file pins. It prints its port, and ends when its standard
input does.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from pathlib import Path

import bcrypt

folder, certificate, user, password = Path(sys.argv[1]), *sys.argv[2:5]
hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
agent = {"mbox": "mailto:course@example.org"}
(folder / "auth.json").write_text(
    json.dumps([{"username": user, "hash": hashed, "scopes": ["all"], "agent": agent}]), encoding="utf-8"
)
os.environ |= {
    "RALPH_APP_DIR": str(folder), "RALPH_AUTH_FILE": str(folder / "auth.json"), "RALPH_RUNSERVER_BACKEND": "fs",
    "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(folder),
}  # fmt: skip
os.chdir(folder)

import uvicorn  # noqa: E402
from ralph.api import app  # noqa: E402
from ralph.backends.data.base import BaseOperationType  # noqa: E402
from ralph.backends.data.fs import FSDataBackend  # noqa: E402

# Otherwise only its first request could be kept in the file.
FSDataBackend.default_operation_type = BaseOperationType.APPEND


def end_with_the_test() -> None:
    sys.stdin.read()
    os._exit(0)


listening = socket.socket()
listening.bind(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
threading.Thread(target=end_with_the_test, daemon=True).start()
config = uvicorn.Config(
    app, ssl_certfile=certificate, ssl_keyfile=certificate, log_level="warning", lifespan="off", loop="asyncio"
)
uvicorn.Server(config).run(sockets=[listening])
