/* Tables of threads, windows and predicates: made empty, and filled as Python is asked. */

static void *zeroed(size_t count, size_t size)
{
	return calloc(count ? count : 1, size);
}

static struct field read_field(const int64_t **at)
{
	struct field field;
	uint64_t shift = (uint64_t)*(*at)++, bits = (uint64_t)*(*at)++;
	field.word = (uint32_t)(shift / 64);
	field.shift = (uint32_t)(shift % 64);
	field.mask = bits >= 64 ? ~(word)0 : ((word)1 << bits) - 1;
	return field;
}

EXPORT void racer_free(struct kernel *k)
{
	if (k == NULL)
		return;
	for (uint32_t i = 0; k->threads && i < k->threads_count; i++)
		free(k->threads[i].windows);
	for (uint32_t i = 0; k->kinds && i < k->kinds_count; i++) {
		free(k->kinds[i].nodes);
		free(k->kinds[i].rows);
		free(k->kinds[i].edges);
	}
	for (uint32_t i = 0; k->predicates && i < k->predicates_count; i++) {
		struct predicate *p = &k->predicates[i];
		free(p->cells);
		free(p->dims);
		free(p->truths);
		free_store(&p->seen);
		free(p->declared);
		free(p->looks);
	}
	for (uint32_t i = 0; k->groups && i < k->groups_count; i++)
		free(k->groups[i].threads);
	free(k->threads);
	free(k->kinds);
	free(k->cells);
	free(k->predicates);
	free(k->groups);
	free(k->broken);
	free(k->invariants);
	free(k->broken_labels);
	free(k->consistent);
	free(k->sometimes);
	free(k->reached);
	free(k->specials);
	free(k->pairs);
	free_store(&k->store);
	free(k->parents);
	free(k->first);
	free(k->last);
	free(k->moves);
	free(k->goals);
	free(k->found.moves);
	free(k->found.states);
	free(k->found.hashes);
	free(k->full);
	free_reduction(k->reduction);
	free_preempting(k->preempting);
	free(k);
}

/* A kernel as `told` describes it, in the order in which racer/native/engine.py writes it. NULL:
   there is no memory, or it takes more words. */
EXPORT struct kernel *racer_new(const int64_t *told)
{
	struct kernel *k = calloc(1, sizeof *k);
	if (k == NULL)
		return NULL;
	k->words = k->store.words = (uint32_t)*told++;
	k->threads_count = (uint32_t)*told++;
	k->kinds_count = (uint32_t)*told++;
	k->cells_count = (uint32_t)*told++;
	k->predicates_count = (uint32_t)*told++;
	k->groups_count = (uint32_t)*told++;
	k->broken_count = (uint32_t)*told++;
	k->consistent_count = (uint32_t)*told++;
	k->sometimes_count = (uint32_t)*told++;
	k->edges_wanted = *told++ != 0;
	k->in_order = *told++ != 0;
	k->threads = zeroed(k->threads_count, sizeof *k->threads);
	k->kinds = zeroed(k->kinds_count, sizeof *k->kinds);
	k->cells = zeroed(k->cells_count, sizeof *k->cells);
	k->predicates = zeroed(k->predicates_count, sizeof *k->predicates);
	k->groups = zeroed(k->groups_count, sizeof *k->groups);
	k->broken = zeroed(k->broken_count, sizeof *k->broken);
	k->invariants = zeroed(k->broken_count, sizeof *k->invariants);
	k->broken_labels = zeroed(k->broken_count, sizeof *k->broken_labels);
	k->consistent = zeroed(k->consistent_count, sizeof *k->consistent);
	k->sometimes = zeroed(k->sometimes_count, sizeof *k->sometimes);
	k->reached = zeroed(k->sometimes_count, 1);
	if (k->words > MOST_WORDS || !k->threads || !k->kinds || !k->cells || !k->predicates ||
		!k->groups || !k->broken || !k->invariants || !k->broken_labels || !k->consistent ||
		!k->sometimes || !k->reached)
		goto failed;
	for (uint32_t i = 0; i < k->threads_count; i++) {
		struct thread *t = &k->threads[i];
		t->kind = (uint32_t)*told++;
		t->group = UINT32_MAX;
		t->node = read_field(&told);
		t->part = read_field(&told);
		t->slots = (uint32_t)*told++;
		t->windows = zeroed(t->slots, sizeof *t->windows);
		if (t->windows == NULL)
			goto failed;
		for (uint32_t s = 0; s < t->slots; s++)
			t->windows[s] = read_field(&told);
	}
	for (uint32_t i = 0; i < k->cells_count; i++)
		k->cells[i] = read_field(&told);
	for (uint32_t i = 0; i < k->predicates_count; i++) {
		k->predicates[i].declared = zeroed(k->cells_count, 1);
		k->predicates[i].looks = zeroed(k->cells_count, 1);
		if (k->predicates[i].declared == NULL || k->predicates[i].looks == NULL)
			goto failed;
		for (uint32_t c = (uint32_t)*told++; c > 0; c--)
			k->predicates[i].declared[*told++] = 1;
	}
	for (uint32_t i = 0; i < k->groups_count; i++) {
		struct group *g = &k->groups[i];
		g->count = (uint32_t)*told++;
		g->threads = zeroed(g->count, sizeof *g->threads);
		if (g->threads == NULL)
			goto failed;
		for (uint32_t c = 0; c < g->count; c++) {
			g->threads[c] = (uint32_t)*told++;
			k->threads[g->threads[c]].group = i;
		}
	}
	for (uint32_t i = 0; i < k->broken_count; i++) {
		k->broken[i] = read_field(&told);
		k->invariants[i] = (uint32_t)*told++;
		k->broken_labels[i] = (int32_t)*told++;
	}
	for (uint32_t i = 0; i < k->consistent_count; i++)
		k->consistent[i] = (uint32_t)*told++;
	for (uint32_t i = 0; i < k->sometimes_count; i++)
		k->sometimes[i] = (uint32_t)*told++;
	return k;
failed:
	racer_free(k);
	return NULL;
}

/* Pairs of slot and watch; where they are, or -1 without memory. */
static int32_t add_pairs(struct kernel *k, int32_t count, const int32_t *pairs)
{
	size_t at = k->pairs_count;
	size_t wanted = at + 2 * (size_t)count;
	if (!room_for((void **)&k->pairs, &k->pairs_room, wanted, sizeof *k->pairs))
		return -1;
	if (count > 0)
		memcpy(k->pairs + at, pairs, 2 * (size_t)count * sizeof *pairs);
	k->pairs_count = wanted;
	return (int32_t)at;
}

static bool room_for_node(struct kind *kind, size_t node)
{
	size_t before = kind->room;
	if (!room_for((void **)&kind->nodes, &kind->room, node + 1, sizeof *kind->nodes))
		return false;
	if (kind->room > before)
		memset(kind->nodes + before, 0, (kind->room - before) * sizeof *kind->nodes);
	if (kind->count < node + 1)
		kind->count = node + 1;
	return true;
}

/* Rows of a node for values up to `value`, as far as there are none yet. */
static bool room_for_rows(struct kind *kind, struct node *node, int32_t value)
{
	if (value < node->rows)
		return true;
	int32_t wanted = node->rows * 2 > value + 1 ? node->rows * 2 : value + 1;
	size_t at = kind->rows_count, end = at + (size_t)wanted;
	if (!room_for((void **)&kind->rows, &kind->rows_room, end, sizeof *kind->rows))
		return false;
	for (int32_t i = 0; i < wanted; i++) {
		struct row none = {UNKNOWN, 0};
		kind->rows[at + (size_t)i] = i < node->rows ? kind->rows[node->row + i] : none;
	}
	kind->rows_count = end;
	node->row = (int32_t)at;
	node->rows = wanted;
	return true;
}

/* What a thread is about to do at a node: `told` are what, cell, label, slot,
   watch, whether it is atomic, and whether its thread gets to see the cell. */
EXPORT int32_t racer_node(struct kernel *k, int32_t kind, int32_t node, const int32_t *told,
						  int32_t opened, const int32_t *pairs, int32_t values)
{
	struct kind *own = &k->kinds[kind];
	if (!room_for_node(own, (size_t)node))
		return NO_MEMORY;
	struct node *n = &own->nodes[node];
	int32_t at = add_pairs(k, opened, pairs);
	if (at < 0)
		return NO_MEMORY;
	n->cell = told[1];
	n->label = told[2];
	n->slot = told[3];
	n->watch = told[4];
	n->atomic = told[5];
	n->answers = told[6];
	n->opened = opened;
	n->pairs = at;
	for (int i = 0; i < ANSWERS; i++)
		n->targets[i] = UNKNOWN;
	if (told[0] == STEP && !room_for_rows(own, n, values - 1))
		return NO_MEMORY;
	n->what = told[0];
	return DONE;
}

/* One more special step; its number, or -1 without memory. */
EXPORT int32_t racer_special(struct kernel *k, int32_t fails, int32_t settles, int32_t waits,
							 int32_t changes, int32_t opens, const int32_t *pairs)
{
	size_t at = k->specials_count;
	if (!room_for((void **)&k->specials, &k->specials_room, at + 1, sizeof *k->specials))
		return -1;
	int32_t first = add_pairs(k, opens, pairs);
	if (first < 0)
		return -1;
	struct special special = {fails, settles, waits, changes, opens, first};
	k->specials[at] = special;
	k->specials_count++;
	return (int32_t)at;
}

/* The edges of a node while its cell holds a value. */
EXPORT int32_t racer_row(struct kernel *k, int32_t kind, int32_t node, int32_t value,
						 int32_t count, const struct edge *edges)
{
	struct kind *own = &k->kinds[kind];
	struct node *n = &own->nodes[node];
	size_t at = own->edges_count, end = at + (size_t)count;
	if (!room_for_rows(own, n, value) ||
		!room_for((void **)&own->edges, &own->edges_room, end, sizeof *edges))
		return NO_MEMORY;
	if (count > 0)
		memcpy(own->edges + at, edges, (size_t)count * sizeof *edges);
	own->edges_count = end;
	struct row row = {(int32_t)at, count};
	own->rows[n->row + value] = row;
	return DONE;
}

/* Where a thread goes on whose window has closed with an answer. */
EXPORT void racer_target(struct kernel *k, int32_t kind, int32_t node, int32_t answer,
						 int32_t target)
{
	k->kinds[kind].nodes[node].targets[answer] = target;
}

#define MOST_TRUTHS ((size_t)1 << 20) /* that have a byte each from the start */

/* A predicate looks at these cells, which have so many values; nothing is known of it yet. */
EXPORT int32_t racer_predicate(struct kernel *k, int32_t predicate, int32_t count,
							   const int32_t *cells, const int32_t *dims)
{
	struct predicate *p = &k->predicates[predicate];
	size_t size = 1;
	for (int32_t i = 0; i < count; i++)
		size *= (size_t)dims[i];
	bool dense = size <= MOST_TRUTHS;
	uint8_t *truths = malloc(dense ? size : 1);
	uint32_t *own_cells = zeroed((size_t)count, sizeof *own_cells);
	uint32_t *own_dims = zeroed((size_t)count, sizeof *own_dims);
	if (truths == NULL || own_cells == NULL || own_dims == NULL) {
		free(truths);
		free(own_cells);
		free(own_dims);
		return NO_MEMORY;
	}
	memset(truths, NOT_ASKED, dense ? size : 1);
	memset(p->looks, 0, k->cells_count);
	for (int32_t i = 0; i < count; i++) {
		own_cells[i] = (uint32_t)cells[i];
		own_dims[i] = (uint32_t)dims[i];
		p->looks[cells[i]] = 1;
	}
	free(p->truths);
	free(p->cells);
	free(p->dims);
	free_store(&p->seen);
	memset(&p->seen, 0, sizeof p->seen);
	p->seen.words = dense ? 0 : 1;
	p->truths = truths;
	p->room = dense ? size : 1;
	p->cells = own_cells;
	p->dims = own_dims;
	p->count = (uint32_t)count;
	return DONE;
}

/* Where the truth of a predicate in a state lies; NULL where a cell has a value too many, and where
   there is no memory. */
static uint8_t *truth_place(const struct kernel *k, struct predicate *p, const word *state)
{
	word at = 0;
	if (p->truths == NULL)
		return NULL;
	for (uint32_t i = 0; i < p->count; i++) {
		word value = get(state, k->cells[p->cells[i]]);
		if (value >= p->dims[i])
			return NULL;
		at = at * p->dims[i] + value;
	}
	if (p->seen.words == 0)
		return &p->truths[at];
	size_t count = p->seen.count;
	if (!room_for((void **)&p->truths, &p->room, count + 1, 1))
		return NULL;
	int64_t number = number_of(&p->seen, &at, hash_of(&at, 1), MOST_STATES, 1);
	if (number < 0)
		return NULL;
	if (p->seen.count > count)
		p->truths[number] = NOT_ASKED;
	return &p->truths[number];
}

EXPORT void racer_truth(struct kernel *k, int32_t predicate, const word *state, int32_t truth)
{
	uint8_t *place = truth_place(k, &k->predicates[predicate], state);
	if (place != NULL)
		*place = (uint8_t)truth;
}
