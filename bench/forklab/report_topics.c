/* report_topics.c - the five questions, in the order in which they are read, and their answers on the first screen */
#include "report.h"

#include <string.h>

static const struct topic {
	const char *name, *title, *question;
	const char *bench; /* whose answer is the topic's, and which is read first */
} topics[] = {
	{"threads-vs-processes", "Threads vs processes",
		"When do processes beat threads, and when is it the other way round?",
		"threads_vs_processes"},
	{"pool-overhead", "Pool overhead",
		"What does a pool cost, and from which task on does it pay?", "pool_grain"},
	{"queues-vs-pipes", "Queues vs pipes", "Is a pipe faster than a queue?", "queue_roundtrip"},
	{"deadlock-timeouts", "Deadlock timeouts",
		"What happens at a deadlock, and what do the remedies cost?", "deadlock_timeout"},
	{"spawn-vs-fork", "Spawn vs fork",
		"What does it cost to start a process, by fork and by spawn?", "start_cost"},
};

#define TOPICS (sizeof(topics) / sizeof(topics[0]))

size_t report_topic_rank(const char *name)
{
	size_t i = 0;

	while (i < TOPICS && strcmp(topics[i].name, name))
		i++;
	return i;
}

void report_put_title(FILE *f, const char *name)
{
	size_t i = report_topic_rank(name);
	char text[120];

	if (i < TOPICS) {
		html_text(f, topics[i].title);
		return;
	}
	/* Somebody's own: "cache-lines" reads "Cache lines". */
	snprintf(text, sizeof(text), "%s", name);
	for (char *p = text; *p; p++)
		if (*p == '-' || *p == '_')
			*p = ' ';
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	html_text(f, text);
}

bool report_is_main(const struct report_bench *b)
{
	size_t i = report_topic_rank(b->topic);

	return i < TOPICS && !strcmp(topics[i].bench, b->name);
}

/* Its benchmarks are sorted: the first with results answers for the topic; else the first says why there are none. */
static const struct report_bench *speaker(const struct report *r, const char *topic)
{
	const struct report_bench *first = NULL;

	for (size_t i = 0; i < r->nbenches; i++) {
		const struct report_bench *b = &r->benches[i];

		if (strcmp(b->topic, topic))
			continue;
		if (json_array_size(b->results))
			return b;
		first = first ? first : b;
	}
	return first;
}

static void put_answer(FILE *f, const struct report *r, const char *topic)
{
	const struct report_bench *b = speaker(r, topic);
	size_t rank = report_topic_rank(topic);
	char sentence[700];

	fputs("<li><p class=\"q\"><a href=\"#t-", f);
	report_put_id(f, topic);
	fputs("\">", f);
	if (rank < TOPICS)
		html_text(f, topics[rank].question);
	else
		report_put_question(f, b);
	fputs("</a></p><p class=\"a\">", f);
	html_text(f, report_sentence(b, sentence, sizeof(sentence)));
	fputs("</p></li>\n", f);
}

static void put_conclusion(FILE *f, const char *lead, const char *text)
{
	if (!*text)
		return;
	fprintf(f, "<p><b>%s</b> ", lead);
	html_text(f, text);
	fputs("</p>\n", f);
}

void report_put_lessons(FILE *f, const struct report *r, const char *topic)
{
	const json_t *lessons = json_object_get(r->catalog, "lessons");

	for (size_t i = 0; i < json_array_size(lessons); i++) {
		const json_t *l = json_array_get(lessons, i);

		if (strcmp(report_text(l, "topic"), topic))
			continue;
		fputs("<h3>What to conclude</h3>\n", f);
		put_conclusion(f, "Do conclude:", report_text(l, "conclude"));
		put_conclusion(f, "Do not conclude:", report_text(l, "conclude-not"));
		fputs("<p>Lesson: ", f);
		html_text(f, report_text(l, "title"));
		fputs(" <code>", f);
		html_textf(f, "build/forklab lesson %.2s", report_text(l, "name"));
		fputs("</code></p>\n", f);
	}
}

void report_put_answers(FILE *f, const struct report *r)
{
	if (!r->nbenches) {
		fputs("<p class=\"note\">There are no results here yet: <code>make report</code> "
		      "measures.</p>\n",
			f);
		return;
	}
	fputs("<ul class=\"answers\">\n", f);
	for (size_t i = 0; i < json_array_size(r->topics); i++)
		put_answer(f, r, json_string_value(json_array_get(r->topics, i)));
	fputs("</ul>\n", f);
}
