/* The moves of a state: as racer/machine/sc.py and monitors.py have them. */

enum outcome { NOT_TAKEN, TAKEN, LACKING, FOR_PYTHON }; /* of a step */

static struct miss *add_miss(struct kernel *k)
{
	return k->misses_count < MOST_MISSES ? &k->misses[k->misses_count++] : NULL;
}

static void miss_node(struct kernel *k, uint32_t kind, word node)
{
	if (!room_for_node(&k->kinds[kind], (size_t)node))
		return; /* it is asked for again, and then there is no memory */
	struct node *n = &k->kinds[kind].nodes[node];
	if (n->what != NOT_KNOWN)
		return;
	struct miss *miss = add_miss(k);
	if (miss == NULL)
		return;
	miss->what = MISSING_NODE;
	miss->kind = (int32_t)kind;
	miss->node = (int32_t)node;
	n->what = ASKED_FOR;
}

static void miss_row(struct kernel *k, uint32_t kind, word node, word value)
{
	struct kind *own = &k->kinds[kind];
	struct node *n = &own->nodes[node];
	if (!room_for_rows(own, n, (int32_t)value) || own->rows[n->row + (int32_t)value].first == ASKED)
		return;
	struct miss *miss = add_miss(k);
	if (miss == NULL)
		return;
	miss->what = MISSING_ROW;
	miss->kind = (int32_t)kind;
	miss->node = (int32_t)node;
	miss->value = (int32_t)value;
	own->rows[n->row + (int32_t)value].first = ASKED;
}

/* A node's entry; NULL where it has to be asked for. */
static inline struct node *node_of(struct kernel *k, uint32_t kind, word node)
{
	struct kind *own = &k->kinds[kind];
	if (node < own->count && own->nodes[node].what >= STEP)
		return &own->nodes[node];
	miss_node(k, kind, node);
	return NULL;
}

/* FALSE, TRUE or FAILS; else it has to be asked for. */
static int truth(struct kernel *k, int32_t predicate, const word *state)
{
	uint8_t *place = truth_place(k, &k->predicates[predicate], state);
	if (place != NULL && *place != NOT_ASKED)
		return *place;
	struct miss *miss = add_miss(k);
	if (miss == NULL)
		return BEING_ASKED;
	miss->what = MISSING_TRUTH;
	miss->kind = predicate;
	memcpy(miss->state, state, k->words * sizeof(word));
	if (place != NULL)
		*place = BEING_ASKED;
	return BEING_ASKED;
}

static enum outcome cannot_say(int truth)
{
	return truth == FAILS ? FOR_PYTHON : LACKING;
}

/* A window of a thread. More of them than a state has bits for are for Python to tell. */
static inline bool has_window(const struct thread *t, int32_t slot)
{
	return (uint32_t)slot < t->slots;
}

static enum outcome see(struct kernel *k, struct thread *t, const int32_t *pair, word *after)
{
	if (!has_window(t, pair[0]))
		return FOR_PYTHON;
	int now = truth(k, pair[1], after);
	if (now > TRUE)
		return cannot_say(now);
	struct field field = t->windows[pair[0]];
	put(after, field, get(after, field) | (now ? 1 : 2));
	return TAKEN;
}

/* Every open window on the changed cell sees the new state. */
static enum outcome observe(struct kernel *k, const word *before, word *after, uint32_t mover,
							const struct special *special)
{
	for (uint32_t i = 0; i < k->threads_count; i++) {
		struct thread *t = &k->threads[i];
		if (t->slots == 0)
			continue;
		struct node *n = node_of(k, t->kind, get(before, t->node));
		if (n == NULL)
			return LACKING;
		int32_t own = i == mover ? special->opens : 0;
		for (int32_t j = 0; j < n->opened + own; j++) {
			const int32_t *pair = j < n->opened ? k->pairs + n->pairs + 2 * j
												: k->pairs + special->pairs + 2 * (j - n->opened);
			if (!k->predicates[pair[1]].declared[special->changes])
				continue;
			enum outcome seen = see(k, t, pair, after);
			if (seen != TAKEN)
				return seen;
		}
	}
	return TAKEN;
}

/* Which of OBSERVATIONS a window has made: what it has seen, and how it is at its end. */
static int answer_of(word seen, int now)
{
	return seen == 3 ? (now ? 2 : 1) : (seen == 1 ? 3 : 0);
}

static enum outcome close_windows(struct kernel *k, struct thread *t, word *after)
{
	word at = get(after, t->node);
	struct node *n = node_of(k, t->kind, at);
	while (n != NULL && n->what == CLOSING) {
		int now = truth(k, n->watch, after);
		if (now > TRUE)
			return cannot_say(now);
		if (!has_window(t, n->slot))
			return FOR_PYTHON;
		struct field field = t->windows[n->slot];
		int answer = answer_of(get(after, field), now);
		int32_t target = n->targets[answer];
		if (target < 0) {
			struct miss *miss = target == UNKNOWN ? add_miss(k) : NULL;
			if (miss != NULL) {
				miss->what = MISSING_TARGET;
				miss->kind = (int32_t)t->kind;
				miss->node = (int32_t)at;
				miss->value = answer;
				n->targets[answer] = ASKED;
			}
			return LACKING;
		}
		put(after, field, 0);
		put(after, t->node, (word)target);
		at = (word)target;
		n = node_of(k, t->kind, at);
	}
	if (n == NULL)
		return LACKING;
	if (n->what == RAISED)
		return FOR_PYTHON;
	if (n->what != STEP)
		for (uint32_t s = 0; s < t->slots; s++)
			put(after, t->windows[s], 0);
	return TAKEN;
}

/* Note the invariants that are false by a change of a cell. */
static enum outcome examine(struct kernel *k, word *after, int32_t changed)
{
	for (uint32_t i = 0; i < k->consistent_count; i++) {
		if (!k->predicates[k->consistent[i]].looks[changed])
			continue;
		int holds = truth(k, (int32_t)k->consistent[i], after);
		if (holds != TRUE)
			return holds == FALSE ? FOR_PYTHON : cannot_say(holds);
	}
	for (uint32_t i = 0; i < k->broken_count; i++) {
		if (!k->predicates[k->invariants[i]].looks[changed] || get(after, k->broken[i]))
			continue;
		int holds = truth(k, (int32_t)k->invariants[i], after);
		if (holds > TRUE)
			return cannot_say(holds);
		if (holds == FALSE)
			put(after, k->broken[i], 1);
	}
	return TAKEN;
}

static enum outcome take_special(struct kernel *k, uint32_t mover, const struct special *special,
								 const word *before, word *after)
{
	struct thread *t = &k->threads[mover];
	enum outcome done;
	if (special->waits >= 0) {
		int holds = truth(k, special->waits, before);
		if (holds != TRUE)
			return holds == FALSE ? NOT_TAKEN : cannot_say(holds);
	}
	if (special->fails)
		return FOR_PYTHON;
	for (int32_t j = 0; j < special->opens; j++) {
		const int32_t *pair = k->pairs + special->pairs + 2 * j;
		if (!has_window(t, pair[0]))
			return FOR_PYTHON;
		int holds = truth(k, pair[1], before);
		if (holds > TRUE)
			return cannot_say(holds);
		put(after, t->windows[pair[0]], holds ? 1 : 2);
	}
	if (special->changes >= 0) {
		done = observe(k, before, after, mover, special);
		if (done != TAKEN)
			return done;
	}
	if (special->settles) {
		done = close_windows(k, t, after);
		if (done != TAKEN)
			return done;
	}
	return special->changes >= 0 ? examine(k, after, special->changes) : TAKEN;
}

/* Sort the copies of a group by their parts of the state. */
static inline void sort_group(const struct kernel *k, const struct group *group, word *state)
{
	for (uint32_t i = 1; i < group->count; i++) {
		word part = get(state, k->threads[group->threads[i]].part);
		uint32_t at = i;
		for (; at > 0; at--) {
			word before = get(state, k->threads[group->threads[at - 1]].part);
			if (before <= part)
				break;
			put(state, k->threads[group->threads[at]].part, before);
		}
		if (at < i)
			put(state, k->threads[group->threads[at]].part, part);
	}
}

static bool room_for_found(struct kernel *k, size_t count)
{
	struct found *found = &k->found;
	size_t moves = found->room, states = found->room, hashes = found->room;
	if (count <= found->room)
		return true;
	bool room = room_for((void **)&found->moves, &moves, count, sizeof *found->moves) &&
				room_for((void **)&found->states, &states, count, k->words * sizeof(word)) &&
				room_for((void **)&found->hashes, &hashes, count, sizeof *found->hashes);
	if (room)
		found->room = moves;
	return room;
}

enum { LACKS = -1, HANDS_OVER = -2, LACKS_MEMORY = -3 };

/* Put the moves of a state behind what was found; how many, or why not. `state` may lie among the
   states, which do not move meanwhile. `words` is k->words, for the compiler to know it. */
static inline int32_t expand(struct kernel *k, const word *state, const uint32_t words)
{
	size_t start = k->found.count;
	bool lacks = false;
	for (uint32_t i = 0; i < k->threads_count; i++) {
		if (lacks && k->in_order)
			break;
		struct thread *t = &k->threads[i];
		word at = get(state, t->node);
		struct node *n = node_of(k, t->kind, at);
		if (n == NULL) {
			lacks = true;
			continue;
		}
		if (n->what != STEP)
			continue;
		struct kind *own = &k->kinds[t->kind];
		word value = n->cell < 0 ? 0 : get(state, k->cells[n->cell]);
		if (value >= (word)n->rows || own->rows[n->row + (int32_t)value].first < 0) {
			miss_row(k, t->kind, at, value);
			lacks = true;
			continue;
		}
		struct row row = own->rows[n->row + (int32_t)value];
		for (int32_t e = 0; e < row.count; e++) {
			struct edge edge = k->kinds[t->kind].edges[row.first + e];
			if (!room_for_found(k, k->found.count + 1))
				return LACKS_MEMORY;
			word *after = k->found.states + k->found.count * words;
			for (uint32_t w = 0; w < words; w++)
				after[w] = state[w];
			put(after, t->node, (word)edge.target);
			if (edge.after >= 0)
				put(after, k->cells[k->kinds[t->kind].nodes[at].cell], (word)edge.after);
			if (edge.special < 0) {
				if (t->group != UINT32_MAX && !k->unsorted)
					sort_group(k, &k->groups[t->group], after);
			} else {
				enum outcome done = take_special(k, i, &k->specials[edge.special], state, after);
				if (done == NOT_TAKEN)
					continue;
				if (done == LACKING) {
					lacks = true;
					if (k->in_order)
						break;
					continue;
				}
				if (done == FOR_PYTHON) {
					/* What an earlier thread lacks may hold another failure, which comes first. */
					k->found.count = start;
					return lacks ? LACKS : HANDS_OVER;
				}
				for (uint32_t g = 0; g < k->groups_count && !k->unsorted; g++)
					sort_group(k, &k->groups[g], after);
			}
			k->found.moves[k->found.count++] = i * OPTIONS + (uint32_t)edge.option;
		}
	}
	if (lacks) {
		k->found.count = start;
		return LACKS;
	}
	return (int32_t)(k->found.count - start);
}
