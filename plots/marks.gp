# marks.gp - several times of one operation, one row a variant: when the call returned, when the child ran ...
call ARG0[1:strlen(ARG0)-strlen('marks.gp')].'style.gp' ARG1 ARG2
set yrange [*:*] reverse
set offsets 0, 0, 0.6, 0.6
set key maxcols 1
plot for [i=1:series] DATA index i using 2:1:3:4 with xerrorbars lt i ps 0 lw 1.4 dt 1 notitle, \
	for [i=1:series] DATA index i using 2:1:ytic(6) with points lt i ps 1
unset output
