"""What was predicted, what was claimed, and what came true."""
