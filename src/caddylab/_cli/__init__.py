"""What each command of `caddylab` does."""
