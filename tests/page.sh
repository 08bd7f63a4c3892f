#!/usr/bin/env bash
# page.sh - the page of forklab report in a real browser: errors, charts, the search of the claims
# deadline: 120
#
# Prints TAP. Two benchmarks are measured for some seconds, so that there are charts of their own. A probe is put
# into a copy of the page, which tries the search as a reader would. The copy stands in a frame as wide as asked
# for (a window is at least 500 pixels wide), and tells the page around it what it saw; the browser prints that.
# shellcheck disable=SC2016 # conditions are in single quotes because check evaluates them
set -u
call_s=60
. tests/tap.bash
browser=''
for name in chromium chromium-browser google-chrome; do
	browser=${browser:-$(command -v "$name")}
done
dir=$tmp/page probe=$tmp/probe.html

measure() {
	call "$build/bench/lock_uncontended" --quick --budget 1 --output "$tmp/r.jsonl"
	call "$build/bench/start_cost" --quick --budget 3 --output "$tmp/r.jsonl"
	call "$build/forklab" report --from "$tmp/r.jsonl" --output "$dir"
	check "page: there is one, and it asks no network for anything" '[ $rc -eq 0 ]' '[ -s "$dir/index.html" ]' \
		'! grep -qE "(src|href)=.?(https?:)?//" "$dir/index.html"' \
		'grep -q "id=.claim-filter. .*hidden" "$dir/index.html"'
	check "page: a topic ends with what its lesson says is to be concluded, and what not" \
		'grep -q "Do conclude:</b> A process costs" "$dir/index.html"' \
		'grep -q "Do not conclude:</b>" "$dir/index.html"' 'grep -q "forklab lesson 01" "$dir/index.html"'
}

# Errors are caught before the page's own script runs; the rest is seen when it has.
put_probe() {
	awk -v head='<script>window.errors=[];window.onerror=function(m){errors.push(m)}</script>' '
		/<head>/ { print; print head; next }
		/<\/body>/ { while ((getline line < "'"$tmp/probe.js"'") > 0) print line }
		{ print }' "$dir/index.html" >"$probe"
}

cat >"$tmp/probe.js" <<'EOF'
<script>
window.addEventListener('load', function () { setTimeout(function () {
  var said = [], box = document.getElementById('claim-filter'), $ = box.querySelector.bind(box);
  var say = function (k, v) { said.push(k + '=' + v); };
  var shown = function () {
    return Array.prototype.filter.call(document.querySelectorAll('#all-claims tbody[data-verdict]'),
      function (r) { return r.getBoundingClientRect().height > 0; });
  };
  var put = function (what, value) {
    what.value = value;
    what.dispatchEvent(new Event('input', {bubbles: true}));
  };
  var small = Array.prototype.filter.call(document.querySelectorAll('figure svg'), function (s) {
    var b = s.getBoundingClientRect();
    return b.width < 250 || b.height < 100 || b.right > window.innerWidth + 1;
  });
  say('width', window.innerWidth);
  say('charts', document.querySelectorAll('figure svg').length);
  say('small', small.length);
  say('sideways', document.documentElement.scrollWidth - window.innerWidth);
  var all = shown().length, input = $('input'), verdict = box.querySelectorAll('select')[0];
  say('all', all);
  say('fields', box.getBoundingClientRect().height > 0 && box.getBoundingClientRect().right <= window.innerWidth);
  put(input, 'hotos19-fork');
  say('found', shown().length === 1 && shown()[0].textContent.indexOf('hotos19-fork') >= 0);
  say('told', $('output').textContent.indexOf('1 of ' + all) === 0);
  put(input, 'no claim says this');
  say('none', shown().length);
  put(input, '');
  put(verdict, 'cannot tell here');
  var some = shown();
  say('verdict', some.length > 0 && some.length < all && some.every(function (r) {
    return r.dataset.verdict === 'cannot tell here' && r.textContent.indexOf('cannot tell here') >= 0; }));
  $('button').click();
  setTimeout(function () {
    say('again', shown().length === all);
    document.querySelector('.counts a').click();
    setTimeout(function () {
      say('count', shown().length === Number(document.querySelector('.counts a b').textContent));
      say('errors', errors.length ? errors.join('; ') : 0);
      parent.postMessage(said.join('\n'), '*');
    }, 10);
  }, 10);
}, 10); });
</script>
EOF

put_frame() { # WIDTH
	cat >"$tmp/frame.html" <<EOF
<body><iframe src="probe.html" style="border:0;width:$1px;height:900px"></iframe><script>
window.onmessage = function (e) {
  var out = document.createElement('pre');
  out.id = 'probe';
  out.textContent = e.data;
  document.body.appendChild(out);
};
</script></body>
EOF
}

saw() { grep -qx "$1" "$tmp/saw"; }

look() { # WIDTH SENTENCE
	put_frame "$1"
	call "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$tmp/profile" --window-size=1400,950 \
		--virtual-time-budget=5000 --enable-logging=stderr --dump-dom "file://$tmp/frame.html"
	sed -n '/<pre id="probe">/,/<\/pre>/p' <<<"$out" | sed 's/<[^>]*>//g' >"$tmp/saw"
	# What it sees is shown where a check fails; the page itself would fill the screen.
	out=$(cat "$tmp/saw") err=$(grep CONSOLE <<<"$err")
	check "$2" '[ $rc -eq 0 ]' '[ -s "$tmp/saw" ]' "saw width=$1" '[ -z "$err" ]' 'saw errors=0' 'saw small=0' \
		'saw "charts=[1-9][0-9]*"' '[ "$(sed -n s/^sideways=//p "$tmp/saw")" -le 0 ]' 'saw fields=true' \
		'saw found=true' 'saw told=true' 'saw none=0' 'saw verdict=true' 'saw again=true' 'saw count=true'
}

measure
put_probe
for width in 360 1280; do
	sentence="page: $width pixels wide, each chart is seen, the claims can be searched, no error"
	if [ -z "$browser" ]; then
		skip "$sentence" "no browser (chromium) is installed"
	elif ! command -v gnuplot >/dev/null; then
		skip "$sentence" "no gnuplot is installed, so there are no charts"
	else
		look "$width" "$sentence"
	fi
done
echo "1..$n"
