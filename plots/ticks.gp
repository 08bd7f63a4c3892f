# ticks.gp - labels of a logarithmic axis, as many as fit beside one another; called by style.gp, which says
# in vlo and vhi from where to where the axis goes, in room how many pixels it has, in across whether it is x
array T[7] = ['1 1.1 1.2 1.3 1.4 1.5 1.6 1.8 2 2.2 2.5 3 3.5 4 4.5 5 6 7 8 9', '1 1.2 1.5 2 2.5 3 4 5 6 8', \
	'1 1.5 2 3 5 7', '1 2 5', '1 3', '1', '1'] # of each decade; the last of each second decade, each third ...
found = 0; from = floor(log10(vlo)); to = ceil(log10(vhi))
near(t) = t >= vlo * 0.999 && t <= vhi * 1.001
# Pixels that the labels of a and b need between their ticks.
need(a, b) = across ? 3.75 * strlen(sprintf('%g%g', a, b)) + 2 : 22
do for [try=1:12] { if (!found) {
	m = T[try < 7 ? try : 7]; step = try < 7 ? 1 : try - 5; last = 0; n = 0; fits = 1
	do for [d=from:to] { if (d % step == 0) { do for [k in m] { t = k * 10.0**d; if (near(t)) {
		if (last > 0 && room * log10(t/last) / log10(vhi/vlo) < need(last, t)) { fits = 0 }
		last = t; n = n + 1 } } } }
	if (fits && n > 1) { found = try }
} }
if (found) { # else gnuplot's own: a single label is no scale
	if (across) { set xtics () } else { set ytics () }
	m = T[found < 7 ? found : 7]; step = found < 7 ? 1 : found - 5
	do for [d=from:to] { if (d % step == 0) { do for [k in m] { t = k * 10.0**d; if (near(t)) {
		if (across) { set xtics add (sprintf('%g', t) t) } else { set ytics add (sprintf('%g', t) t) }
	} } } }
}
if (found) { # ticks without a label between them show that the axis is logarithmic
	do for [d=from-1:to] { do for [k=1:9] { t = k * 10.0**d; if (near(t)) {
		if (across) { set xtics add ('' t 1) } else { set ytics add ('' t 1) }
	} } }
}
