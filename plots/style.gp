# style.gp - what all charts share: terminal, colours, texts, axes; each KIND.gp calls it
if (!exists('value_column')) { value_column = 0 } # whether rows have their value as text beside the plot
call ARG0[1:strlen(ARG0)-strlen('style.gp')].'data.gp' ARG1 ARG2
set term svg size 440,height dynamic noenhanced font 'sans,14' background rgb 'white' linewidth 1.3
set output OUT
array C[6] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#333333']
do for [i=1:24] { d = (i-1)%4+1; set linetype i lc rgb C[(i-1)%6+1] pt (i-1)%5*2+5 ps 0.8 dt d }
hollow(i) = (i-1)%5*2+4 # the mark of linetype i, not filled: gnuplot fills the even marks to get the odd
set label 91 title at screen 0.02, screen 1 offset 0,-0.9 font ',14'
set label 92 note at screen 0.02, screen 1 offset 0,-2.1 font ',11.5' tc rgb '#444444'
set xlabel xtext offset 0,0.6; set ylabel ytext; set format '%g'
if (logs eq 'v' || logs eq 'r') { set tmargin 3.2 } else { set tmargin 4 }
set key below autotitle columnhead font ',13' height 0.6; set autoscale noextend
set border 3 lc rgb '#777777'; set grid lc rgb '#dddddd' lw 0.7 dt 1
set tics nomirror out textcolor rgb 'black'
rows = logs eq 'v' || logs eq 'r' # a row each, the values are x: v logarithmic, r linear
if (rows && yhi <= 0) { ylo = vlo / 1.2; yhi = vhi * 1.2 } # the column of values needs to know where the axis ends
if (yhi > 0) { if (rows) { set xrange [ylo:yhi] } else { set yrange [ylo:yhi] } }
if (yhi > 0 && ylo > 0) { vlo = ylo; vhi = yhi } # the values' axis: what decides which ticks it gets
if (strstrt(logs, 'x') || logs eq 'v') { set log x }
if (strstrt(logs, 'y')) { set log y }
room = 220; across = rows
if (rows) { # names left of the plot and values right of it, each in a column as wide as its longest
	left = (names < 6 ? 70 : 29 + 7.6 * names); right = value_column ? 16 + 6.6 * values : 18
	room = 440 - left - right
	set lmargin at screen left / 440.0; set rmargin at screen 1 - right / 440.0
	set ytics font ',13'; set xtics font ',12'
}
if (logs eq 'v' || strstrt(logs, 'y')) { call ARG0[1:strlen(ARG0)-strlen('style.gp')].'ticks.gp' }
if (logs eq 'r' && vhi > vlo) { # labels in 440 pixels: at most 5 steps
	r = vhi - vlo; s = 10.0**floor(log10(r)); s = r > 5*s ? 2*s : r > 2*s ? s : s/2
	set xtics 32.0 * r / s < room ? s : 2*s
}
