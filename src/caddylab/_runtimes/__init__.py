"""Where a lab runs: containers or processes."""
