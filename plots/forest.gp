# forest.gp - ratios of times with their intervals, one row a pair; the margin around 1 shaded
value_column = 1
call ARG0[1:strlen(ARG0)-strlen('forest.gp')].'style.gp' ARG1 ARG2
unset key
set yrange [*:*] reverse
set offsets 0, 0, 0.6, 0.6
# On a long axis the band is but a stripe, which marks 1 itself and would be hidden by a line there.
wide = 2.0 * room * (logs eq 'v' ? log10(1+margin) / log10(yhi/ylo) : margin / (yhi-ylo))
if (margin > 0) {
	set object 1 rect from first 1/(1+margin), graph 0 to first 1+margin, graph 1 \
		fc rgb (wide < 8 ? '#6a6a6a' : '#d9d9d9') fs solid noborder behind
}
if (!(wide < 8)) { set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#333333' back }
plot for [i=1:series] DATA index i using 2:1:3:4 with xerrorbars lt 1 ps 0 lw 1.6 notitle, \
	for [i=1:series] DATA index i using 2:1:ytic(6) with points lt 1 pt 7 ps 0.9, \
	for [i=1:series] DATA index i using (yhi):1:7 with labels left offset 0.9,0 font ',12' notitle
unset output
