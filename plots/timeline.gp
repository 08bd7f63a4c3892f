# timeline.gp - who did what when: a row for each worker, a box from begin to end for each task, its letter within
call ARG0[1:strlen(ARG0)-strlen('timeline.gp')].'style.gp' ARG1 ARG2
unset key
set yrange [*:*] reverse
set offsets 0, 0, 0.6, 0.6
set style fill solid 0.35 border
set grid noytics
fits(low, high) = (high-low) * room / yhi > 9 # pixels of a letter
plot for [i=1:series] DATA index i using 2:1:3:4:($1-0.36):($1+0.36) with boxxyerror lt i dt 1 lw 0.8 notitle, \
	for [i=1:series] DATA index i using 2:1:ytic(6) with points ps 0 notitle, \
	for [i=1:series] DATA index i using 2:1:(fits($3,$4) ? strcol(7) : '') with labels font ',11' notitle
unset output
