"""The one error of the installer, which cannot know those of the course."""


class Refused(Exception):
    """The bundle cannot be installed; says what happened, and what to do next."""
