"""The tests' static Caddy, for the engine's benchmarks."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from static_caddy import static_caddy

__all__ = ["static_caddy"]
