"""Every fault against every strategy."""
