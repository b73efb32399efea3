"""Controls that a notebook shows."""
