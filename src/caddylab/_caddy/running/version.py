"""The one place that pins Caddy's version; the wheel, the image and the lessons follow it."""

CADDY_VERSION = "2.11.7"
CADDY_IMAGE = f"docker.io/library/caddy:{CADDY_VERSION}-alpine"
