"""HTTP to this machine's own addresses."""

from __future__ import annotations

from typing import Any

import httpx


def client(url: str, **options: Any) -> httpx.Client:
    """A client of `url`, with httpx's options.

    It takes no proxy from the environment, for none leads to this machine, and loads no
    certificates, which plain HTTP has no use for: they take a megabyte and longer than a request.
    """
    return httpx.Client(base_url=url, trust_env=False, verify=False, **options)
