"""What `caddylab lint` does: Caddyfiles judged without a lab."""
