"""What Caddy serves: a Caddyfile comes in, and a configuration that fits the lab runs."""
