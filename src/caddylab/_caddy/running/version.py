"""The one place that pins Caddy; the wheel, the image and the lessons follow it."""

CADDY_VERSION = "2.11.7"
