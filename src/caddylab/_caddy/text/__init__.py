"""A Caddyfile as text."""
