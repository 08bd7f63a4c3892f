# grain.gp - times over work per worker, both axes logarithmic; the band is where two of them cross
call ARG0[1:strlen(ARG0)-strlen('grain.gp')].'style.gp' ARG1 ARG2
set offsets graph 0.05, graph 0.05, graph 0.06, graph 0.04
set xtics ()
if (clo > 0) {
	set object 1 rect from first clo, graph 0 to first chi, graph 1 fc rgb '#e69f00' \
		fs transparent solid 0.25 noborder behind
}
if (cross > 0) {
	set arrow 1 from first cross, graph 0 to first cross, graph 1 nohead lc rgb '#8a5a00' dt 2 back
}
set label 1 ctext at graph 0, graph 1.05 font ',12' tc rgb '#6b4500'
plot for [i=1:limit ne '-'] DATA index series+1 using 1:2 with lines lc rgb '#555555' dt 2 title limit, \
	for [i=1:series] DATA index i using 1:2:3:4 with yerrorbars lt int(word(styles, i)) ps 0 lw 1.4 dt 1 notitle, \
	for [i=1:series] DATA index i using 1:2:xtic(6) with linespoints lt int(word(styles, i))
unset output
