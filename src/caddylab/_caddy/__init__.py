"""Caddy: its admin API, its configuration and its log."""
