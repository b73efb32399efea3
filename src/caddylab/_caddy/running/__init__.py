"""A Caddy that runs: its program, its admin endpoint, its log, and what it thinks."""
