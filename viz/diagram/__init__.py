"""The space-time diagram of a schedule. `drawing` is where to begin."""
