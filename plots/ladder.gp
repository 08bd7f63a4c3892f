# ladder.gp - one row a variant: dot and interval of its median on a logarithmic axis, value beside it
value_column = 1
call ARG0[1:strlen(ARG0)-strlen('ladder.gp')].'style.gp' ARG1 ARG2
unset key
set yrange [*:*] reverse
set offsets 0, 0, 0.6, 0.6
plot for [i=1:series] DATA index i using 2:1:3:4 with xerrorbars lt 1 ps 0 lw 1.6 notitle, \
	for [i=1:series] DATA index i using 2:1:ytic(6) with points lt 1 pt 7 ps 0.9, \
	for [i=1:series] DATA index i using (yhi):1:7 with labels left offset 0.9,0 font ',12' notitle
unset output
