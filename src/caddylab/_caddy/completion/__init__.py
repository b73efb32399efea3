"""What a Caddyfile lacks here, invented or skipped, so that the rest of it can run."""
