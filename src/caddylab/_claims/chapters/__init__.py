"""What each chapter claims, a module a chapter, judged by what its cells have measured."""
