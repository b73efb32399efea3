"""Traffic: plans, clients and the engine that sends them."""
