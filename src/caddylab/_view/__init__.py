"""The moving picture: live, from a finished run, and as a still."""
