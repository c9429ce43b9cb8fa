/* The schedules with the fewest preemptions: as racer/search/preemptions.py, which says what nodes
   and costs are, and why it is right. Only the order within nodes of one cost is another, which
   nothing depends on.

   A cost is one number, whose digits are, from the highest: preemptions; threads with a step before
   the violation, steps before it; switches; steps in all. What does not fit is left to Python. */

enum { STEPS = 0, SWITCHES = 16, BEFORE = 31, THREADS = 47, PREEMPTIONS = 54 }; /* where they lie */
#define MOST_STEPS 0x7ff0u
#define MOST_PREEMPTIONS 1000u
#define UNSETTLED (~(word)0)
#define NOBODY UINT32_MAX
#define NONE UINT32_MAX
#define DOMINATED (UINT32_MAX - 1)

struct entry {
	word cost;
	uint32_t node, before;
};

struct goal {
	word cost; /* UNSETTLED: not met */
	uint32_t *nodes;
	size_t count, room;
};

struct preempting {
	struct store nodes; /* a state, which threads have moved, and who moved last + 1 */
	word *costs;		/* by node, once it is settled */
	uint32_t *stands;	/* by node as it was reached: the one it is settled as, DOMINATED or NONE */
	uint32_t *leads;	/* by node: the last of those before it in: */
	uint32_t *befores, *nexts;
	size_t per_node, leads_count, leads_room;
	struct store standing; /* states, up to all permutations */
	uint32_t *least;	   /* by these: with how many preemptions at most what follows can follow */
	size_t least_room;
	struct store ends; /* states without moves */
	int32_t *shown;	   /* by these, the goal that they show, or -1; -2: Python has to say */
	size_t shown_room;
	struct entry *heap;
	size_t heap_count, heap_room;
	uint32_t *interruptible;
	size_t interruptible_count, interruptible_room, interrupted;
	word layer; /* the cost of the nodes that are being settled; UNSETTLED: between two layers */
	size_t settled;
	struct group *groups;
	uint32_t groups_count, *group_of;
	int32_t label;	/* of the violation that has happened, or -1 */
	bool anywhere;	/* its goal, 0, is met where it has happened; else goals are of ends */
	struct goal *goals;
	size_t goals_count, missing;
	uint8_t *marked;
	bool *happened; /* of the moves of a state, whether it has after them */
	size_t happened_room;
};

static void free_preempting(struct preempting *p)
{
	if (p == NULL)
		return;
	free_store(&p->nodes);
	free_store(&p->standing);
	free_store(&p->ends);
	free(p->costs);
	free(p->stands);
	free(p->leads);
	free(p->befores);
	free(p->nexts);
	free(p->least);
	free(p->shown);
	free(p->heap);
	free(p->interruptible);
	for (uint32_t i = 0; p->groups && i < p->groups_count; i++)
		free(p->groups[i].threads);
	for (size_t i = 0; p->goals && i < p->goals_count; i++)
		free(p->goals[i].nodes);
	free(p->groups);
	free(p->group_of);
	free(p->goals);
	free(p->marked);
	free(p->happened);
	free(p);
}

/* Permute the copies of a group as a node has them: the last thread first, the others by their
   parts, then by whether they have moved. */
static void stand_group(const struct kernel *k, const struct group *group, word *state, word *moved,
						uint32_t *last)
{
	word parts[64], marks[64];
	uint32_t first = group->threads[0], from = 0;
	for (uint32_t i = 0; i < group->count; i++) {
		word part = get(state, k->threads[first + i].part), mark = *moved >> (first + i) & 1;
		uint32_t at = i;
		if (first + i == *last) {
			for (; at > 0; at--) {
				parts[at] = parts[at - 1];
				marks[at] = marks[at - 1];
			}
			from = 1;
		} else {
			for (; at > from; at--) {
				if (parts[at - 1] < part || (parts[at - 1] == part && marks[at - 1] <= mark))
					break;
				parts[at] = parts[at - 1];
				marks[at] = marks[at - 1];
			}
		}
		parts[at] = part;
		marks[at] = mark;
	}
	for (uint32_t i = 0; i < group->count; i++) {
		put(state, k->threads[first + i].part, parts[i]);
		*moved = (*moved & ~((word)1 << (first + i))) | marks[i] << (first + i);
	}
	if (from == 1)
		*last = first;
}

static void stand(const struct kernel *k, word *key)
{
	const struct preempting *p = k->preempting;
	uint32_t last = (uint32_t)key[k->words + 1] - 1;
	for (uint32_t i = 0; i < p->groups_count; i++)
		stand_group(k, &p->groups[i], key, &key[k->words], &last);
	key[k->words + 1] = (word)(last + 1);
}

/* The number of a node, with room for what is known of it; NONE without memory. */
static uint32_t node_number(struct kernel *k, const word *key)
{
	struct preempting *p = k->preempting;
	size_t count = p->nodes.count, costs = p->per_node, stands = p->per_node, leads = p->per_node;
	if (!room_for((void **)&p->costs, &costs, count + 1, sizeof *p->costs) ||
		!room_for((void **)&p->stands, &stands, count + 1, sizeof *p->stands) ||
		!room_for((void **)&p->leads, &leads, count + 1, sizeof *p->leads))
		return NONE;
	p->per_node = costs;
	word hash = hash_of(key, p->nodes.words);
	int64_t number = number_of(&p->nodes, key, hash, DOMINATED - 1, p->nodes.words);
	if (number < 0)
		return NONE;
	if (p->nodes.count > count) {
		p->costs[number] = UNSETTLED;
		p->stands[number] = NONE;
		p->leads[number] = NONE;
	}
	return (uint32_t)number;
}

static bool push(struct preempting *p, word cost, uint32_t node, uint32_t before)
{
	if (!room_for((void **)&p->heap, &p->heap_room, p->heap_count + 1, sizeof *p->heap))
		return false;
	size_t at = p->heap_count++;
	for (; at > 0 && p->heap[(at - 1) / 2].cost > cost; at = (at - 1) / 2)
		p->heap[at] = p->heap[(at - 1) / 2];
	struct entry entry = {cost, node, before};
	p->heap[at] = entry;
	return true;
}

static void pop(struct preempting *p)
{
	struct entry last = p->heap[--p->heap_count];
	size_t at = 0;
	for (;;) {
		size_t least = 2 * at + 1;
		if (least >= p->heap_count)
			break;
		if (least + 1 < p->heap_count && p->heap[least + 1].cost < p->heap[least].cost)
			least++;
		if (p->heap[least].cost >= last.cost)
			break;
		p->heap[at] = p->heap[least];
		at = least;
	}
	p->heap[at] = last;
}

static bool note_before(struct preempting *p, uint32_t node, uint32_t before)
{
	size_t nexts = p->leads_room, befores = p->leads_room, count = p->leads_count;
	if (before == NONE)
		return true;
	if (count >= NONE || !room_for((void **)&p->befores, &befores, count + 1, sizeof *p->befores) ||
		!room_for((void **)&p->nexts, &nexts, count + 1, sizeof *p->nexts))
		return false;
	p->leads_room = nexts;
	p->befores[count] = before;
	p->nexts[count] = p->leads[node];
	p->leads[node] = (uint32_t)p->leads_count++;
	return true;
}

/* Whether the violation has happened by a state: TAKEN or NOT_TAKEN; LACKING. */
static enum outcome has_happened(struct kernel *k, const word *state)
{
	int32_t label = k->preempting->label;
	enum outcome found = NOT_TAKEN;
	if (label < 0)
		return NOT_TAKEN;
	for (uint32_t i = 0; i < k->broken_count; i++)
		if (k->broken_labels[i] == label && get(state, k->broken[i]))
			return TAKEN;
	for (uint32_t i = 0; i < k->threads_count; i++) {
		struct node *n = node_of(k, k->threads[i].kind, get(state, k->threads[i].node));
		if (n == NULL)
			found = LACKING;
		else if (n->what == ENDED && n->label == label)
			return TAKEN;
	}
	return found;
}

/* The goal of a state without moves, -1 for none; -2: it has to be asked for; -3: no memory. */
static int32_t goal_of_end(struct kernel *k, const word *state)
{
	struct preempting *p = k->preempting;
	size_t count = p->ends.count;
	if (!room_for((void **)&p->shown, &p->shown_room, count + 1, sizeof *p->shown))
		return -3;
	word hash = hash_of(state, k->words);
	int64_t number = number_of(&p->ends, state, hash, MOST_STATES, k->words);
	if (number < 0)
		return -3;
	if (p->ends.count > count)
		p->shown[number] = -2;
	if (p->shown[number] == -2) {
		struct miss *miss = add_miss(k);
		if (miss != NULL) {
			miss->what = MISSING_END;
			miss->node = (int32_t)number;
			memcpy(miss->state, state, k->words * sizeof(word));
		}
	}
	return p->shown[number];
}
