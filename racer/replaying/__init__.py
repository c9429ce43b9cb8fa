"""The reference semantics: a schedule run on trio, which is imported in `scheduler` only."""
