/* Stubborn sets: which moves of a state have to be explored. As racer/search/stubborn.py, which
   says why; here are only the same sets once more. What may conflict is asked of Python. */

struct reduction {
	size_t futures; /* how many there are */
	uint8_t *conflicts; /* by two futures, whether they may conflict: a truth */
	bool lacks;			/* whether it had to be known and was not */
	uint32_t **numbers; /* by kind and node: the future */
	uint32_t kinds_count;
	/* of the state that is looked at, by agent: */
	uint32_t *of, *moves;
	uint8_t *chosen, *drawn, *best;
	uint32_t *waiting;
};

static void free_reduction(struct reduction *r)
{
	if (r == NULL)
		return;
	for (uint32_t i = 0; r->numbers && i < r->kinds_count; i++)
		free(r->numbers[i]);
	free(r->numbers);
	free(r->conflicts);
	free(r->of);
	free(r->moves);
	free(r->chosen);
	free(r->drawn);
	free(r->best);
	free(r->waiting);
	free(r);
}

static inline bool may_conflict(struct reduction *r, uint32_t own, uint32_t other)
{
	uint8_t known = r->conflicts[own * r->futures + other];
	r->lacks |= known > TRUE;
	return known == TRUE;
}

/* Ask for all that is not known of the futures that agents have in a state. */
static void miss_conflicts(struct kernel *k)
{
	struct reduction *r = k->reduction;
	for (uint32_t one = 0; one < k->threads_count; one++)
		for (uint32_t other = 0; other < k->threads_count; other++) {
			uint8_t *known = &r->conflicts[r->of[one] * r->futures + r->of[other]];
			struct miss *miss = *known == NOT_ASKED ? add_miss(k) : NULL;
			if (miss == NULL)
				continue;
			miss->what = MISSING_CONFLICT;
			miss->node = (int32_t)r->of[one];
			miss->value = (int32_t)r->of[other];
			*known = BEING_ASKED;
		}
}

EXPORT void racer_conflict(struct kernel *k, int32_t own, int32_t other, int32_t truth)
{
	struct reduction *r = k->reduction;
	r->conflicts[(size_t)own * r->futures + (size_t)other] = (uint8_t)truth;
}

/* Mark in `chosen` the agents of the least closed set with the seed. */
static void close_set(struct kernel *k, uint32_t seed)
{
	struct reduction *r = k->reduction;
	uint32_t count = k->threads_count, waiting = 0;
	for (uint32_t agent = 0; agent < count; agent++)
		r->drawn[r->of[agent]] = 0;
	r->waiting[waiting++] = r->of[seed];
	while (waiting > 0) {
		uint32_t own = r->waiting[--waiting];
		for (uint32_t other = 0; other < count; other++) {
			uint32_t kind = r->of[other];
			if (r->drawn[kind] || !may_conflict(r, own, kind))
				continue;
			r->drawn[kind] = 1;
			if (kind != r->of[seed]) /* what that draws in is known from the seed */
				r->waiting[waiting++] = kind;
		}
	}
	for (uint32_t agent = 0; agent < count; agent++)
		r->chosen[agent] = agent == seed || r->drawn[r->of[agent]];
}

/* Keep the moves, found at `at`, of the closed set with the fewest of them. How many these are, or
   LACKS. */
static int32_t choose(struct kernel *k, const word *state, size_t at, int32_t moves)
{
	struct reduction *r = k->reduction;
	struct found *found = &k->found;
	uint32_t count = k->threads_count, enabled = 0;
	memset(r->moves, 0, count * sizeof *r->moves);
	for (int32_t i = 0; i < moves; i++)
		if (r->moves[found->moves[at + (size_t)i] / OPTIONS]++ == 0)
			enabled++;
	if (enabled < 2)
		return moves;
	for (uint32_t agent = 0; agent < count; agent++) {
		struct thread *t = &k->threads[agent];
		r->of[agent] = r->numbers[t->kind][get(state, t->node)];
	}
	uint32_t least = (uint32_t)moves;
	bool smaller = false;
	r->lacks = false;
	for (uint32_t seed = 0; seed < count && least > 1; seed++) {
		if (r->moves[seed] == 0)
			continue;
		bool tried = false; /* another such seed has as many moves in its closed set */
		for (uint32_t other = 0; other < seed && !tried; other++)
			tried = r->of[other] == r->of[seed] && r->moves[other] == r->moves[seed];
		if (tried)
			continue;
		close_set(k, seed);
		uint32_t own = 0;
		for (uint32_t agent = 0; agent < count; agent++)
			own += r->chosen[agent] ? r->moves[agent] : 0;
		if (own < least) {
			least = own;
			smaller = true;
			memcpy(r->best, r->chosen, count);
		}
	}
	if (r->lacks) {
		miss_conflicts(k);
		found->count = at;
		return LACKS;
	}
	if (!smaller)
		return moves;
	size_t kept = at;
	for (size_t i = at; i < at + (size_t)moves; i++) {
		if (!r->best[found->moves[i] / OPTIONS])
			continue;
		found->moves[kept] = found->moves[i];
		memmove(found->states + kept * k->words, found->states + i * k->words,
				k->words * sizeof(word));
		kept++;
	}
	found->count = kept;
	return (int32_t)(kept - at);
}

/* Note whether all moves of a state are explored: what was chosen, were `moves` all there are. */
static bool note_full(struct kernel *k, size_t state, bool full)
{
	if (!room_for((void **)&k->full, &k->full_room, state + 1, 1))
		return false;
	k->full[state] = full;
	return true;
}

/* Reduce from here on. `told`: how many futures; then by kind how many nodes, and their futures. */
EXPORT int32_t racer_reduce(struct kernel *k, const int64_t *told)
{
	struct reduction *r = calloc(1, sizeof *r);
	if (r == NULL)
		return NO_MEMORY;
	k->reduction = r;
	r->futures = (size_t)*told++;
	r->conflicts = malloc(r->futures * r->futures);
	r->numbers = zeroed(k->kinds_count, sizeof *r->numbers);
	r->of = zeroed(k->threads_count, sizeof *r->of);
	r->moves = zeroed(k->threads_count, sizeof *r->moves);
	r->chosen = zeroed(k->threads_count, 1);
	r->best = zeroed(k->threads_count, 1);
	r->drawn = zeroed(r->futures, 1);
	r->waiting = zeroed(k->threads_count + 1, sizeof *r->waiting);
	if (!r->conflicts || !r->numbers || !r->of || !r->moves || !r->chosen ||
		!r->best || !r->drawn || !r->waiting)
		return NO_MEMORY;
	r->kinds_count = k->kinds_count;
	memset(r->conflicts, NOT_ASKED, r->futures * r->futures);
	for (uint32_t i = 0; i < k->kinds_count; i++) {
		size_t nodes = (size_t)*told++;
		r->numbers[i] = zeroed(nodes, sizeof **r->numbers);
		if (r->numbers[i] == NULL)
			return NO_MEMORY;
		for (size_t n = 0; n < nodes; n++)
			r->numbers[i][n] = (uint32_t)*told++;
	}
	return DONE;
}
