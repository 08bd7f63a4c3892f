# line.gp - a time over a numeric axis, one line a variant, interval bars; dashed: the limit line
call ARG0[1:strlen(ARG0)-strlen('line.gp')].'style.gp' ARG1 ARG2
set offsets graph 0.03, graph 0.03, graph 0.06, 0
plot for [i=1:limit ne '-'] DATA index series+1 using 1:2 with lines lc rgb '#555555' dt 2 title limit, \
	for [i=1:series] DATA index i using 1:2:3:4 with yerrorbars lt int(word(styles, i)) ps 0 lw 1.4 dt 1 notitle, \
	for [i=1:series] DATA index i using 1:2 with linespoints lt int(word(styles, i))
unset output
