"""The backends, what is done to them, and the name server that knows where they are."""
