/* The states that were found, in order, and by their hash: open addressing, slots of 8 bytes.

   A slot has 32 bits of the hash and the state's number + 1; 0: it is empty. The table is as large
   as is wanted, no power of two: it grows by half where four fifths are full, from the states
   themselves, so that the old one need not be there meanwhile. With a word a state this makes 8
   bytes for it, 4 for the state it was found from, and from 10 to 15 for its slot. */

static inline word hash_of(const word *state, const uint32_t words)
{
	word hash = 0x9e3779b97f4a7c15u;
	for (uint32_t w = 0; w < words; w++) {
		hash ^= state[w];
		hash ^= hash >> 32;
		hash *= 0xd6e8feb86659fd93u;
		hash ^= hash >> 32;
		hash *= 0xd6e8feb86659fd93u;
		hash ^= hash >> 32;
	}
	return hash;
}

#define MOST_SLOTS 0xffffffffu /* so that a share of them can be taken by one multiplication */

/* Where to look first: the upper half of the hash as a share of the table. */
static inline size_t slot_of(const struct kernel *k, word hash)
{
	return (size_t)((hash >> 32) * (word)k->slots_count >> 32);
}

static bool make_slots(struct kernel *k, size_t wanted)
{
	free(k->slots);
	k->slots_count = 0;
	k->slots = wanted > MOST_SLOTS ? NULL : calloc(wanted, sizeof *k->slots);
	if (k->slots == NULL)
		return false;
	k->slots_count = wanted;
	for (size_t i = 0; i < k->count; i++) {
		word hash = hash_of(k->states + i * k->words, k->words);
		size_t at = slot_of(k, hash);
		while (k->slots[at] != 0)
			at = at + 1 == k->slots_count ? 0 : at + 1;
		k->slots[at] = hash << 32 | (i + 1);
	}
	return true;
}

/* Room for one more state. */
static bool room_for_state(struct kernel *k)
{
	if (k->count + 1 > k->slots_count / 5 * 4 &&
		!make_slots(k, k->slots_count + k->slots_count / 2 + 1280))
		return false;
	if (k->count < k->room)
		return true;
	size_t states = k->room, parents = k->room;
	if (!room_for((void **)&k->states, &states, k->count + 1, k->words * sizeof(word)) ||
		!room_for((void **)&k->parents, &parents, k->count + 1, sizeof *k->parents))
		return false;
	k->room = states;
	return true;
}

static inline bool same(const word *one, const word *other, const uint32_t words)
{
	for (uint32_t w = 0; w < words; w++)
		if (one[w] != other[w])
			return false;
	return true;
}

enum { NO_ROOM = -1, TOO_MANY = -2 };

/* The number of a state, a new one if it has none and there may be so many. */
static inline int64_t number_of(struct kernel *k, const word *state, word hash, uint32_t parent,
								size_t most, const uint32_t words)
{
	size_t at = 0;
	if (k->slots_count > 0) {
		at = slot_of(k, hash);
		while (k->slots[at] != 0) {
			word slot = k->slots[at];
			size_t known = (size_t)(uint32_t)slot - 1;
			if (slot >> 32 == (word)(uint32_t)hash && same(k->states + known * words, state, words))
				return (int64_t)known;
			at = at + 1 == k->slots_count ? 0 : at + 1;
		}
	}
	if (k->count >= most || k->count >= MOST_STATES)
		return TOO_MANY;
	size_t slots_before = k->slots_count;
	word kept[MOST_WORDS];
	for (uint32_t w = 0; w < words; w++)
		kept[w] = state[w];
	if (!room_for_state(k))
		return NO_ROOM;
	if (k->slots_count != slots_before) {
		at = slot_of(k, hash);
		while (k->slots[at] != 0)
			at = at + 1 == k->slots_count ? 0 : at + 1;
	}
	for (uint32_t w = 0; w < words; w++)
		k->states[k->count * words + w] = kept[w];
	k->parents[k->count] = parent;
	k->slots[at] = (word)(uint32_t)hash << 32 | (k->count + 1);
	return (int64_t)k->count++;
}
