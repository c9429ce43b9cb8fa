/* Breadth first over all states, or over those of a reduced graph: in slices, as Python asks. */

/* Room for the row of a state, and for so many moves besides those there are. */
static inline bool room_for_row(struct kernel *k, size_t state, size_t moves)
{
	if (!k->edges_wanted || (state < k->rows_room && k->edges_count + moves <= k->edges_room))
		return true;
	size_t first = k->rows_room, last = k->rows_room;
	if (state >= k->rows_room) {
		if (!room_for((void **)&k->first, &first, state + 1, sizeof *k->first) ||
			!room_for((void **)&k->last, &last, state + 1, sizeof *k->last))
			return false;
		k->rows_room = first;
	}
	size_t own = k->edges_room, goals = k->edges_room, wanted = k->edges_count + moves;
	if (wanted > k->edges_room) {
		if (!room_for((void **)&k->moves, &own, wanted, sizeof *k->moves) ||
			!room_for((void **)&k->goals, &goals, wanted, sizeof *k->goals))
			return false;
		k->edges_room = own;
	}
	return true;
}

/* Number what a state leads to, found at `at`, and make these moves its row. */
static inline int add_row(struct kernel *k, size_t state, size_t at, size_t moves, size_t most,
						  const uint32_t words)
{
	if (!room_for_row(k, state, moves))
		return NO_MEMORY;
	for (size_t i = 0; i < moves; i++) {
		const word *after = k->found.states + (at + i) * words;
		size_t count = k->store.count;
		if (!room_for((void **)&k->parents, &k->parents_room, count + 1, sizeof *k->parents) ||
			!room_for_row(k, count, 0)) /* so that what is found can be told without memory */
			return NO_MEMORY;
		int64_t goal = number_of(&k->store, after, k->found.hashes[at + i], most, words);
		if (goal < 0)
			return goal == TOO_MANY ? FULL : NO_MEMORY;
		if (k->store.count > count)
			k->parents[goal] = (uint32_t)state;
		if (k->edges_wanted) {
			k->moves[k->edges_count + i] = k->found.moves[at + i];
			k->goals[k->edges_count + i] = (uint32_t)goal;
		}
	}
	if (k->edges_wanted) {
		k->first[state] = k->edges_count;
		k->edges_count += moves;
		k->last[state] = k->edges_count;
	}
	k->transitions += moves;
	return DONE;
}

/* Which `sometimes` predicates hold in the states that are new. Where something is missing, what
   later states lack is collected, too, and nothing else is taken from them. */
static int look_for_goals(struct kernel *k)
{
	bool missed = false;
	size_t end = k->store.count;
	for (size_t at = k->examined; at < end; at++) {
		for (uint32_t i = 0; i < k->sometimes_count; i++) {
			if (k->reached[i])
				continue;
			int holds = truth(k, (int32_t)k->sometimes[i], k->store.keys + at * k->words);
			if (holds == NOT_ASKED || holds == BEING_ASKED) {
				if (k->in_order)
					return MISSED;
				if (!missed && end > at + MOST_MISSES)
					end = at + MOST_MISSES;
				missed = true;
			} else if (!missed && holds == TRUE) {
				k->reached[i] = 1;
			} else if (!missed && holds == FAILS) {
				return BAD_GOAL;
			}
		}
		if (!missed)
			k->examined = at + 1;
	}
	return missed ? MISSED : DONE;
}

/* The moves of a state that are to be explored, behind what was found; `all` is how many it has.
   How many these are, or why that cannot be said. */
static inline int32_t explore(struct kernel *k, const word *state, int32_t *all,
							  const uint32_t words)
{
	size_t at = k->found.count;
	*all = expand(k, state, words);
	return *all > 0 && k->reduction != NULL ? choose(k, state, at, *all) : *all;
}

/* Collect what else is missing, of states that come later. */
static void look_ahead(struct kernel *k, size_t state, const uint32_t words)
{
	int32_t all;
	for (size_t end = state + 4 * BLOCK; state < end && state < k->store.count; state++) {
		k->found.count = 0;
		if (k->misses_count >= MOST_MISSES ||
			explore(k, k->store.keys + state * words, &all, words) == LACKS_MEMORY)
			break;
	}
	k->found.count = 0;
}

static inline void prefetch(const struct kernel *k, word hash)
{
	if (k->store.slots_count > 0)
		__builtin_prefetch(&k->store.slots[slot_of(&k->store, hash)]);
}

/* Expand a block of states from k->expanded on, `end` at most. */
static inline int run_block(struct kernel *k, size_t end, size_t most, const uint32_t words)
{
	int32_t counts[BLOCK];
	bool full[BLOCK];
	size_t from = k->expanded, taken = 0;
	int32_t stopped = 0;
	k->found.count = 0;
	for (; taken < BLOCK && from + taken < end; taken++) {
		size_t at = k->found.count;
		const word *state = k->store.keys + (from + taken) * words;
		int32_t all, chosen = explore(k, state, &all, words);
		if (chosen < 0) {
			stopped = chosen;
			break;
		}
		counts[taken] = chosen;
		full[taken] = chosen == all;
		for (size_t i = at; i < k->found.count; i++) {
			k->found.hashes[i] = hash_of(k->found.states + i * words, words);
			prefetch(k, k->found.hashes[i]);
		}
	}
	size_t at = 0;
	for (size_t i = 0; i < taken; i++) {
		if (k->reduction != NULL && !note_full(k, from + i, full[i]))
			return NO_MEMORY;
		int done = add_row(k, from + i, at, (size_t)counts[i], most, words);
		if (done != DONE)
			return done;
		at += (size_t)counts[i];
		k->expanded++;
	}
	switch (stopped) {
	case LACKS:
		if (!k->in_order)
			look_ahead(k, k->expanded, words);
		return MISSED;
	case HANDS_OVER:
		return HANDED;
	case LACKS_MEMORY:
		return NO_MEMORY;
	default:
		return DONE;
	}
}

static inline int run(struct kernel *k, size_t until, size_t most, const uint32_t words)
{
	for (;;) {
		int goals = look_for_goals(k);
		if (goals != DONE)
			return goals;
		if (k->expanded == k->store.count)
			return DONE;
		if (k->expanded >= until)
			return SLICE;
		size_t end = until < k->store.count ? until : k->store.count;
		int done = run_block(k, end, most, words);
		if (done != DONE) {
			goals = look_for_goals(k);
			return goals == DONE ? done : goals;
		}
	}
}

/* Expand states until so many are expanded, or something else is to be done first. */
EXPORT int32_t racer_run(struct kernel *k, uint64_t until, uint64_t most)
{
	k->misses_count = 0;
	switch (k->words) {
	case 1:
		return run(k, until, most, 1);
	case 2:
		return run(k, until, most, 2);
	default:
		return run(k, until, most, k->words);
	}
}

/* The first state, which is expanded by nobody yet. */
EXPORT int32_t racer_start(struct kernel *k, const word *state)
{
	word hash = hash_of(state, k->words);
	if (!room_for((void **)&k->parents, &k->parents_room, 1, sizeof *k->parents) ||
		number_of(&k->store, state, hash, 1, k->words) != 0 || !room_for_row(k, 0, 0))
		return NO_MEMORY;
	k->parents[0] = UINT32_MAX;
	return DONE;
}

/* What Python has found a state to lead to: its moves, and the states. */
EXPORT int32_t racer_given(struct kernel *k, uint64_t state, uint64_t count,
						   const uint32_t *moves, const word *states, uint64_t most)
{
	k->found.count = 0;
	if (!room_for_found(k, count))
		return NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		k->found.moves[i] = moves[i];
		memcpy(k->found.states + i * k->words, states + i * k->words, k->words * sizeof(word));
		k->found.hashes[i] = hash_of(states + i * k->words, k->words);
	}
	size_t before = k->transitions;
	if (k->edges_wanted && state < k->expanded)
		before -= k->last[state] - k->first[state];
	int done = add_row(k, state, 0, count, most, k->words);
	if (done == DONE) {
		if (k->reduction != NULL && !note_full(k, state, true))
			return NO_MEMORY;
		k->transitions = before + count;
		if (state == k->expanded)
			k->expanded++;
	}
	return done;
}

/* Give the states that are not expanded rows without moves. What was asked for and not given, as
   somebody was interrupted, can be asked for again. */
EXPORT void racer_finish(struct kernel *k)
{
	for (uint32_t kind = 0; kind < k->kinds_count; kind++)
		for (size_t node = 0; node < k->kinds[kind].count; node++)
			if (k->kinds[kind].nodes[node].what == ASKED_FOR)
				k->kinds[kind].nodes[node].what = NOT_KNOWN;
	if (!k->edges_wanted)
		return;
	for (size_t state = k->expanded; state < k->store.count; state++)
		k->first[state] = k->last[state] = 0;
}

/* Everything is expanded and numbered: what only a search that goes on needs is given back. */
EXPORT void racer_forget_slots(struct kernel *k)
{
	free(k->store.slots);
	k->store.slots = NULL;
	k->store.slots_count = 0;
}

enum shown { STATES, PARENTS, FIRST, LAST, MOVES, GOALS, MISSES, REACHED, FULL_STATES };

/* Where an array lies. */
EXPORT const void *racer_array(const struct kernel *k, int32_t which)
{
	switch (which) {
	case STATES:
		return k->store.keys;
	case PARENTS:
		return k->parents;
	case FIRST:
		return k->first;
	case LAST:
		return k->last;
	case MOVES:
		return k->moves;
	case GOALS:
		return k->goals;
	case MISSES:
		return k->misses;
	case REACHED:
		return k->reached;
	default:
		return k->full;
	}
}

/* How many states, expanded ones, edges, transitions, misses, and bytes for states. */
EXPORT void racer_sizes(const struct kernel *k, uint64_t *sizes)
{
	sizes[0] = k->store.count;
	sizes[1] = k->expanded;
	sizes[2] = k->edges_count;
	sizes[3] = k->transitions;
	sizes[4] = k->misses_count;
	sizes[5] = k->examined;
	sizes[6] = k->store.count * (k->words * sizeof(word) + sizeof *k->parents) +
			   k->store.slots_count * sizeof *k->store.slots;
}
