/* make_report.c - records of two made-up benchmarks, and the report of them */
#include "make_report.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "make_records.h"

/* ---- records ---- */

json_t *made_result(const struct made_point *p, const char *variant, const char *base, double ns)
{
	json_t *r = make_result(&(struct result_plan){
		.bench = p->bench, .variant = variant, .params = p->params, .ns = ns});
	json_t *cpus = json_array();

	for (int i = 0; i < p->cpus; i++)
		json_array_append_new(cpus, json_integer(i));
	json_object_set_new(r, "topic", json_string(p->topic));
	json_object_set_new(r, "op", json_string("start + wait"));
	json_object_set_new(r, "base", base ? json_string(base) : json_null());
	json_object_set_new(r, "launches", json_integer(2));
	json_object_set_new(r, "oversubscribed", json_boolean(p->over));
	json_object_set_new(r, "binding",
		json_pack("{s:s, s:o, s:s, s:b}", "policy", "close over cores", "cpus", cpus,
			"relation", "same-llc", "verified", 1));
	return r;
}

void put_alone(const struct made_point *p, const char *variant, double ns)
{
	put_record(MADE_FILE, made_result(p, variant, NULL, ns));
}

void put_compared(
	const struct made_point *p, const char *variant, const char *base, double ns, double ratio)
{
	json_t *r = made_result(p, variant, base, ns);
	json_t *params = json_incref(json_object_get(r, "params"));

	put_record(MADE_FILE, r);
	put_record(MADE_FILE,
		json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:f, s:[f,f], s:i, s:f, s:s}",
			"type", "compare", "run_id", "R1", "bench", p->bench, "topic", p->topic,
			"params", params, "a", variant, "b", base, "ratio", ratio, "ci95",
			ratio * 0.95, ratio * 1.05, "rounds", 20, "margin", 0.03, "verdict",
			ratio > 1 ? "slower" : "faster"));
}

void put_program(const char *program, const char *question, bool complete)
{
	json_t *run = make_run("R1", 2);

	json_object_set_new(run, "program", json_string(program));
	json_object_set_new(run, "question", json_string(question));
	put_record(MADE_FILE, run);
	put_record(MADE_FILE, json_pack("{s:s, s:s, s:s, s:b}", "type", "end", "run_id", "R1",
				      "program", program, "complete", (int)complete));
}

void put_start_cost(void)
{
	const struct made_point one = {"start_cost", "spawn-vs-fork", "cpus=one", 1, false};
	const struct made_point all = {"start_cost", "spawn-vs-fork", "cpus=all", 2, false};

	put_program("start_cost", "what does it cost?", true);
	put_alone(&one, "thread", 9e3);
	put_compared(&one, "fork", "thread", 54e3, 6);
	put_alone(&all, "thread", 10e3);
	put_compared(&all, "vfork", "thread", 20e3, 2);
	put_compared(&all, "fork", "thread", 41e3, 4.1);
}

/* Work is published in increments, too; serial work is never too much for the CPUs. */
void put_scaling(void)
{
	static const struct made_point at[] = {
		{"threads_vs_processes", "threads-vs-processes", "workers=1,work=10ms,cpus=all", 2,
			false},
		{"threads_vs_processes", "threads-vs-processes", "workers=2,work=10ms,cpus=all", 2,
			false},
		{"threads_vs_processes", "threads-vs-processes", "workers=10,work=10ms,cpus=all", 2,
			true},
		{"threads_vs_processes", "threads-vs-processes", "workers=2,work=10us,cpus=all", 2,
			false},
		{"threads_vs_processes", "threads-vs-processes", "workers=2,work=1ms,cpus=all", 2,
			false},
		{"threads_vs_processes", "threads-vs-processes", "workers=10,work=1e6inc,cpus=all",
			2, true},
	};
	static const double serial[] = {10e6, 20e6, 100e6, 20e3, 2e6, 12e6};
	static const double parallel[] = {10.1e6, 10.2e6, 51e6, 300e3, 1.3e6, 7e6};

	put_program("threads_vs_processes", "who wins?", true);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct made_point p = at[i];

		p.over = false;
		put_alone(&p, "serial", serial[i]);
		put_compared(&at[i], "processes", "serial", parallel[i], parallel[i] / serial[i]);
	}
}

/* ---- the made_report of these records ---- */

static struct store *store;
static struct paths paths;
struct report made_report;
static char dir[PATH_MAX];

void open_report(const char *only)
{
	char cwd[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/page", folder());
	ck_assert_int_eq(mkdir(dir, 0777), 0);
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	ck_assert_int_eq(paths_from(folder(), cwd, &paths), 0);
	ck_assert_int_eq(store_new(&store), 0);
	ck_assert_int_eq(store_add_file(store, in_folder(MADE_FILE), NULL, NULL), 0);
	made_report = (struct report){.store = store, .paths = &paths, .only = only, .dir = dir};
	snprintf(made_report.claims_why, sizeof(made_report.claims_why), "not loaded");
	/* Charts are test_chart's: without gnuplot a page is written in no time. */
	setenv("PATH", folder(), 1);
	report_open(&made_report);
	ck_assert_int_eq(report_model(&made_report), 0);
}

void close_report(void)
{
	report_model_free(&made_report);
	store_free(store);
}

char *made_page(void)
{
	char path[PATH_MAX + 16], *text = NULL;
	size_t cap = 0;
	FILE *f;

	ck_assert_int_eq(report_page(&made_report), 0);
	snprintf(path, sizeof(path), "%s/index.html", dir);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(getdelim(&text, &cap, '\0', f), 0);
	fclose(f);
	return text;
}
