# forest.gp - ratios of times with their intervals, one row a pair; line at 1, the margin shaded
call ARG0[1:strlen(ARG0)-strlen('forest.gp')].'style.gp' ARG1 ARG2
unset key
set yrange [*:*] reverse
set offsets 0, 0, 0.8, 0.6
if (margin > 0) {
	set object 1 rect from first 1/(1+margin), graph 0 to first 1+margin, graph 1 fc rgb '#d9d9d9' \
		fs solid noborder behind
}
set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#333333' back
plot for [i=1:series] DATA index i using 2:1:3:4 with xerrorbars lt 1 ps 0 lw 1.6 notitle, \
	for [i=1:series] DATA index i using 2:1:ytic(6) with points lt 1 pt 7 ps 0.9, \
	for [i=1:series] DATA index i using 2:1:7 with labels offset 0,0.75 font ',12' notitle
unset output
