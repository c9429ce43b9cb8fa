/* What the parts of the compiled search share: tables of threads, and the states that were found.

   A state is as racer/machine/layout.py packs it, in words of 64 bits, the lowest first; no field
   crosses a word. Tables are filled by Python as they are asked for: what is missing is collected
   in `misses`, of as many states as may be looked at, and given back in one go. */

#ifndef RACER_KERNEL_H
#define RACER_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

#define MOST_WORDS 32 /* of a state */
#define BLOCK 64	  /* states that are expanded before what they lead to is looked up */
#define OPTIONS 65536 /* of one agent: OPTIONS in racer/machine/moves.py */
#define MOST_STATES 0x7ffffffeu

typedef uint64_t word;

struct field {
	uint32_t word, shift;
	word mask;
};

static inline word get(const word *state, struct field field)
{
	return state[field.word] >> field.shift & field.mask;
}

static inline void put(word *state, struct field field, word value)
{
	word *at = &state[field.word];
	*at = (*at & ~(field.mask << field.shift)) | value << field.shift;
}

/* One move: the thread's next node, what its cell holds then (-1: it has none), which option of a
   choose it is, and what windows and invariants have to do with it (-1: nothing). */
struct edge {
	int32_t target, after, option, special;
};

/* The edges of a node while its cell holds one value: `first` of them in the kind's `edges`. */
struct row {
	int32_t first, count;
};

enum { UNKNOWN = -1, ASKED = -2 }; /* `first` of rows, and targets of windows that close */

/* A step that a window or an invariant may see. */
struct special {
	int32_t fails;	 /* the model fails with it: Python tells how */
	int32_t settles; /* windows close or are cleared */
	int32_t waits;	 /* the watch that has to be true, or -1 */
	int32_t changes; /* the cell that gets another value, or -1 */
	int32_t opens;	 /* how many windows it opens: pairs of slot and watch at `pairs` */
	int32_t pairs;
};

enum what { NOT_KNOWN, ASKED_FOR, STEP, ENDED, CLOSING, RAISED };

#define ANSWERS 4 /* as many as OBSERVATIONS in racer/lang/watches.py */

struct node {
	int32_t what;	/* enum what */
	int32_t cell;	/* of a STEP: the cell that it accesses, or -1 */
	int32_t row;	/* of a STEP: its first row among the kind's, one for each value */
	int32_t rows;	/* and how many there are */
	int32_t label;	/* of the violation that has ended the thread, or -1 */
	int32_t atomic; /* of a STEP: whether it is of an atomic region */
	int32_t answers; /* of a STEP: whether its thread gets to see what the cell holds */
	int32_t slot;	/* of a CLOSING: which window, on which watch */
	int32_t watch;
	int32_t opened; /* windows open before its step: pairs of slot and watch at `pairs` */
	int32_t pairs;
	int32_t targets[ANSWERS]; /* of a CLOSING, by what the window has seen */
};

/* Copies of a thread are of one kind. */
struct kind {
	struct node *nodes;
	size_t count, room;
	struct row *rows;
	size_t rows_count, rows_room;
	struct edge *edges;
	size_t edges_count, edges_room;
};

struct thread {
	uint32_t kind, group; /* group: of copies, UINT32_MAX if there is one */
	struct field node, part;
	struct field *windows;
	uint32_t slots;
};

struct group {
	uint32_t *threads, count;
};

enum { FALSE = 0, TRUE = 1, FAILS = 2, NOT_ASKED = 3, BEING_ASKED = 4 }; /* truths */

/* Keys of so many words, numbered as they come, and found by their hash: states.c. */
struct store {
	uint32_t words;
	word *keys, *slots;
	size_t count, room, slots_count;
};

/* A predicate by the values of the cells that it has looked at so far: by the number that they make
   if they are digits, or, where there are too many, by the place of that among `seen`. */
struct predicate {
	uint32_t *cells, *dims, count;
	struct store seen; /* of words, if there are any */
	uint8_t *truths;
	size_t room;
	uint8_t *declared; /* by cell, whether a watch is on it */
	uint8_t *looks;	   /* by cell, whether it has been looked at */
};

enum missing {
	MISSING_NODE,
	MISSING_ROW,
	MISSING_TARGET,
	MISSING_TRUTH,
	MISSING_CONFLICT,
	MISSING_END /* which goal a state without moves shows */
};

struct miss {
	/* Of a truth, the predicate is `kind`; futures that may conflict are `node` and `value`. */
	int32_t what, kind, node, value;
	word state[MOST_WORDS];
};

#define MOST_MISSES 1024

enum status {
	DONE,		/* no state is left to expand */
	SLICE,		/* as many as were asked for are expanded */
	MISSED,		/* something is missing from the tables */
	HANDED,		/* Python has to expand the next state: a predicate fails there, say */
	FULL,		/* there are as many states as may be */
	NO_MEMORY,	/* nothing is lost, but it cannot go on */
	BAD_GOAL,	/* Python has to ask a `sometimes` predicate of a state */
};

struct found { /* what a block of states leads to, before it is looked up */
	uint32_t *moves;
	word *states, *hashes;
	size_t count, room;
};

struct kernel {
	uint32_t words, threads_count, kinds_count, cells_count, predicates_count, groups_count;
	uint32_t broken_count, consistent_count, sometimes_count;
	struct thread *threads;
	struct kind *kinds;
	struct field *cells;
	struct predicate *predicates;
	struct group *groups;
	struct field *broken;	/* bits of invariants, in parallel with: */
	uint32_t *invariants;	/* their predicates */
	int32_t *broken_labels; /* and labels */
	uint32_t *consistent;	/* predicates that may not be false */
	uint32_t *sometimes;	/* predicates that have to come true */
	uint8_t *reached;		/* which have */
	struct special *specials;
	size_t specials_count, specials_room;
	int32_t *pairs; /* of slots and watches */
	size_t pairs_count, pairs_room;

	struct miss misses[MOST_MISSES];
	size_t misses_count;

	struct store store; /* the states, in the order in which they were found */
	uint32_t *parents;
	size_t parents_room;

	size_t expanded, transitions, examined;
	bool edges_wanted;
	bool unsorted; /* states are left as they are, whatever copies there are */
	bool in_order; /* what is missing is asked for one by one, as Python would come to it */
	size_t *first, *last; /* by state, its edges in: */
	uint32_t *moves, *goals;
	size_t edges_count, edges_room, rows_room;

	struct found found;
	uint8_t *full;	 /* by state, whether every move of it is explored; with a reduction only */
	size_t full_room;
	struct reduction *reduction;
	struct preempting *preempting;
};

/* Room for `count` of `size` bytes in an array that grows. False: there is no memory. */
static inline bool room_for(void **array, size_t *room, size_t count, size_t size)
{
	if (count <= *room)
		return true;
	size_t wanted = *room + *room / 2 + 16;
	if (wanted < count)
		wanted = count;
	if (wanted > SIZE_MAX / size)
		return false;
	void *grown = realloc(*array, wanted * size);
	if (grown == NULL)
		return false;
	*array = grown;
	*room = wanted;
	return true;
}

#endif
