"""The tasks, a module a chapter, with their hints and what they share."""
