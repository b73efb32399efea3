"""What sends requests, and its records of them."""
