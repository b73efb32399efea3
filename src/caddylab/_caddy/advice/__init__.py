"""What Caddy accepts though it is hardly meant, and what to do about what it refuses."""
