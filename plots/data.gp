# data.gp - reads the texts and settings of a data file, and checks its series; called by style.gp
# Its first block is one line: title note xlabel ylabel series height log-axes (- x y xy; rows: v r)
# border margin limit-line cross low high cross-text y-from y-to styles; "-" is: there is none. Then one block
# a series: its name, and lines of x value low high over label value-as-text; ? is: no interval.
DATA = ARG1; OUT = ARG2
if (!strlen(OUT)) { print 'usage: gnuplot -c plots/KIND.gp DATA OUT.svg'; exit status 1 }
set encoding utf8; set decimalsign '.'
opt(c) = strcol(c) eq '-' ? 0 : real(strcol(c))
names = 0; values = 0 # characters of the longest label, and value as text
head = 0; vlo = 1e300; vhi = -1e300
set table $Ignored
plot DATA index 0 using (title = strcol(1), note = strcol(2), xtext = strcol(3), ytext = strcol(4), \
	series = int(opt(5)), height = opt(6), logs = strcol(7), border = opt(8), margin = opt(9), \
	limit = strcol(10), cross = opt(11), clo = opt(12), chi = opt(13), ctext = strcol(14), \
	ylo = opt(15), yhi = opt(16), styles = strcol(17), head = head + (words(strcol(17)) > 0)):(0) with table
unset table; set datafile missing '?'
bad = head != 1 || series < 1 || words(styles) != series
if (bad) { print DATA.': the first block must be one line of 17 fields'; exit status 1 }
do for [i=1:series] {
	stats DATA index i every ::1 using 1:2 nooutput
	if (STATS_records < 1) { print DATA.': a series without points'; exit status 1 }
	vlo = STATS_min_y < vlo ? STATS_min_y : vlo; vhi = STATS_max_y > vhi ? STATS_max_y : vhi
	bad = strstrt(logs, 'x') && STATS_min_x <= 0 || (logs eq 'v' || strstrt(logs, 'y')) && vlo <= 0
	if (bad) { print DATA.': 0 or less on a logarithmic axis'; exit status 1 }
	stats DATA index i every ::1 using (strlen(strcol(6))):(strlen(strcol(7))) nooutput
	names = STATS_max_x > names ? STATS_max_x : names; values = STATS_max_y > values ? STATS_max_y : values
}
