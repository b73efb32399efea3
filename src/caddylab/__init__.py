"""Break the Balancer: load balancing and fallback with a real Caddy, in Jupyter."""
