/* The compiled search, as one unit: a library in plain C11, which knows nothing of Python. */

#include "kernel.h"

static void free_reduction(struct reduction *r);
static void free_preempting(struct preempting *p);
static int32_t choose(struct kernel *k, const word *state, size_t at, int32_t moves);

#include "states.c"
#include "tables.c"
#include "expanding.c"
#include "reducing.c"
#include "searching.c"
#include "graphs.c"
#include "preempting.c"
#include "settling.c"
