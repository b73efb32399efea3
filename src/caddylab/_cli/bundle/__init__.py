"""The course in one file, for machines without internet."""
