# scaling.gp - time or speedup over workers; dashed: the limit; right of the border more workers than CPUs
call ARG0[1:strlen(ARG0)-strlen('scaling.gp')].'style.gp' ARG1 ARG2
set offsets graph 0.05, graph 0.05, graph 0.06, 0
if (strstrt(logs, 'x')) { set xtics () }
if (border > 0) {
	edge = border * 1.12
	set object 1 rect from first edge, graph 0 to graph 1, graph 1 fc rgb '#eeeeee' fs solid noborder behind
	set label 1 'more workers than CPUs' at first edge, graph 1.05 font ',11' tc rgb '#555555'
}
plot for [i=1:limit ne '-'] DATA index series+1 using 1:2 with lines lc rgb '#555555' dt 2 title limit, \
	for [i=1:series] DATA index i using 1:2:3:4 with yerrorbars lt int(word(styles, i)) ps 0 lw 1.4 dt 1 notitle, \
	for [i=1:series] DATA index i using 1:(int($5) ? NaN : $2):xtic(6) with linespoints lt int(word(styles, i)), \
	for [i=1:series] DATA index i using 1:(int($5) ? $2 : NaN) with points lt int(word(styles, i)) \
		pt hollow(int(word(styles, i))) ps 1 lw 1.4 dt 1 notitle
unset output
