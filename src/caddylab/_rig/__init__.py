"""A real Caddy, its backends, the engine and the journal, put together; it prints nothing."""
