# style.gp - what all charts share: terminal, colours, texts, axes; each KIND.gp calls it
call ARG0[1:strlen(ARG0)-strlen('style.gp')].'data.gp' ARG1 ARG2
set term svg size 440,height dynamic noenhanced font 'sans,14' background rgb 'white' linewidth 1.3
set output OUT
array C[6] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#333333']
do for [i=1:24] { d = (i-1)%4+1; set linetype i lc rgb C[(i-1)%6+1] pt (i-1)%5*2+5 ps 0.8 dt d }
set label 91 title at screen 0.02, screen 1 offset 0,-0.9 font ',14'
set label 92 note at screen 0.02, screen 1 offset 0,-2.1 font ',11.5' tc rgb '#444444'
set xlabel xtext offset 0,0.6; set ylabel ytext; set format '%g'
if (logs eq 'v' || logs eq 'r') { set tmargin 3.2 } else { set tmargin 4 }
set key below autotitle columnhead font ',13' height 0.6; set autoscale noextend
set border 3 lc rgb '#777777'; set grid lc rgb '#dddddd' lw 0.7 dt 1
set tics nomirror out textcolor rgb 'black'
rows = logs eq 'v' || logs eq 'r' # a row each, the values are x: v logarithmic, r linear
if (yhi > 0) { if (rows) { set xrange [ylo:yhi] } else { set yrange [ylo:yhi] } }
if (yhi > 0 && ylo > 0) { vlo = ylo; vhi = yhi } # the values' axis: what decides how many ticks it gets
if (strstrt(logs, 'x') || logs eq 'v') { set log x }
if (strstrt(logs, 'y')) { set log y }
if (logs eq 'v' && vhi > 2000 * vlo) { set xtics 100 } # each second decade
if (vhi < 50 * vlo && (logs eq 'v' || strstrt(logs, 'y'))) { # decades alone are too few ticks
	do for [d=-3:6] { do for [m in (vhi < 12 * vlo ? '2 3 5' : '2 5')] { t = m * 10.0**d
		if (rows) { set xtics add (sprintf('%g', t) t) } else { set ytics add (sprintf('%g', t) t) } } }
}
if (logs eq 'r' && vhi > vlo) { # labels in 440 pixels: at most 5 steps
	r = vhi - vlo; s = 10.0**floor(log10(r)); s = r > 5*s ? 2*s : r > 2*s ? s : s/2; set xtics s
}
