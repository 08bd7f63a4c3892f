/*
 * report.h - the page of forklab report, in parts (report*.c, plot.c; nobody else includes it)
 *
 * Records are first gathered by benchmark (report_model.c), then turned into sentences, figures,
 * tables and a page. Nothing here measures but report_measure.c.
 */
#ifndef FORKLAB_REPORT_H
#define FORKLAB_REPORT_H

#include "claims.h"
#include "figure.h"
#include "paths.h"
#include "store.h"
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#define REPORT_CHARTS 96   /* drawn for one page at most: gnuplot takes about 50 ms for one */
#define REPORT_ROWS   1000 /* of one table; the rest is counted */
#define REPORT_AXES   8
#define REPORT_VALUES 64

/* One benchmark's newest run. All strings and objects are borrowed from the store or the catalog.
 */
struct report_bench {
	const char *name, *topic, *question, *op;
	const char *chart, *chart_axis; /* what the benchmark wishes; "" : nothing */
	const char *answer;             /* its own words, with blanks (report_answer.c); "": none */
	double share;                   /* of a report's time; 0: not known */
	const char *run_id;
	const json_t *run;     /* the run record; NULL: none */
	const json_t *end;     /* the end record; NULL: none, it was killed or is still running */
	const json_t *results; /* array */
	json_t *compares;      /* array of this run's, owned */
	json_t *skips;         /* array of this run's, owned */
	json_t *by_pair;       /* "a\nparams" -> compare with the base, owned */
};

struct report {
	const struct store *store;
	const struct claims *claims; /* NULL: not readable, claims_why says why */
	char claims_why[300];
	const struct paths *paths;
	const json_t *catalog; /* catalog_read's object; NULL: nothing is built here */
	const char *only;      /* a topic or benchmark; NULL: all */
	const char *dir;       /* where the page goes */
	char charts_why[300];  /* why there are none; "": gnuplot is there */
	size_t charts_left;
	bool charts_stopped; /* gnuplot did not answer: it is not asked again */
	struct report_bench *benches;
	size_t nbenches;
	json_t *topics; /* array of names in reading order, owned; "instrument" is not among them */
};

/* report_model.c */
/* Fills benches and topics from store, catalog and only, which are set before. -ENOMEM. */
int report_model(struct report *r);
void report_model_free(struct report *r);
const char *report_text(const json_t *obj, const char *key); /* "" where absent */
double report_number(const json_t *obj, const char *key, double absent);
bool report_ok(const json_t *result); /* counted right and has a median */
/* The comparison of a result with its base; NULL: none. */
const json_t *report_compare(const struct report_bench *b, const json_t *result);
/* A ratio with three digits. Returns buf. */
char *report_ratio(char *buf, size_t len, double x);
/* "[3.9, 4.3]" of a compare record, "" without interval. Returns buf. */
char *report_ratio_interval(const json_t *compare, char *buf, size_t len);
/* Median and interval of a result as two texts. */
void report_time(const json_t *result, char *median, size_t mlen, char *interval, size_t ilen);
/* "10ms", "64KiB", "16": its size in base units (ns, bytes, 1). False: a word. */
bool report_value(const char *text, double *out, bool *with_unit);

struct report_axis {
	const char *name;
	const char *values[REPORT_VALUES]; /* as first met, but "all" and "touched" first */
	double numbers[REPORT_VALUES];
	bool is_number[REPORT_VALUES]; /* false: a word, or of a kind of its own as "1e6inc" */
	size_t n;
	bool numeric;   /* has numbers */
	bool with_unit; /* some has a unit: labels are better than a scale */
};

/* A part of the sweep: fixed[i] is the value of axis i, NULL: free. */
struct report_slice {
	struct report_axis axis[REPORT_AXES];
	size_t naxes;
	const char *fixed[REPORT_AXES];
};

/* report_slice.c */
void report_axes(const struct report_bench *b, struct report_slice *s);
size_t report_axis(const struct report_slice *s, const char *name); /* naxes: none */
/* Fixes what is not fixed yet but axis free (naxes: none): numbers where most was measured along free, and
 * not with more workers than CPUs; words at the first. */
void report_slice_fix(const struct report_bench *b, struct report_slice *s, size_t free);
void report_free_words(struct report_slice *s);
bool report_in_slice(const struct report_slice *s, const json_t *result);
/* The first result of a variant in a slice that counts; NULL: none. */
const json_t *report_find(
	const struct report_bench *b, const struct report_slice *s, const char *variant);
/* A word of an axis for people: "huge" reads "huge pages". */
const char *report_word(const char *value);
/* "work 100ms, cpus all", "parent 64 MiB, touched memory": axes with a choice that are fixed. Returns buf. */
char *report_slice_text(const struct report_slice *s, char *buf, size_t len);
/* "20 to 60 times in 3 launches; close over cores, one cache" of the results in the slice. Returns buf. */
char *report_note(
	const struct report_bench *b, const struct report_slice *s, char *buf, size_t len);

/* The results of a variant along an axis, all else as in the slice, ascending: out and x have room for
 * REPORT_VALUES. Returns how many. */
size_t report_along(const struct report_bench *b, const struct report_slice *s, size_t axis,
	const char *variant, const json_t **out, double *x);
/* Whether a result lies in the slice, whose axis is free. At 0 the words do not matter where only one of
 * them was measured there: of no memory there is but one kind. */
bool report_on_axis(const struct report_bench *b, const struct report_slice *s, size_t axis,
	const json_t *result);

/* report_sentence.c */
/* The benchmark's question answered in one sentence with figure and interval. Returns buf. */
char *report_sentence(const struct report_bench *b, char *buf, size_t len);

/* report_answer.c */
/* Prints the benchmark's own words; usual: the point where a blank names none. False, and nothing is printed: it
 * has none, or one of its blanks was not measured. */
bool report_answer(FILE *f, const struct report_bench *b, const struct report_slice *usual);

#define REPORT_FIGURES 16
/* report_charts.c */
/* The figures of one benchmark in reading order, as numbers. The caller frees each. Returns how many. */
size_t report_figures(const struct report_bench *b, struct figure out[REPORT_FIGURES]);
/* Writes data files and draws, in DIR/charts. What cannot be drawn says so in why. Errors: of the files. */
int report_draw(struct report *r, struct figure *f, size_t n);

/* report_rows.c: what tells the figure's file name from others; f is started by them. */
void report_ladder(const struct report_bench *b, const struct report_slice *s, const char *what,
	struct figure *f);
void report_marks(const struct report_bench *b, const struct report_slice *s, const char *what,
	struct figure *f);
void report_forest(const struct report_bench *b, const struct report_slice *s, const char *what,
	struct figure *f);
/* report_timeline.c: what was told by bench_span at the point that the slice has fixed; f is started by it. */
void report_timeline(const struct report_bench *b, const struct report_slice *s, const char *what,
	struct figure *f);
/* report_rows.c */
/* Fills p from a result's median, in units of unit_ns. */
void report_point(const json_t *result, double unit_ns, struct figure_point *p);
/* Whether its values are bytes, and no times. */
bool report_bytes(const struct report_bench *b);
/* The unit in which the times of a slice are read best: "µs" and 1e3. On a linear axis the largest decides. */
const char *report_unit(
	const struct report_bench *b, const struct report_slice *s, bool linear, double *unit_ns);

/* report_sweeps.c: f is started, all axes but one are fixed. */
void report_over_axis(
	const struct report_bench *b, const struct report_slice *s, size_t axis, struct figure *f);
void report_speedup(
	const struct report_bench *b, const struct report_slice *s, size_t axis, struct figure *f);
/* Figures of the same kind that stand side by side get the same y axis. */
void report_share_scale(struct figure *f, size_t n);

/* report_topics.c */
size_t report_topic_rank(
	const char *name); /* in reading order; somebody's own topics: behind the last */
void report_put_title(FILE *f, const char *name);
bool report_is_main(const struct report_bench *b); /* its answer is the topic's */
/* What the topic's lessons say is to be concluded and what not, and how to take them. */
void report_put_lessons(FILE *f, const struct report *r, const char *topic);
/* A question for each topic, and the answer of its main benchmark. */
void report_put_answers(FILE *f, const struct report *r);

/* report_html.c */
/* Writes DIR/index.html (a temporary file, then rename). Errors: of the file. */
int report_page(struct report *r);
/* report_parts.c, report_tables.c: parts of the page. */
void html_text(FILE *f, const char *text); /* escaped */
void html_textf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_put_id(FILE *f, const char *name);
void report_put_counts(FILE *f, const struct report *r);
void report_put_question(FILE *f, const struct report_bench *b);
void report_put_bench(FILE *f, struct report *r, const struct report_bench *b);
void report_put_claims(FILE *f, const struct report *r, const char *topic);
/* report_claims.c: whether the page shows it, in the section of a topic (NULL: in the table of all). */
bool report_wants_claim(const struct report *r, const struct claim *c, const char *topic);
/* A claim counts once, by its first subject: a claim about Python by what CPython does. */
void report_count_verdicts(const struct report *r, size_t n[CLAIM_VERDICTS]);
/* report_filter.c: the fields above the table of all claims, and what makes them work. */
void report_put_filter(FILE *f, const struct report *r);
void report_put_script(FILE *f);
void report_put_noise(FILE *f, struct report *r);
void report_put_skips(FILE *f, const struct report *r);
void report_put_provenance(FILE *f, const struct report *r);
void report_put_machine(FILE *f, const struct report *r);
extern const char report_style[];
/* The verdicts for the terminal. */
void report_print_verdicts(const struct report *r, FILE *out);

/* report.c */
/* Looks for gnuplot, and allows REPORT_CHARTS charts. */
void report_open(struct report *r);
/* Makes dir and its parents; exits with a message where it cannot be written to. */
void report_make_folder(const char *dir);

/* report_measure.c */
struct report_measure {
	const struct paths *paths;
	const json_t *benches; /* objects of the catalog, in this order */
	json_t *demos;         /* keys: the demos that decide claims; NULL: none is run */
	bool quick;
	double budget_s;
	const char *run_id, *output;
};
/* Which share of a report's time the benchmark (of the catalogue) gets, 0..1; 0: none. */
double report_share(const json_t *bench, bool quick);

/* Runs each benchmark within the budget, then the selftest where due. *failed counts those that did
 * not end well. Returns the signal that stopped it, or 0. */
int report_measure(const struct report_measure *m, const struct store *before, unsigned *failed);

#endif
