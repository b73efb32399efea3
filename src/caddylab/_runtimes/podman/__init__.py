"""A lab in containers."""
