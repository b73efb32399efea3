"""One backend as a program: `python -m app --port 8080`."""

from __future__ import annotations

import argparse

from . import bind, run


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="app", description="One backend of the course.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    run(bind((options.host, options.port)))


if __name__ == "__main__":
    main()
