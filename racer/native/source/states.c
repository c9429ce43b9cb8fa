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
static inline size_t slot_of(const struct store *s, word hash)
{
	return (size_t)((hash >> 32) * (word)s->slots_count >> 32);
}

static inline size_t next_slot(const struct store *s, size_t at)
{
	return at + 1 == s->slots_count ? 0 : at + 1;
}

static size_t free_slot(const struct store *s, word hash)
{
	size_t at = slot_of(s, hash);
	while (s->slots[at] != 0)
		at = next_slot(s, at);
	return at;
}

static bool make_slots(struct store *s, size_t wanted)
{
	free(s->slots);
	s->slots_count = 0;
	s->slots = wanted > MOST_SLOTS ? NULL : calloc(wanted, sizeof *s->slots);
	if (s->slots == NULL)
		return false;
	s->slots_count = wanted;
	for (size_t i = 0; i < s->count; i++) {
		word hash = hash_of(s->keys + i * s->words, s->words);
		s->slots[free_slot(s, hash)] = hash << 32 | (i + 1);
	}
	return true;
}

/* Room for one more key. */
static bool room_for_key(struct store *s)
{
	if (s->count + 1 > s->slots_count / 5 * 4 &&
		!make_slots(s, s->slots_count + s->slots_count / 2 + 1280))
		return false;
	return room_for((void **)&s->keys, &s->room, s->count + 1, s->words * sizeof(word));
}

static inline bool same(const word *one, const word *other, const uint32_t words)
{
	for (uint32_t w = 0; w < words; w++)
		if (one[w] != other[w])
			return false;
	return true;
}

enum { NO_ROOM = -1, TOO_MANY = -2 };

/* The number of a key, a new one if it has none and there may be so many. `words` is s->words. */
static inline int64_t number_of(struct store *s, const word *key, word hash, size_t most,
								const uint32_t words)
{
	size_t at = 0;
	if (s->slots_count > 0)
		for (at = slot_of(s, hash); s->slots[at] != 0; at = next_slot(s, at)) {
			word slot = s->slots[at];
			size_t known = (size_t)(uint32_t)slot - 1;
			if (slot >> 32 == (word)(uint32_t)hash && same(s->keys + known * words, key, words))
				return (int64_t)known;
		}
	if (s->count >= most || s->count >= MOST_STATES)
		return TOO_MANY;
	size_t slots_before = s->slots_count;
	if (!room_for_key(s))
		return NO_ROOM;
	if (s->slots_count != slots_before)
		at = free_slot(s, hash);
	for (uint32_t w = 0; w < words; w++)
		s->keys[s->count * words + w] = key[w];
	s->slots[at] = (word)(uint32_t)hash << 32 | (s->count + 1);
	return (int64_t)s->count++;
}

static void free_store(struct store *s)
{
	free(s->keys);
	free(s->slots);
}
