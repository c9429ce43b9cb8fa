"""Words that more than one report needs: counts, names of steps and threads, outcomes, phrases."""
