"""Pictures of state graphs and automata."""
