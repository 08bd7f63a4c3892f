/*
 * test_mp_queue.c - messages between several producers and consumers, and what the dead leave
 *
 * deadline: 300
 * sanitize: thread
 */
#include "mp/event.h"
#include "mp/queue.h"
#include "mp_kit.h"
#include "suite.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING      4096
#define PRODUCERS 3
#define CONSUMERS 3
#define MESSAGES  20000

struct shared {
	struct mp_event begun, go;
	_Atomic uint32_t got[PRODUCERS][MESSAGES];
	_Atomic uint32_t attached, out_of_order, torn;
};

static struct shared *shared;
static struct mp_queue *queue;

static struct mp_queue *make_queue(uint32_t producers, uint32_t consumers, size_t ring_bytes)
{
	struct mp_queue_options o = {
		.producers = producers, .consumers = consumers, .ring_bytes = ring_bytes};
	struct mp_queue *q = NULL;

	ck_assert_int_eq(mp_queue_create(&o, &q), 0);
	return q;
}

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	mp_event_create(&shared->begun);
	mp_event_create(&shared->go);
	queue = make_queue(1, 1, RING);
}

static void renew(uint32_t producers, uint32_t consumers)
{
	mp_queue_destroy(queue);
	queue = make_queue(producers, consumers, RING);
}

static void drop(void)
{
	mp_queue_destroy(queue);
	kit_drop();
}

/* ---- what the children do: handle 0 is memory, 1 a queue ---- */

static struct mp_queue *attach_queue(struct mp_child *self)
{
	struct mp_queue *q;

	return mp_queue_attach(mp_child_handle(self, 1), &q) ? NULL : q;
}

/* Puts MESSAGES messages as producer number. */
static int produce(struct mp_child *self)
{
	struct mp_queue *q = attach_queue(self);
	struct kit_message m;
	int err = q ? 0 : -ENOMEM;

	for (uint32_t i = 0; !err && i < MESSAGES; i++) {
		size_t n = kit_fill(&m, (uint32_t)kit_number(self), i);

		err = mp_queue_put(q, &m, n, WAIT_MS);
	}
	mp_queue_destroy(q);
	return err ? 1 : 0;
}

static void count(struct shared *s, const struct kit_message *m, size_t n, uint32_t *last)
{
	if (!kit_whole(m, n) || m->producer >= PRODUCERS || m->number >= MESSAGES) {
		s->torn++;
		return;
	}
	s->got[m->producer][m->number]++;
	s->out_of_order += last[m->producer] > m->number;
	last[m->producer] = m->number;
}

/* Gets until the end. */
static int consume(struct mp_child *self)
{
	struct mp_memory *memory;
	struct shared *s = kit_attach(self, &memory);
	struct mp_queue *q = attach_queue(self);
	uint32_t last[PRODUCERS] = {0};
	struct kit_message m;
	size_t n;
	int err = s && q ? 0 : -ENOMEM;

	if (!err)
		s->attached++;
	while (!err) {
		err = mp_queue_get(q, &m, sizeof(m), &n, WAIT_MS);
		if (!err)
			count(s, &m, n, last);
		if (!err)
			mp_event_set(&s->begun);
	}
	mp_queue_destroy(q);
	mp_memory_destroy(memory);
	return err == -ENODATA ? 0 : -err;
}

/* Puts for ever; the parent kills it. */
static int babble(struct mp_child *self)
{
	struct mp_queue *q = attach_queue(self);
	struct kit_message m;

	for (uint32_t i = 0; q; i++)
		if (mp_queue_put(q, &m, kit_fill(&m, 0, i), 4 * WAIT_MS))
			break;
	mp_queue_destroy(q);
	return 1;
}

/* Fills the ring as far as it goes and ends. */
static int fill_up(struct mp_child *self)
{
	struct mp_queue *q = attach_queue(self);
	struct kit_message m;
	uint32_t i = 0;

	while (q && mp_queue_put(q, &m, kit_fill(&m, 0, i), 0) == 0)
		i++;
	mp_queue_destroy(q);
	return q ? (int)i : 255;
}

static int attach_wrong(struct mp_child *self)
{
	struct mp_queue *q;

	return mp_queue_attach(mp_child_handle(self, 0), &q) == -EINVAL ? 0 : 1;
}

static const struct mp_entry entries[] = {{"produce", produce}, {"consume", consume},
	{"babble", babble}, {"fill_up", fill_up}, {"attach_wrong", attach_wrong}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static struct mp_process *start_with(
	const char *entry, enum mp_method method, uint32_t roles, int number)
{
	struct mp_handle handles[] = {mp_memory_handle(kit_memory), mp_queue_handle(queue, roles)};
	/* Some of the tests have threads already when they fork: mp's own entries do no harm then. */
	struct mp_process_options o = {.entry = entry,
		.argument = &number,
		.nbytes = sizeof(number),
		.handles = handles,
		.nhandles = 2,
		.method = method};
	struct mp_process *p = NULL;

	ck_assert_int_eq(mp_process_start(&o, &p), 0);
	return p;
}

/* ---- order and completeness ---- */

static void all_got_once(void)
{
	ck_assert_uint_eq(shared->torn, 0);
	ck_assert_uint_eq(shared->out_of_order, 0);
	for (int p = 0; p < PRODUCERS; p++)
		for (int i = 0; i < MESSAGES; i++)
			must(shared->got[p][i] == 1, "message %d of producer %d came %u times", i,
				p, shared->got[p][i]);
}

START_TEST(every_message_comes_once_whole_and_in_its_producers_order)
{
	struct mp_process *producer[PRODUCERS], *consumer[CONSUMERS];

	renew(PRODUCERS, CONSUMERS);
	for (int i = 0; i < CONSUMERS; i++)
		consumer[i] = start_with("consume", kit_method[_i], MP_QUEUE_GET, 0);
	for (int i = 0; i < PRODUCERS; i++)
		producer[i] = start_with("produce", kit_method[_i], MP_QUEUE_PUT, i);
	for (int i = 0; i < PRODUCERS; i++)
		ck_assert_int_eq(kit_end(producer[i]), 0);
	for (int i = 0; i < CONSUMERS; i++)
		ck_assert_int_eq(kit_end(consumer[i]), 0);
	all_got_once();
}
END_TEST

START_TEST(one_producer_and_one_consumer_need_no_lock_and_lose_nothing)
{
	struct mp_process *producer = start_with("produce", kit_method[_i], MP_QUEUE_PUT, 0);
	uint32_t next = 0;
	struct kit_message m;
	size_t n;
	int err;

	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_GET), 0);
	while (!(err = mp_queue_get(queue, &m, sizeof(m), &n, WAIT_MS))) {
		ck_assert(kit_whole(&m, n));
		ck_assert_uint_eq(m.number, next++);
	}
	ck_assert_int_eq(err, -ENODATA);
	ck_assert_uint_eq(next, MESSAGES);
	ck_assert_int_eq(kit_end(producer), 0);
}
END_TEST

START_TEST(what_was_put_outlives_who_put_it)
{
	struct mp_process *producer = start_with("fill_up", kit_method[_i], MP_QUEUE_PUT, 0);
	int put = kit_end(producer);
	struct kit_message m;
	size_t n;

	ck_assert_int_gt(put, 10);
	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_GET), 0);
	for (int i = 0; i < put; i++) {
		ck_assert_int_eq(mp_queue_get(queue, &m, sizeof(m), &n, 0), 0);
		ck_assert(kit_whole(&m, n) && m.number == (uint32_t)i);
	}
	ck_assert_int_eq(mp_queue_get(queue, &m, sizeof(m), &n, 0), -ENODATA);
	ck_assert_int_eq(mp_queue_get(queue, &m, sizeof(m), &n, MP_FOREVER), -ENODATA);
}
END_TEST

/* ---- bounds and ends ---- */

START_TEST(a_full_queue_takes_no_more_until_one_is_got)
{
	static char bytes[RING], back[RING];
	size_t n;

	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_PUT | MP_QUEUE_GET), 0);
	ck_assert_int_eq(mp_queue_put(queue, bytes, RING - 7, 0), -EMSGSIZE);
	ck_assert_int_eq(mp_queue_put(queue, bytes, SIZE_MAX, 0), -EMSGSIZE);
	for (int i = 0; i < 2 * RING / 16; i++)
		ck_assert_int_eq(
			mp_queue_put(queue, "8 bytes.", 8, 0), i < RING / 16 ? 0 : -ETIMEDOUT);
	ck_assert_int_eq(mp_queue_put(queue, "x", 1, -1), -ETIMEDOUT);
	ck_assert_int_eq(mp_queue_put(queue, "x", 1, 30), -ETIMEDOUT);
	ck_assert_int_eq(mp_queue_get(queue, back, 7, &n, 0), -EMSGSIZE);
	ck_assert_uint_eq(n, 8);
	ck_assert_int_eq(mp_queue_get(queue, back, 8, &n, 0), 0);
	ck_assert_int_eq(mp_queue_put(queue, "last one", 8, 0), 0);
	for (int i = 0; i < RING / 16; i++)
		ck_assert_int_eq(mp_queue_get(queue, back, sizeof(back), &n, 0), 0);
	ck_assert_int_eq(memcmp(back, "last one", 8), 0);
	ck_assert_int_eq(mp_queue_get(queue, back, sizeof(back), &n, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_queue_get(queue, back, sizeof(back), &n, 30), -ETIMEDOUT);
}
END_TEST

START_TEST(messages_of_every_length_come_back_also_round_the_end_of_the_ring)
{
	static unsigned char bytes[RING], back[RING];

	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_PUT | MP_QUEUE_GET), 0);
	for (size_t i = 0; i < RING; i++)
		bytes[i] = (unsigned char)(i * 7 % 251);
	for (size_t length = 0; length <= RING - 8; length += length < 40 ? 1 : 61) {
		size_t n = 1;

		ck_assert_int_eq(mp_queue_put(queue, bytes, length, 0), 0);
		memset(back, 0xff, sizeof(back));
		ck_assert_int_eq(mp_queue_get(queue, back, sizeof(back), &n, 0), 0);
		ck_assert_uint_eq(n, length);
		ck_assert_int_eq(memcmp(back, bytes, n), 0);
	}
}
END_TEST

START_TEST(a_closed_queue_gives_what_it_has_and_takes_nothing)
{
	char back[8];
	size_t n;

	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_PUT | MP_QUEUE_GET), 0);
	ck_assert_int_eq(mp_queue_put(queue, "in", 2, 0), 0);
	mp_queue_close(queue);
	ck_assert_int_eq(mp_queue_put(queue, "late", 4, 0), -EPIPE);
	ck_assert_int_eq(mp_queue_get(queue, back, sizeof(back), &n, 0), 0);
	ck_assert_int_eq(mp_queue_get(queue, back, sizeof(back), &n, 0), -ENODATA);
	ck_assert_int_eq(mp_queue_get(queue, back, sizeof(back), &n, MP_FOREVER), -ENODATA);
}
END_TEST

START_TEST(who_has_no_role_may_not_and_places_are_few)
{
	struct mp_handle h = mp_queue_handle(queue, MP_QUEUE_PUT);
	struct mp_queue *second;
	size_t n;

	ck_assert_int_eq(mp_queue_put(queue, "x", 1, 0), -EBADF);
	ck_assert_int_eq(mp_queue_get(queue, &n, sizeof(n), &n, 0), -EBADF);
	ck_assert_int_eq(mp_queue_open(queue, 0), -EINVAL);
	ck_assert_int_eq(mp_queue_open(queue, 4), -EINVAL);
	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_PUT), 0);
	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_PUT), -EINVAL);
	ck_assert_int_eq(mp_queue_attach(&h, &second), -EAGAIN);
	h = mp_queue_handle(queue, MP_QUEUE_PUT | MP_QUEUE_GET);
	ck_assert_int_eq(mp_queue_attach(&h, &second), -EAGAIN);
	h = mp_queue_handle(queue, MP_QUEUE_GET);
	ck_assert_int_eq(mp_queue_attach(&h, &second), 0);
	ck_assert_int_eq(mp_queue_get(second, &n, sizeof(n), &n, 0), -ETIMEDOUT);
	mp_queue_destroy(second);
	mp_queue_destroy(NULL);
	ck_assert_int_eq(mp_queue_attach(NULL, &second), -EINVAL);
	h = mp_memory_handle(kit_memory);
	h.kind = MP_HANDLE_QUEUE;
	ck_assert_int_eq(mp_queue_attach(&h, &second), -EINVAL);
	ck_assert_int_eq(kit_end(kit_start("attach_wrong", kit_method[_i], 0)), 0);
}
END_TEST

START_TEST(a_queue_that_cannot_be_is_refused)
{
	static const struct mp_queue_options wrong[] = {{0, 1, 0}, {1, 0, 0},
		{MP_QUEUE_PLACES_MAX + 1, 1, 0}, {1, MP_QUEUE_PLACES_MAX + 1, 0},
		{1, 1, MP_QUEUE_RING_MAX + 1}, {1, 1, SIZE_MAX}};
	struct mp_queue *q;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(mp_queue_create(&wrong[i], &q), -EINVAL);
	ck_assert_int_eq(mp_queue_create(NULL, &q), -EINVAL);
	q = make_queue(MP_QUEUE_PLACES_MAX, MP_QUEUE_PLACES_MAX, 1);
	ck_assert_int_eq(mp_queue_open(q, MP_QUEUE_PUT | MP_QUEUE_GET), 0);
	ck_assert_int_eq(mp_queue_put(q, "x", 1, 0), 0);
	mp_queue_destroy(q);
}
END_TEST

/* ---- deaths ---- */

START_TEST(a_killed_producer_tears_nothing_and_its_death_is_told_at_the_end)
{
	struct kit_message m;
	size_t n;

	for (int i = 0; i < KILLS_EACH; i++) {
		struct mp_process *p;
		uint32_t next = 0, before = (uint32_t)(i * 37 % 500);
		int err = 0;

		renew(1, 1);
		ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_GET), 0);
		p = start_with("babble", kit_method[_i], MP_QUEUE_PUT, 0);
		while (!(err = mp_queue_get(queue, &m, sizeof(m), &n, WAIT_MS))) {
			ck_assert(kit_whole(&m, n));
			ck_assert_uint_eq(m.number, next++);
			if (next == before + 1)
				ck_assert_int_eq(mp_process_kill(p), 0);
		}
		ck_assert_int_eq(err, -EOWNERDEAD);
		ck_assert_int_eq(kit_end(p), -SIGKILL);
	}
}
END_TEST

START_TEST(a_dead_producers_place_serves_the_next)
{
	struct mp_process *p = start_with("babble", kit_method[_i], MP_QUEUE_PUT, 0);
	uint64_t end_ns = mp_deadline_ns(WAIT_MS);
	struct kit_message m;
	uint32_t numbers = 0;
	size_t n;
	int err;

	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_GET), 0);
	ck_assert_int_eq(mp_queue_get(queue, &m, sizeof(m), &n, WAIT_MS), 0);
	kit_kill(p);
	while (mp_queue_get(queue, &m, sizeof(m), &n, WAIT_MS) == 0)
		ck_assert(kit_whole(&m, n));
	p = start_with("produce", kit_method[_i], MP_QUEUE_PUT, 1);
	/* Until it has taken the place, the death of the first is what there is to be told. */
	while (!(err = mp_queue_get(queue, &m, sizeof(m), &n, WAIT_MS)) ||
		(err == -EOWNERDEAD && numbers == 0 && mp_now_ns() < end_ns)) {
		if (err)
			continue;
		ck_assert(kit_whole(&m, n));
		ck_assert_uint_eq(m.number, numbers++);
	}
	ck_assert_int_eq(err, -ENODATA);
	ck_assert_uint_eq(numbers, MESSAGES);
	ck_assert_int_eq(kit_end(p), 0);
}
END_TEST

/* Each is killed in the middle of a portion of messages; the next one gets its place. */
START_TEST(killed_consumers_lose_only_what_they_had_got)
{
	enum { PORTION = MESSAGES / KILLS_EACH };
	struct mp_process *alive;
	uint32_t lost = 0, twice = 0, number = 0;
	struct kit_message m;

	renew(1, 2);
	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_PUT), 0);
	alive = start_with("consume", kit_method[_i], MP_QUEUE_GET, 0);
	for (int i = 0; i < KILLS_EACH; i++) {
		struct mp_process *dead = start_with("consume", kit_method[_i], MP_QUEUE_GET, 0);
		uint64_t end_ns = mp_deadline_ns(WAIT_MS);

		while (shared->attached < 2 + (uint32_t)i)
			ck_assert_msg(mp_now_ns() < end_ns, "%d: no place", i);
		for (int k = 0; k < PORTION; k++, number++) {
			ck_assert_int_eq(
				mp_queue_put(queue, &m, kit_fill(&m, 0, number), WAIT_MS), 0);
			if (k == i * 37 % PORTION)
				ck_assert_int_eq(mp_process_kill(dead), 0);
		}
		ck_assert_int_eq(kit_end(dead), -SIGKILL);
	}
	mp_queue_close(queue);
	ck_assert_int_eq(kit_end(alive), 0);
	for (uint32_t i = 0; i < number; i++) {
		lost += shared->got[0][i] == 0;
		twice += shared->got[0][i] > 1 ? shared->got[0][i] - 1 : 0;
	}
	/* One that was got and not yet counted, or counted and not yet taken out: at most one for each death. */
	ck_assert_uint_le(lost, KILLS_EACH);
	ck_assert_uint_le(twice, KILLS_EACH);
	ck_assert_uint_eq(shared->torn, 0);
}
END_TEST

START_TEST(a_producer_before_a_full_queue_is_told_that_all_consumers_are_dead)
{
	struct mp_process *p = start_with("consume", kit_method[_i], MP_QUEUE_GET, 0);
	struct kit_message m;
	int err;

	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_PUT), 0);
	ck_assert_int_eq(mp_queue_put(queue, &m, kit_fill(&m, 0, 0), 0), 0);
	ck_assert_int_eq(mp_event_wait(&shared->begun, WAIT_MS), 0);
	kit_kill(p);
	for (uint32_t i = 1; !(err = mp_queue_put(queue, &m, kit_fill(&m, 0, i), WAIT_MS)); i++)
		ck_assert_uint_lt(i, RING);
	ck_assert_int_eq(err, -EPIPE);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_queue");
	TCase *c = gated_case(s, "messages");

	tcase_add_checked_fixture(c, make, drop);
	tcase_add_loop_test(
		c, every_message_comes_once_whole_and_in_its_producers_order, 0, NMETHODS);
	tcase_add_loop_test(
		c, one_producer_and_one_consumer_need_no_lock_and_lose_nothing, 0, NMETHODS);
	tcase_add_loop_test(c, what_was_put_outlives_who_put_it, 0, NMETHODS);
	c = gated_case(s, "bounds");
	tcase_add_checked_fixture(c, make, drop);
	tcase_add_test(c, a_full_queue_takes_no_more_until_one_is_got);
	tcase_add_test(c, messages_of_every_length_come_back_also_round_the_end_of_the_ring);
	tcase_add_test(c, a_closed_queue_gives_what_it_has_and_takes_nothing);
	tcase_add_loop_test(c, who_has_no_role_may_not_and_places_are_few, 0, NMETHODS);
	tcase_add_test(c, a_queue_that_cannot_be_is_refused);
	c = gated_case(s, "deaths");
	tcase_add_checked_fixture(c, make, drop);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, a_killed_producer_tears_nothing_and_its_death_is_told_at_the_end,
		FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, a_dead_producers_place_serves_the_next, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(
		c, killed_consumers_lose_only_what_they_had_got, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, a_producer_before_a_full_queue_is_told_that_all_consumers_are_dead,
		FIRST_PROCESS, NMETHODS);
	return s;
}
