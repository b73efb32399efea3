"""A Caddyfile as the JSON that Caddy makes of it."""
