"""What is left of a case, at a terminal and by tests: names, files, pages, and texts about it."""
