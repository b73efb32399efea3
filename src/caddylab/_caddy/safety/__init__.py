"""What a Caddyfile may touch of the machine that its lab runs on, and what becomes of the rest."""
