"""Scenarios as users name them: where they are found, loaded, and given their parameters."""
