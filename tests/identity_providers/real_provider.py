"""The provider of npm (oidc-provider), which others wrote, as a process on loopback."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.identity_providers.fake_provider import CLIENT_ID, CLIENT_SECRET
from tests.support.ports import free_port
from tests.support.verifiers import install_packages, node_program

SOURCE = Path(__file__).parent / "npm"
ACCOUNTS: dict[str, dict[str, Any]] = {
    "sam": {"email": "sam@example.org", "email_verified": True, "name": "Sam Okafor", "groups": ["staff"]},
    "ada": {"email": "ada@example.org", "email_verified": True, "name": "Ada Brook", "groups": ["staff", "leads"]},
    "eve": {"email": "sam@example.org", "email_verified": False, "name": "Eve Moss"},
}


@dataclass(frozen=True)
class RealProvider:
    """A provider that runs."""

    issuer: str


@contextmanager
def real_provider(course: str, numbers: range) -> Iterator[RealProvider]:
    """Run the provider with the course at this address as its client, for the providers with these numbers there."""
    port = free_port()
    client = {
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_types": ["authorization_code"],
        "response_types": ["code"], "redirect_uris": [f"{course}/sign-in/with/{number}/back" for number in numbers],
        "post_logout_redirect_uris": [f"{course}/sign-in"],
    }  # fmt: skip
    settings = json.dumps({"port": port, "client": client, "accounts": ACCOUNTS})
    folder = install_packages(SOURCE)
    with subprocess.Popen(
        [str(node_program()), str(folder / "provider.mjs"), settings], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "listening"
            yield RealProvider(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
