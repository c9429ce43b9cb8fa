/* Questions about a graph that was searched: an order of it, its ends, paths, sizes of orbits. */

/* Every state before those it leads to, as in racer/search/components.py; how many these are. */
EXPORT uint64_t racer_order(uint64_t count, const uint64_t *first, const uint64_t *last,
							const uint32_t *goals, uint32_t *waiting, uint32_t *order)
{
	uint64_t ready = 0;
	memset(waiting, 0, count * sizeof *waiting);
	for (uint64_t state = 0; state < count; state++)
		for (uint64_t at = first[state]; at < last[state]; at++)
			waiting[goals[at]]++;
	for (uint64_t state = 0; state < count; state++)
		if (waiting[state] == 0)
			order[ready++] = (uint32_t)state;
	for (uint64_t next = 0; next < ready; next++)
		for (uint64_t at = first[order[next]]; at < last[order[next]]; at++)
			if (--waiting[goals[at]] == 0)
				order[ready++] = goals[at];
	return ready;
}

/* How many words the largest count of paths to a state takes at most.

   Sums are made of numbers between 0.5 and 1, with an exponent beside them, and rounded up: each is
   at least what it stands for. So no count that is made of so many words can overflow. */
EXPORT uint64_t racer_limbs(uint64_t count, const uint64_t *first, const uint64_t *last,
							const uint32_t *goals, const uint32_t *order, double *parts,
							int64_t *exponents)
{
	int64_t most = 1;
	for (uint64_t i = 0; i < count; i++) {
		parts[i] = 0;
		exponents[i] = 0;
	}
	parts[0] = 0.5;
	exponents[0] = 1;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t state = order[i];
		if (exponents[state] > most)
			most = exponents[state];
		for (uint64_t at = first[state]; at < last[state]; at++) {
			uint64_t goal = goals[at];
			double own = parts[state], other = parts[goal];
			int64_t exponent = exponents[state];
			if (other == 0) {
				parts[goal] = own;
				exponents[goal] = exponent;
				continue;
			}
			int64_t apart = exponents[goal] - exponent;
			if (apart > 0) {
				exponent = exponents[goal];
				own = apart > 60 ? 0x1p-60 : own * (1.0 / (double)((word)1 << apart));
			} else if (apart < 0) {
				other = apart < -60 ? 0x1p-60 : other * (1.0 / (double)((word)1 << -apart));
			}
			double sum = (own + other) * (1 + 0x1p-50);
			if (sum >= 1) {
				sum /= 2;
				exponent++;
			}
			parts[goal] = sum;
			exponents[goal] = exponent;
		}
	}
	return (uint64_t)most / 64 + 1; /* every count is below 2 to the power of `most` */
}

static inline void add(word *to, const word *from, uint64_t limbs)
{
	word carry = 0;
	for (uint64_t i = 0; i < limbs; i++) {
		word sum = to[i] + carry;
		carry = sum < carry;
		to[i] = sum + from[i];
		carry += to[i] < sum;
	}
}

/* How many paths lead to each state from the first, each in so many words; all are 0 before. */
EXPORT void racer_paths(uint64_t count, const uint64_t *first, const uint64_t *last,
						const uint32_t *goals, const uint32_t *order, uint64_t limbs, word *paths)
{
	paths[0] = 1;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t state = order[i];
		for (uint64_t at = first[state]; at < last[state]; at++)
			add(paths + goals[at] * limbs, paths + state * limbs, limbs);
	}
}

/* The first `expanded` states without a move; how many. */
EXPORT uint64_t racer_ends(uint64_t expanded, const uint64_t *first, const uint64_t *last,
						   uint32_t *ends)
{
	uint64_t found = 0;
	for (uint64_t state = 0; state < expanded; state++)
		if (first[state] == last[state])
			ends[found++] = (uint32_t)state;
	return found;
}

/* How many states these stand for, and their moves: two words each, the low one first. Groups have
   so few copies that the permutations of all fit into a word, which Python sees to. */
EXPORT void racer_orbits(const struct kernel *k, word *sums)
{
	word states[2] = {0, 0}, moves[2] = {0, 0};
	for (size_t s = 0; s < k->store.count; s++) {
		const word *state = k->store.keys + s * k->words;
		word orbit = 1;
		for (uint32_t g = 0; g < k->groups_count; g++) {
			const struct group *group = &k->groups[g];
			word alike = 0;
			for (uint32_t i = 0; i < group->count; i++) {
				bool same_part = i > 0 && get(state, k->threads[group->threads[i]].part) ==
											  get(state, k->threads[group->threads[i - 1]].part);
				alike = same_part ? alike + 1 : 1;
				orbit = orbit * (i + 1) / alike; /* a multinomial coefficient, factor by factor */
			}
		}
		word own[2] = {orbit, 0};
		add(states, own, 2);
		for (uint64_t at = k->first[s]; at < k->last[s]; at++)
			add(moves, own, 2);
	}
	memcpy(sums, states, sizeof states);
	memcpy(sums + 2, moves, sizeof moves);
}

/* By label, the first state that shows it, where `first` is UINT64_MAX before. Nodes that nobody
   has come to the end of are missing then. */
EXPORT int32_t racer_labels(struct kernel *k, uint64_t *first)
{
	k->misses_count = 0;
	for (size_t s = 0; s < k->store.count; s++) {
		const word *state = k->store.keys + s * k->words;
		for (uint32_t i = 0; i < k->broken_count; i++) {
			uint64_t *at = &first[k->broken_labels[i]];
			if (*at == UINT64_MAX && get(state, k->broken[i]))
				*at = s;
		}
		for (uint32_t i = 0; i < k->threads_count; i++) {
			struct node *n = node_of(k, k->threads[i].kind, get(state, k->threads[i].node));
			if (n != NULL && n->label >= 0 && first[n->label] == UINT64_MAX)
				first[n->label] = s;
		}
	}
	return k->misses_count > 0 ? MISSED : DONE;
}

/* Which edge of an automaton each move takes: kind and node, what its thread gets to see (else the
   option), and the next node. */
static void edge_of(const struct kernel *k, const word *state, uint32_t move, const word *after,
					word *edge)
{
	const struct thread *t = &k->threads[move / OPTIONS];
	word at = get(state, t->node);
	const struct node *n = &k->kinds[t->kind].nodes[at];
	word answer = n->answers ? get(state, k->cells[n->cell]) : move % OPTIONS;
	edge[0] = (word)t->kind << 32 | at;
	edge[1] = answer << 32 | get(after, t->node);
}

/* Number the edges of automata that moves take, as they come: `edges` has by move the number, and
   `firsts`, of which there is room for `room`, by number the state and the move that came first.
   How many edges there are; UINT64_MAX where it cannot be said here. */
EXPORT uint64_t racer_edges(struct kernel *k, int64_t *edges, uint64_t *firsts, uint64_t room)
{
	struct store known = {.words = 2};
	uint64_t found = UINT64_MAX;
	k->unsorted = true;
	k->misses_count = 0;
	for (size_t s = 0; s < k->expanded; s++) {
		const word *state = k->store.keys + s * k->words;
		k->found.count = 0;
		int32_t moves = expand(k, state, k->words);
		if (moves < 0)
			goto done;
		size_t at = 0;
		for (size_t place = k->first[s]; place < k->last[s]; place++) {
			while (at < (size_t)moves && k->found.moves[at] != k->moves[place])
				at++;
			if (at == (size_t)moves)
				goto done;
			word edge[2];
			edge_of(k, state, k->moves[place], k->found.states + at * k->words, edge);
			size_t count = known.count;
			int64_t number = number_of(&known, edge, hash_of(edge, 2), room, 2);
			if (number < 0)
				goto done;
			if (known.count > count) {
				firsts[2 * count] = s;
				firsts[2 * count + 1] = place;
			}
			edges[place] = number;
		}
	}
	found = known.count;
done:
	k->unsorted = false;
	free_store(&known);
	return found;
}
