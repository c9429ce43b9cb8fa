/* Nodes of schedules are settled, layer by layer, and the cheapest ways to a goal marked. */

/* What is known of a state before anything is done with it. */
struct looked {
	int32_t moves; /* how many, in k->found; below 0: why that is not known */
	bool goes_on, free, happened;
};

static struct looked look(struct kernel *k, const word *key)
{
	struct preempting *p = k->preempting;
	uint32_t last = (uint32_t)key[k->words + 1] - 1;
	struct looked found = {0, false, true, false};
	k->found.count = 0;
	found.moves = expand(k, key, k->words);
	if (found.moves < 0)
		return found;
	bool lacks = false;
	enum outcome here = has_happened(k, key);
	lacks |= here == LACKING;
	found.happened = here == TAKEN;
	size_t moves = (size_t)found.moves;
	if (!room_for((void **)&p->happened, &p->happened_room, moves, sizeof *p->happened)) {
		found.moves = LACKS_MEMORY;
		return found;
	}
	for (size_t i = 0; i < moves; i++) {
		found.goes_on |= k->found.moves[i] / OPTIONS == last;
		enum outcome then =
			found.happened ? TAKEN : has_happened(k, k->found.states + i * k->words);
		lacks |= then == LACKING;
		p->happened[i] = then == TAKEN;
	}
	if (found.goes_on) {
		struct thread *t = &k->threads[last];
		found.free = node_of(k, t->kind, get(key, t->node))->atomic;
	}
	if (lacks)
		found.moves = LACKS;
	return found;
}

/* Whether a thread is as one before it, in part and mark, so that only that one has to move. */
static bool is_alike(const struct kernel *k, const word *key, uint32_t thread)
{
	const struct preempting *p = k->preempting;
	uint32_t own = p->group_of[thread], last = (uint32_t)key[k->words + 1] - 1;
	if (own == UINT32_MAX)
		return false;
	uint32_t first = p->groups[own].threads[0];
	if (thread < first + (last == first ? 2 : 1))
		return false;
	word moved = key[k->words];
	return get(key, k->threads[thread].part) == get(key, k->threads[thread - 1].part) &&
		   (moved >> thread & 1) == (moved >> (thread - 1) & 1);
}

/* Put what moves of a node lead to into the heap: those of its last thread, or of the others, or
   both. What they are was looked at just now. */
static int reach(struct kernel *k, uint32_t node, const struct looked *looked, bool own,
				 bool others)
{
	struct preempting *p = k->preempting;
	word key[MOST_WORDS + 2], after[MOST_WORDS + 2], cost = p->costs[node];
	memcpy(key, p->nodes.keys + node * p->nodes.words, p->nodes.words * sizeof(word));
	uint32_t last = (uint32_t)key[k->words + 1] - 1;
	word moved = key[k->words];
	if ((cost & 0xffff) >= MOST_STEPS || cost >> PREEMPTIONS >= MOST_PREEMPTIONS)
		return HANDED;
	for (size_t i = 0; i < (size_t)looked->moves; i++) {
		uint32_t thread = k->found.moves[i] / OPTIONS;
		bool goes_on = thread == last;
		if (!(goes_on ? own : others) || is_alike(k, key, thread))
			continue;
		memcpy(after, k->found.states + i * k->words, k->words * sizeof(word));
		after[k->words] = p->happened[i] ? 0 : moved | (word)1 << thread;
		after[k->words + 1] = (word)(thread + 1);
		word then = cost + ((word)1 << STEPS);
		if (!looked->happened)
			then += (word)1 << BEFORE;
		if (!looked->happened && !(moved >> thread & 1))
			then += (word)1 << THREADS;
		if (!goes_on)
			then += ((word)1 << SWITCHES) + ((word)!looked->free << PREEMPTIONS);
		stand(k, after);
		uint32_t goal = node_number(k, after);
		if (goal == NONE || !push(p, then, goal, node))
			return NO_MEMORY;
	}
	return DONE;
}

static int why_not(int32_t moves)
{
	return moves == LACKS ? MISSED : moves == HANDS_OVER ? HANDED : NO_MEMORY;
}

static bool meet(struct preempting *p, int32_t goal, uint32_t node, word cost)
{
	struct goal *own = &p->goals[goal];
	if (own->cost == UNSETTLED) {
		own->cost = cost;
		p->missing--;
	}
	if (own->cost != cost)
		return true;
	if (!room_for((void **)&own->nodes, &own->room, own->count + 1, sizeof *own->nodes))
		return false;
	own->nodes[own->count++] = node;
	return true;
}

/* Whether it was settled so cheaply that even one preemption more is cheaper: TAKEN; LACKING is no
   memory. */
static enum outcome is_dominated(struct kernel *k, const word *node)
{
	struct preempting *p = k->preempting;
	word key[MOST_WORDS + 2], cost = p->layer;
	memcpy(key, node, k->words * sizeof(word));
	key[k->words] = key[k->words + 1] = 0;
	stand(k, key);
	size_t count = p->standing.count;
	if (!room_for((void **)&p->least, &p->least_room, count + 1, sizeof *p->least))
		return LACKING;
	word hash = hash_of(key, k->words);
	int64_t number = number_of(&p->standing, key, hash, MOST_STATES, k->words);
	if (number < 0)
		return LACKING;
	uint32_t preemptions = (uint32_t)(cost >> PREEMPTIONS);
	uint32_t at_most = preemptions + (node[k->words + 1] != 0);
	if (p->standing.count > count || at_most < p->least[number]) {
		p->least[number] = at_most;
		return NOT_TAKEN;
	}
	return preemptions > p->least[number] ? TAKEN : NOT_TAKEN;
}

static int settle(struct kernel *k, uint32_t reached, uint32_t before)
{
	struct preempting *p = k->preempting;
	uint32_t node = p->stands[reached];
	if (node == DOMINATED)
		return DONE;
	if (node != NONE && p->costs[node] != UNSETTLED)
		return p->costs[node] != p->layer || note_before(p, node, before) ? DONE : NO_MEMORY;
	word key[MOST_WORDS + 2];
	memcpy(key, p->nodes.keys + reached * p->nodes.words, p->nodes.words * sizeof(word));
	struct looked looked = look(k, key);
	if (looked.moves < 0)
		return why_not(looked.moves);
	node = reached;
	if (!looked.goes_on && key[k->words + 1] != 0) { /* the last thread is forgotten */
		key[k->words + 1] = 0;
		stand(k, key);
		node = node_number(k, key);
		if (node == NONE)
			return NO_MEMORY;
		looked = look(k, key);
		if (looked.moves < 0)
			return why_not(looked.moves);
	}
	if (p->costs[node] == UNSETTLED) {
		int32_t goal = -1;
		if (p->anywhere)
			goal = looked.happened ? 0 : -1;
		else if (looked.moves == 0)
			goal = goal_of_end(k, key);
		if (goal < -1)
			return goal == -2 ? MISSED : NO_MEMORY;
		enum outcome dominated = is_dominated(k, key);
		if (dominated != NOT_TAKEN) {
			p->stands[reached] = DOMINATED;
			return dominated == TAKEN ? DONE : NO_MEMORY;
		}
		p->costs[node] = p->layer;
		p->settled++;
		if (goal >= 0 && !meet(p, goal, node, p->layer))
			return NO_MEMORY;
		int done = reach(k, node, &looked, true, looked.free);
		if (done != DONE)
			return done;
		uint32_t last = (uint32_t)key[k->words + 1] - 1;
		bool others = false;
		for (int32_t i = 0; i < looked.moves; i++)
			others |= k->found.moves[i] / OPTIONS != last;
		if (!looked.free && others) {
			size_t count = p->interruptible_count;
			if (!room_for((void **)&p->interruptible, &p->interruptible_room, count + 1,
						  sizeof *p->interruptible))
				return NO_MEMORY;
			p->interruptible[p->interruptible_count++] = node;
		}
	}
	p->stands[reached] = node;
	p->stands[node] = node;
	return p->costs[node] != p->layer || note_before(p, node, before) ? DONE : NO_MEMORY;
}

/* Go on to one preemption more. */
static int preempt(struct kernel *k)
{
	struct preempting *p = k->preempting;
	for (; p->interrupted < p->interruptible_count; p->interrupted++) {
		uint32_t node = p->interruptible[p->interrupted];
		word key[MOST_WORDS + 2];
		memcpy(key, p->nodes.keys + node * p->nodes.words, p->nodes.words * sizeof(word));
		struct looked looked = look(k, key);
		if (looked.moves < 0)
			return why_not(looked.moves);
		int done = reach(k, node, &looked, false, true);
		if (done != DONE)
			return done;
	}
	p->interruptible_count = p->interrupted = 0;
	return DONE;
}

/* Settle nodes, layer by layer, until all goals are met, or so many nodes are settled. */
EXPORT int32_t racer_preempt_run(struct kernel *k, uint64_t until)
{
	struct preempting *p = k->preempting;
	k->misses_count = 0;
	for (;;) {
		if (p->layer == UNSETTLED && p->interrupted > 0) {
			int done = preempt(k);
			if (done != DONE)
				return done;
		}
		if (p->layer == UNSETTLED) {
			if (p->missing == 0 || (p->heap_count == 0 && p->interruptible_count == 0))
				return DONE;
			if (p->settled >= until)
				return SLICE;
			if (p->heap_count == 0) {
				int done = preempt(k);
				if (done != DONE)
					return done;
				continue;
			}
			p->layer = p->heap[0].cost;
		}
		while (p->heap_count > 0 && p->heap[0].cost == p->layer) {
			int done = settle(k, p->heap[0].node, p->heap[0].before);
			if (done != DONE)
				return done;
			pop(p);
		}
		p->layer = UNSETTLED;
	}
}

/* Search for schedules from the first state on. `told`: the label, whether its goal is met anywhere,
   how many goals there are; how many groups of copies, and of each its first thread and how many. */
EXPORT int32_t racer_preempt(struct kernel *k, const int64_t *told)
{
	struct preempting *p = k->preempting = calloc(1, sizeof *p);
	if (p == NULL)
		return NO_MEMORY;
	p->label = (int32_t)*told++;
	p->anywhere = *told++ != 0;
	p->goals_count = p->missing = (size_t)*told++;
	p->groups_count = (uint32_t)*told++;
	p->goals = zeroed(p->goals_count, sizeof *p->goals);
	p->groups = zeroed(p->groups_count, sizeof *p->groups);
	p->group_of = zeroed(k->threads_count, sizeof *p->group_of);
	if (p->goals == NULL || p->groups == NULL || p->group_of == NULL)
		return NO_MEMORY;
	for (size_t i = 0; i < p->goals_count; i++)
		p->goals[i].cost = UNSETTLED;
	for (uint32_t i = 0; i < k->threads_count; i++)
		p->group_of[i] = UINT32_MAX;
	for (uint32_t i = 0; i < p->groups_count; i++) {
		uint32_t first = (uint32_t)*told++;
		p->groups[i].count = (uint32_t)*told++;
		p->groups[i].threads = zeroed(p->groups[i].count, sizeof *p->groups[i].threads);
		if (p->groups[i].threads == NULL)
			return NO_MEMORY;
		for (uint32_t c = 0; c < p->groups[i].count; c++) {
			p->groups[i].threads[c] = first + c;
			p->group_of[first + c] = i;
		}
	}
	p->nodes.words = k->words + 2;
	p->standing.words = p->ends.words = k->words;
	p->layer = UNSETTLED;
	word key[MOST_WORDS + 2];
	memcpy(key, k->store.keys, k->words * sizeof(word));
	key[k->words] = key[k->words + 1] = 0;
	stand(k, key);
	uint32_t node = node_number(k, key);
	return node != NONE && push(p, 0, node, NONE) ? DONE : NO_MEMORY;
}

/* The goal that a state without moves shows, -1 for none. */
EXPORT void racer_end(struct kernel *k, int32_t number, int32_t goal)
{
	k->preempting->shown[number] = goal;
}

EXPORT uint64_t racer_settled(const struct kernel *k)
{
	return k->preempting->settled;
}

/* The cost of a goal; all ones if it was not met. */
EXPORT uint64_t racer_met(const struct kernel *k, int32_t goal)
{
	return k->preempting->goals[goal].cost;
}

/* Mark the nodes on the cheapest ways to a goal that was met. */
EXPORT int32_t racer_mark(struct kernel *k, int32_t goal)
{
	struct preempting *p = k->preempting;
	struct goal *own = &p->goals[goal];
	free(p->marked);
	p->marked = zeroed(p->nodes.count, 1);
	uint32_t *waiting = malloc((p->nodes.count + 1) * sizeof *waiting);
	size_t count = 0;
	if (p->marked == NULL || waiting == NULL) {
		free(waiting);
		return NO_MEMORY;
	}
	for (size_t i = 0; i < own->count; i++) {
		p->marked[own->nodes[i]] = 1;
		waiting[count++] = own->nodes[i];
	}
	while (count > 0) {
		uint32_t node = waiting[--count];
		for (uint32_t at = p->leads[node]; at != NONE; at = p->nexts[at])
			if (!p->marked[p->befores[at]]) {
				p->marked[p->befores[at]] = 1;
				waiting[count++] = p->befores[at];
			}
	}
	free(waiting);
	return DONE;
}

/* The cost of a node that is marked; all ones of any other. `key`: its state, which threads have
   moved, and who moved last + 1. */
EXPORT uint64_t racer_marked(struct kernel *k, const word *key)
{
	struct preempting *p = k->preempting;
	word hash = hash_of(key, p->nodes.words);
	int64_t node = number_of(&p->nodes, key, hash, 0, p->nodes.words);
	return node < 0 || !p->marked[node] ? UNSETTLED : p->costs[node];
}
