// The lab's report: draws the charts of the records that stand in the page, and moves the sliders of a grid.
//
// Nothing is fetched. Colors are the style sheet's; every number is written as florin.lab.quantity writes it, and every estimate is
// drawn with its interval.
"use strict";

(() => {
  const MILLION = 1e6;
  const root = document.documentElement;
  const language = () => root.dataset.language;
  const said = (words) => words[language()];
  const SERIES = [1, 2, 3, 4, 5, 6, 7].map((at) => `var(--series-${at})`);
  const DASHES = ["none", "7 4", "2 3", "9 3 2 3", "12 3", "4 2", "1 2"];
  const WORDS = {
    interval: { en: "the interval of the draws", zh: "各次抽样的区间" },
    evens: { en: "breaks even", zh: "盈亏平衡" },
    evensInterval: { en: "its interval", zh: "其区间" },
    kept: { en: "You keep, of each ¥100", zh: "每 ¥100 中你留下" },
    along: { en: "Drawn over ", zh: "横轴：" },
    parts: { en: "What it is made of", zh: "由哪些部分组成" },
    presets: { en: "Begin from", zh: "起点" },
    sliders: { en: "Settings", zh: "设置" },
    total: { en: "kept", zh: "留下" },
    ofTarget: { en: "of the target", zh: "相对目标" },
    aimed: { en: "aimed at", zh: "目标" },
    reached: { en: "reached", zh: "达到" },
    below: { en: "lost", zh: "失" },
    above: { en: "kept", zh: "得" },
    upTo: { en: "up to", zh: "至" },
  };

  // --- numbers, as florin.lab.quantity writes them -----------------------------------------------------------------------------

  function rounded(value, scale, places) {
    const times = 10 ** places;
    const whole = Math.floor((Math.abs(value) * times * 2 + scale) / (2 * scale));
    const head = Math.floor(whole / times).toLocaleString("en-US");
    const tail = places ? "." + String(whole % times).padStart(places, "0") : "";
    return (value < 0 && whole > 0 ? "−" : "") + head + tail;
  }

  function grouped(count) {
    if (language() === "zh") {
      for (const [scale, name] of [[1e8, "亿"], [1e4, "万"]]) {
        if (Math.abs(count) >= scale) {
          return rounded(count, scale, 2).replaceAll(",", "").replace(/\.?0+$/, "") + " " + name;
        }
      }
    }
    return rounded(count, 1, 0);
  }

  function number(value, unit) {
    const english = language() === "en";
    switch (unit) {
      case "fen": {
        const sign = value < 0 ? "−" : "";
        const amount = Math.abs(value);
        if (amount < 1e6) return `${sign}¥${rounded(amount, 100, 2)}`;
        return `${sign}¥${grouped(Math.floor((amount + 50) / 100))}`;
      }
      case "share": case "ppm": return rounded(value, 1e4, Math.abs(value) < 1e5 ? 2 : 1) + (english ? " %" : "%");
      case "ratio": return rounded(value, MILLION, 2);
      case "days": return rounded(value, 1, 0) + (english ? (Math.abs(value) === 1 ? " day" : " days") : " 天");
      case "months": return rounded(value, 1, 0) + (english ? (Math.abs(value) === 1 ? " month" : " months") : " 个月");
      default: return grouped(value);
    }
  }

  const tick = (value, unit) => number(value, unit).replace(/\.0+(?!\d)|(\.\d*[1-9])0+(?!\d)/g, "$1");

  function written(value, unit) {
    if (value.low === value.high) return number(value.mid, unit);
    return `${number(value.mid, unit)} (${number(value.low, unit)} … ${number(value.high, unit)})`;
  }

  // --- drawing -----------------------------------------------------------------------------------------------------------------

  const brush = document.createElement("canvas").getContext("2d");
  function textWidth(texts, size = 13) {
    brush.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
    return Math.max(0, ...texts.map((text) => brush.measureText(text).width));
  }

  // Broken into lines of at most `width`: between words, and in Chinese anywhere.
  function wrapped(text, width) {
    const lines = [""];
    for (const piece of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/g) ?? []) {
      if (lines.at(-1) && textWidth([lines.at(-1) + piece.trimEnd()]) > width) lines.push("");
      lines[lines.length - 1] += piece;
    }
    return lines.map((line) => line.trimEnd()).join("\n");
  }
  const tallest = (texts) => Math.max(1, ...texts.map((text) => text.split("\n").length));

  const NARROWEST = 200; // narrower than any screen: nothing is laid out there yet
  const FONT = 13;
  const plotted = (width, options) => Plot.plot({ width, style: { fontSize: `${FONT}px`, background: "none" }, ...options });
  const halo = { stroke: "var(--card)", strokeWidth: 4, paintOrder: "stroke", fill: "currentColor" };
  const axisX = (axis, width, options = {}) =>
    ({ label: said(axis.title), labelAnchor: "center", labelArrow: "none", labelOffset: 38,
       tickFormat: (value) => tick(value, axis.unit), ticks: Math.max(3, Math.floor(width / 120)), tickSize: 0, ...options });
  const axisY = (axis, options = {}) =>
    ({ label: said(axis.title), tickFormat: (value) => tick(value, axis.unit), ticks: 6, tickSize: 0, ...options });

  function key(kind, color, dash = "none") {
    const shape = {
      line: `<line x1="0" x2="26" y1="7" y2="7" stroke="${color}" stroke-width="2.5" stroke-dasharray="${dash}"/>`,
      band: `<rect width="26" height="14" rx="2" fill="${color}" fill-opacity=".18"/>`,
      bar: `<rect width="26" height="12" y="1" rx="2" fill="${color}"/>`,
      whisker: `<path d="M1 7H25M1 3V11M25 3V11" stroke="var(--whisker)" stroke-width="1.6" fill="none"/>`,
      dot: `<circle cx="13" cy="7" r="5" fill="${color}"/>`,
    }[kind];
    return `<svg width="26" height="14" aria-hidden="true">${shape}</svg>`;
  }

  function legend(items) {
    const list = document.createElement("ul");
    list.className = "legend";
    for (const [picture, text] of items) {
      const item = document.createElement("li");
      item.innerHTML = picture;
      item.append(text);
      list.append(item);
    }
    return list;
  }

  const whiskersX = (rows, y) => [
    Plot.ruleY(rows, { y, x1: "low", x2: "high", stroke: "var(--card)", strokeWidth: 4, strokeOpacity: 0.75 }),
    Plot.ruleY(rows, { y, x1: "low", x2: "high", stroke: "var(--whisker)", strokeWidth: 1.6 }),
    Plot.tickX(rows, { y, x: "low", stroke: "var(--whisker)", strokeWidth: 1.6, insetTop: 5, insetBottom: 5 }),
    Plot.tickX(rows, { y, x: "high", stroke: "var(--whisker)", strokeWidth: 1.6, insetTop: 5, insetBottom: 5 }),
  ];

  const draw = {
    curves(chart, width) {
      const points = chart.curves.flatMap((curve, at) =>
        curve.points.map((point) => ({ at, title: said(curve.title), x: point.x, ...point.y })));
      const ends = points.flatMap((point) => [point.low, point.high]);
      const zero = Math.min(...ends) <= 0 && Math.max(...ends) >= 0;
      const marks = chart.marks.map((mark) => ({ at: mark.at, title: said(mark.title) })).sort((one, two) => one.at - two.at);
      const middle = (d3.min(points, (p) => p.x) + d3.max(points, (p) => p.x)) / 2;
      const drawing = plotted(width, {
        height: Math.min(440, Math.max(300, width * 0.5)),
        marginLeft: 16 + textWidth(ends.map((end) => tick(Math.round(end), chart.y.unit))), marginBottom: 46, marginRight: 18,
        marginTop: 30 + marks.length * 16,
        x: axisX(chart.x, width), y: axisY(chart.y, { grid: true, nice: true, labelOffset: 28 }),
        marks: [
          zero ? Plot.ruleY([0], { stroke: "currentColor", strokeWidth: 1.2 }) : null,
          Plot.areaY(points, { x: "x", y1: "low", y2: "high", z: "at", fill: (p) => SERIES[p.at % 7], fillOpacity: 0.18 }),
          ...chart.curves.map((_, at) => Plot.lineY(points.filter((point) => point.at === at),
            { x: "x", y: "mid", stroke: SERIES[at % 7], strokeWidth: 2.6, strokeDasharray: DASHES[at % 7], className: "curve" })),
          Plot.ruleX(marks, { x: "at", stroke: "var(--gold)", strokeDasharray: "3 3", strokeWidth: 1.4 }),
          ...marks.map((mark, row) => Plot.text([mark], { x: "at", text: "title", frameAnchor: "top", fill: "var(--gold)",
            dy: -16 * (marks.length - row), textAnchor: mark.at <= middle ? "start" : "end", dx: mark.at <= middle ? -4 : 4 })),
          Plot.tip(points, Plot.pointer({ x: "x", y: "mid",
            title: (p) => `${p.title}\n${tick(p.x, chart.x.unit)}: ${written(p, chart.y.unit)}` })),
        ],
      });
      const keys = chart.curves.map((curve, at) => [key("line", SERIES[at % 7], DASHES[at % 7]), said(curve.title)]);
      return [drawing, legend([...keys, [key("band", SERIES[0]), said(WORDS.interval)]])];
    },

    bars(chart, width) {
      if (chart.stacked) return draw.stacked(chart, width);
      const rows = [];
      chart.categories.forEach((category, place) => {
        if (chart.series.length > 1) rows.push({ key: `${place}`, text: said(category), heading: true });
        chart.series.forEach((series, at) => {
          const text = chart.series.length > 1 ? said(series.title) : said(category);
          rows.push({ key: `${place}-${at}`, text, from: 0, color: SERIES[at % 7], shift: 0, ...series.values[place] });
        });
      });
      return [lying(rows, chart.y, width), legend([[key("whisker"), said(WORDS.interval)]])];
    },

    stacked(chart, width) {
      const segments = [];
      const totals = [];
      chart.categories.forEach((category, place) => {
        let up = 0, down = 0;
        chart.series.forEach((series, at) => {
          const value = series.values[place];
          const from = value.mid >= 0 ? up : down;
          if (value.mid >= 0) up += value.mid; else down += value.mid;
          segments.push({ key: said(category), at, text: `${said(category)}, ${said(series.title)}\n${written(value, chart.y.unit)}`,
            x1: from, x2: from + value.mid, low: from + value.low, high: from + value.high });
        });
        totals.push({ key: said(category), total: up + down, ends: up });
      });
      const left = Math.min(textWidth(chart.categories.map(said)) + 14, width * 0.34);
      const drawing = plotted(width, {
        height: chart.categories.length * 52 + 60, marginLeft: left, marginRight: 76, marginBottom: 46, marginTop: 8,
        x: axisX(chart.y, width, { grid: true }), y: { label: null, domain: chart.categories.map(said), tickSize: 0, padding: 0.3 },
        marks: [
          Plot.axisY({ label: null, tickSize: 0, tickFormat: (text) => wrapped(text, left - 12) }),
          Plot.barX(segments, { y: "key", x1: "x1", x2: "x2", fill: (s) => SERIES[s.at % 7], stroke: "var(--card)" }),
          ...chart.series.flatMap((_, at) => {
            const own = segments.filter((segment) => segment.at === at);
            const dy = (at - (chart.series.length - 1) / 2) * 7;
            return [Plot.ruleY(own, { y: "key", x1: "low", x2: "high", dy, stroke: "var(--card)", strokeWidth: 4 }),
              Plot.ruleY(own, { y: "key", x1: "low", x2: "high", dy, stroke: "var(--whisker)", strokeWidth: 1.6 })];
          }),
          Plot.ruleX([0], { stroke: "currentColor" }),
          Plot.text(totals, { y: "key", text: (t) => number(t.total, chart.y.unit), frameAnchor: "right", textAnchor: "start", dx: 8,
            fontWeight: 650, ...halo }),
          Plot.tip(segments, Plot.pointer({ y: "key", x: (s) => (s.x1 + s.x2) / 2, title: "text" })),
        ],
      });
      const keys = chart.series.map((series, at) => [key("bar", SERIES[at % 7]), said(series.title)]);
      return [drawing, legend([...keys, [key("whisker"), said(WORDS.interval)]])];
    },

    waterfall(chart, width) {
      let reached = chart.first.value.mid;
      const whole = (step, id) => ({ key: id, text: said(step.title), from: 0, color: "var(--series-7)", shift: 0, ...step.value });
      const rows = [whole(chart.first, "first")];
      chart.steps.forEach((step, at) => {
        const color = step.value.mid >= 0 ? "var(--gain)" : "var(--loss)";
        rows.push({ key: `${at}`, text: said(step.title), from: reached, color, shift: reached, ...step.value });
        reached += step.value.mid;
      });
      rows.push(whole(chart.last, "last"));
      return [lying(rows, chart.y, width), legend([[key("whisker"), said(WORDS.interval)]])];
    },

    heat_map(chart, width) {
      const { xs, ys, cells } = chart;
      const at = (of) => (x, y) => {
        const i = Math.min(Math.max(d3.bisectRight(xs, x) - 1, 0), xs.length - 2);
        const j = Math.min(Math.max(d3.bisectRight(ys, y) - 1, 0), ys.length - 2);
        const u = (x - xs[i]) / (xs[i + 1] - xs[i]), v = (y - ys[j]) / (ys[j + 1] - ys[j]);
        return (cells[j][i][of] * (1 - u) + cells[j][i + 1][of] * u) * (1 - v)
          + (cells[j + 1][i][of] * (1 - u) + cells[j + 1][i + 1][of] * u) * v;
      };
      // A little beyond the frame, which clips it: else a contour's outline would run along the frame.
      const [beyondX, beyondY] = [(xs.at(-1) - xs[0]) / 40, (ys.at(-1) - ys[0]) / 40];
      const area = { x1: xs[0] - beyondX, x2: xs.at(-1) + beyondX, y1: ys[0] - beyondY, y2: ys.at(-1) + beyondY, pixelSize: 2, clip: true };
      const values = cells.flat().map((cell) => cell.mid);
      const largest = Math.max(...values.map(Math.abs), 1);
      const step = d3.tickStep(-largest, largest, 14);
      const thresholds = d3.range(-Math.ceil(largest / step), Math.ceil(largest / step) + 1).map((k) => k * step);
      const tint = (value) => {
        const share = Math.round(12 + 78 * Math.min(Math.abs(value + step / 2) / largest, 1));
        return `color-mix(in oklab, var(${value < 0 ? "--loss" : "--gain"}) ${share}%, var(--card))`;
      };
      const line = (of, options) => Plot.contour({ ...area, value: at(of), thresholds: [0], fill: "none", stroke: "var(--ink)", ...options });
      const crosses = (of) => cells.flat().some((cell) => cell[of] < 0) && cells.flat().some((cell) => cell[of] > 0);
      const spots = chart.spots.map((spot) => ({ x: spot.x, y: spot.y, title: said(spot.title), value: spot.value,
        right: spot.x > (xs[0] + xs.at(-1)) / 2 }));
      const wide = width > 620;
      const grid = ys.flatMap((y, j) => xs.map((x, i) => ({ x, y, ...cells[j][i] })));
      const label = (spot) => `${spot.title}  ${number(spot.value.mid, chart.value.unit)}`
        + (wide ? `\n${number(spot.value.low, chart.value.unit)} … ${number(spot.value.high, chart.value.unit)}` : "");
      const height = Math.min(560, Math.max(330, width * 0.62));
      const marginLeft = 18 + textWidth(ys.map((y) => tick(y, chart.y.unit)));
      apart(spots, { width: width - marginLeft - 20, height: height - 80, lines: wide ? 2 : 1, xs, ys, label });
      const drawing = plotted(width, {
        height, marginLeft, marginBottom: 46, marginTop: 34, marginRight: 20,
        x: axisX(chart.x, width, { domain: [xs[0], xs.at(-1)] }), y: axisY(chart.y, { domain: [ys[0], ys.at(-1)], labelOffset: 30 }),
        marks: [
          Plot.contour({ ...area, fill: at("mid"), thresholds: [-1e15, ...thresholds], className: "heat" }),
          crosses("low") ? line("low", { strokeWidth: 1.4, strokeDasharray: "5 4" }) : null,
          crosses("high") ? line("high", { strokeWidth: 1.4, strokeDasharray: "5 4" }) : null,
          crosses("mid") ? line("mid", { strokeWidth: 2.8, className: "break-even" }) : null,
          Plot.frame({ stroke: "var(--line)" }),
          Plot.dot(spots, { x: "x", y: "y", r: 6, fill: "var(--gold-bright)", stroke: "var(--ink)", strokeWidth: 2 }),
          ...spots.map((spot) => Plot.text([spot], { x: "x", y: "y", text: label, textAnchor: spot.right ? "end" : "start",
            dx: spot.right ? -12 : 12, dy: spot.dy, fontWeight: 650, lineHeight: 1.25, ...halo })),
          Plot.tip(grid, Plot.pointer({ x: "x", y: "y",
            title: (c) => `${tick(c.x, chart.x.unit)} × ${tick(c.y, chart.y.unit)}\n${written(c, chart.value.unit)}` })),
        ],
        color: { type: "threshold", domain: thresholds, range: [thresholds[0] - step, ...thresholds].map(tint) },
      });
      const ends = (value, words) => said(words) + (value === 0 || value < 0 !== (words === WORDS.below) ? ""
        : ` ${said(WORDS.upTo)} ${number(value, chart.value.unit)}`);
      const keys = [[key("bar", "color-mix(in oklab, var(--gain) 75%, var(--card))"), ends(Math.max(...values), WORDS.above)],
        [key("bar", "color-mix(in oklab, var(--loss) 75%, var(--card))"), ends(Math.min(...values), WORDS.below)]];
      if (crosses("mid")) keys.push([key("line", "var(--ink)"), said(WORDS.evens)]);
      if (crosses("low") || crosses("high")) keys.push([key("line", "var(--ink)", "5 4"), said(WORDS.evensInterval)]);
      const note = document.createElement("p");
      note.className = "note";
      note.textContent = said(chart.value.title);
      return [drawing, note, legend(keys)];
    },

    by_days(chart, width) {
      const rows = chart.bins.flatMap((bin) => chart.series.map((title, at) => ({ day: bin.day, at, title: said(title), ...bin.values[at] })));
      const many = chart.series.length > 1;
      const days = d3.range(chart.bins[0].day, chart.bins.at(-1).day + 1);
      const drawing = plotted(width, {
        height: 90 + chart.series.length * 150,
        marginLeft: 16 + textWidth(rows.map((row) => tick(row.high, chart.y.unit))), marginBottom: 46, marginTop: 48, marginRight: 12,
        x: { label: said(chart.x), labelAnchor: "center", labelArrow: "none", labelOffset: 38, tickSize: 0, domain: days, padding: 0.25,
          ticks: days.filter((day) => day % (width > 700 ? 2 : 5) === 0), tickFormat: String },
        y: axisY(chart.y, { grid: true, ticks: 4, labelOffset: 28 }),
        fy: many ? { label: null, axis: null, padding: 0.22, domain: chart.series.map((_, at) => at) } : undefined,
        marks: [
          Plot.ruleY([0], { stroke: "currentColor" }),
          Plot.barY(rows, { x: "day", y: "mid", fy: many ? "at" : undefined, fill: (row) => SERIES[row.at % 7], rx: 1.5 }),
          Plot.ruleX(rows, { x: "day", y1: "low", y2: "high", fy: many ? "at" : undefined, stroke: "var(--card)", strokeWidth: 3.5 }),
          Plot.ruleX(rows, { x: "day", y1: "low", y2: "high", fy: many ? "at" : undefined, stroke: "var(--whisker)", strokeWidth: 1.4 }),
          many ? Plot.text(chart.series.map((title, at) => ({ at, text: said(title) })),
            { fy: "at", text: "text", frameAnchor: "top-right", dy: -6, fontWeight: 650, ...halo }) : null,
          ...chart.marks.flatMap((mark) => [
            Plot.ruleX([mark.at], { x: (day) => day, stroke: "var(--gold)", strokeDasharray: "3 3", strokeWidth: 1.5 }),
            Plot.text([mark.at], { x: (day) => day, fy: many ? () => 0 : undefined, frameAnchor: "top", dy: -16,
              textAnchor: mark.at < (days[0] + days.at(-1)) / 2 ? "start" : "end", dx: 4, text: () => `▾ ${said(mark.title)}`, fill: "var(--gold)" }),
          ]),
          Plot.tip(rows, Plot.pointerX({ x: "day", y: "mid", fy: many ? "at" : undefined,
            title: (row) => `${row.title}, ${number(row.day, "days")}\n${written(row, chart.y.unit)}` })),
        ],
      });
      return [drawing, legend([[key("whisker"), said(WORDS.interval)]])];
    },

    targets(chart, width) {
      const share = (value, target) => value / target.aimed.mid;
      const rows = chart.targets.filter((target) => target.aimed.mid !== 0).map((target, at) => ({
        key: `${at}`, text: said(target.title), told: `${written(target.aimed, target.unit)} → ${written(target.reached, target.unit)}`,
        a1: share(target.aimed.low, target), a2: share(target.aimed.high, target),
        low: share(target.reached.low, target), mid: share(target.reached.mid, target), high: share(target.reached.high, target),
      }));
      const wide = width > 620;
      const left = Math.min(textWidth(rows.map((row) => row.text)) + 14, width * 0.4);
      const named = (row) => wrapped(row.text, left - 8);
      const right = wide ? Math.min(textWidth(rows.map((row) => row.told), 12) + 14, width * 0.4) : 12;
      const drawing = plotted(width, {
        height: rows.length * Math.max(34, tallest(rows.map(named)) * 15 + 10) + 60, marginLeft: left, marginRight: right, marginBottom: 46, marginTop: 10,
        x: { label: said(WORDS.ofTarget), labelAnchor: "center", labelArrow: "none", labelOffset: 38, grid: true, tickSize: 0, percent: false,
          tickFormat: (value) => tick(Math.round(value * MILLION), "share"), ticks: Math.max(3, (width - left - right) / 90) },
        y: { axis: null, domain: rows.map((row) => row.key), padding: 0.3 },
        marks: [
          Plot.text(rows, { y: "key", text: named, frameAnchor: "left", dx: -left, textAnchor: "start", lineHeight: 1.1 }),
          Plot.barX(rows, { y: "key", x1: "a1", x2: "a2", fill: "var(--series-7)", fillOpacity: 0.35 }),
          Plot.ruleX([1], { stroke: "var(--soft)", strokeDasharray: "3 3" }),
          ...whiskersX(rows, "key"),
          Plot.dot(rows, { y: "key", x: "mid", r: 5, fill: "var(--series-1)", stroke: "var(--card)", strokeWidth: 1.5 }),
          wide ? Plot.text(rows, { y: "key", text: "told", frameAnchor: "right", dx: right, textAnchor: "end", fontSize: 12,
            fill: "var(--soft)" }) : null,
        ],
      });
      return [drawing, legend([[key("band", "var(--series-7)"), said(WORDS.aimed)], [key("dot", "var(--series-1)"), said(WORDS.reached)],
        [key("whisker"), said(WORDS.interval)]])];
    },
  };

  // Bars that lie, a row each with its name at the left and its number at the right; a heading takes a row of its own.
  function lying(rows, axis, width) {
    const values = rows.filter((row) => !row.heading)
      .map((row) => ({ ...row, x2: row.shift + row.mid, shown: { low: row.low, mid: row.mid, high: row.high },
        low: row.shift + row.low, high: row.shift + row.high }));
    const wide = width > 620;
    const text = (row) => wide ? written(row.shown, axis.unit) : number(row.shown.mid, axis.unit);
    const left = Math.min(textWidth(rows.map((row) => row.text)) + 14, width * (wide ? 0.3 : 0.36));
    const right = textWidth(values.map(text)) + 14;
    const named = (row) => row.heading ? row.text : wrapped(row.text, left - 8);
    const label = { y: "key", text: named, frameAnchor: "left", dx: -left, textAnchor: "start", lineHeight: 1.1 };
    return plotted(width, {
      height: rows.length * Math.max(32, tallest(rows.map(named)) * 15 + 8) + 60, marginLeft: left, marginRight: right, marginBottom: 46, marginTop: 6,
      x: axisX(axis, width - left - right, { grid: true, nice: true }), y: { axis: null, domain: rows.map((row) => row.key), padding: 0.28 },
      marks: [
        Plot.text(rows.filter((row) => !row.heading), label),
        Plot.barX(values, { y: "key", x1: "from", x2: "x2", fill: "color", rx: 2, className: "bar" }),
        Plot.ruleX([0], { stroke: "currentColor", strokeWidth: 1.2 }),
        ...whiskersX(values.filter((row) => row.low < row.high), "key"),
        Plot.text(rows.filter((row) => row.heading), { ...label, fontWeight: 700, ...halo }), // may reach over the bars' ground
        Plot.text(values, { y: "key", text, frameAnchor: "right", dx: right, textAnchor: "end" }),
      ],
    });
  }

  // Moves the names of spots up or down until none covers another or leaves the frame.
  function apart(spots, { width, height, lines, xs, ys, label }) {
    const tall = lines * FONT * 1.3 + 4;
    const boxes = spots.map((spot) => {
      const long = textWidth(label(spot).split("\n")) * 1.1 + 14;
      const x = ((spot.x - xs[0]) / (xs.at(-1) - xs[0])) * width;
      const y = (1 - (spot.y - ys[0]) / (ys.at(-1) - ys[0])) * height;
      return { spot, y, center: y, x1: spot.right ? x - long : x, x2: spot.right ? x : x + long };
    }).sort((one, two) => one.y - two.y);
    const within = (center) => Math.min(Math.max(center, tall / 2), height - tall / 2);
    for (let round = 0; round < 40; round += 1) {
      boxes.forEach((box) => { box.center = within(box.center); });
      boxes.forEach((upper, at) => boxes.slice(at + 1).forEach((lower) => {
        const overlap = tall - (lower.center - upper.center);
        if (overlap <= 0 || upper.x2 < lower.x1 || lower.x2 < upper.x1) return;
        upper.center -= overlap / 2;
        lower.center += overlap / 2;
      }));
    }
    boxes.forEach((box) => { box.spot.dy = within(box.center) - box.y; });
  }

  // Puts a drawing in its place, with a name and a description for who cannot see it.
  function place(holder, drawn, name, description) {
    const svg = drawn[0].tagName === "svg" ? drawn[0] : drawn[0].querySelector("svg");
    const told = document.createElementNS("http://www.w3.org/2000/svg", "desc");
    told.textContent = description;
    svg.prepend(told);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", name);
    svg.setAttribute("aria-description", description);
    holder.replaceChildren(...drawn);
  }

  const BELOW = { en: "All numbers stand in the table below.", zh: "全部数据见下表。" };
  const colon = () => (language() === "en" ? ": " : "：");

  // What a chart shows, in a few words: where its lines begin and end, what its spots and bars are.
  function described(chart) {
    const parts = {
      curves: () => chart.curves.map(({ title, points }) => `${said(title)}${colon()}`
        + [points[0], points.at(-1)].map((point) => `${tick(point.x, chart.x.unit)} ${number(point.y.mid, chart.y.unit)}`).join(" → ")),
      heat_map: () => chart.spots.map((spot) => `${said(spot.title)}${colon()}${written(spot.value, chart.value.unit)}`),
      waterfall: () => [chart.first, ...chart.steps, chart.last]
        .map((step) => `${said(step.title)}${colon()}${number(step.value.mid, chart.y.unit)}`),
    }[chart.type];
    return [...(parts ? parts() : []), said(BELOW)].join(language() === "en" ? "; " : "；");
  }

  const figures = [...document.querySelectorAll("figure.chart")].map((figure) => ({
    holder: figure.querySelector(".drawing"),
    chart: JSON.parse(figure.querySelector("script").textContent),
    width: 0,
  }));

  function drawFigure(figure) {
    figure.width = Math.floor(figure.holder.clientWidth);
    if (figure.width < NARROWEST) return;
    place(figure.holder, draw[figure.chart.type](figure.chart, figure.width), said(figure.chart.title),
      described(figure.chart));
  }

  // --- what if you owned more of it --------------------------------------------------------------------------------------------

  // The value at `at` (one number an axis), linear along each axis between the knots. Values run with the last axis fastest.
  function interpolated(axes, values, at) {
    let corners = [[0, 1]];
    axes.forEach((axis, place) => {
      const knots = axis.knots;
      const i = Math.min(Math.max(d3.bisectRight(knots, at[place]) - 1, 0), knots.length - 2);
      const share = (at[place] - knots[i]) / (knots[i + 1] - knots[i]);
      corners = corners.flatMap(([index, weight]) => {
        const here = [index * knots.length + i, weight * (1 - share)];
        return share === 0 ? [here] : [here, [index * knots.length + i + 1, weight * share]];
      });
    });
    return corners.reduce((sum, [index, weight]) => sum + values[index] * weight, 0);
  }

  function bench(section) {
    const grid = JSON.parse(section.querySelector("script").textContent);
    const holder = section.querySelector(".bench");
    const kept = grid.low_fen.map((_, at) => grid.parts.reduce((sum, part) => sum + part.fen[at], 0));
    let at = grid.presets.length ? [...grid.presets[0].at] : grid.axes.map((axis) => axis.knots[0]);
    let along = grid.axes.findIndex((axis) => axis.name === grid.along);
    const id = section.getAttribute("aria-labelledby");
    let parts = {};

    function build() {
      const presets = document.createElement("div");
      presets.className = "presets";
      presets.setAttribute("role", "group");
      presets.setAttribute("aria-label", said(WORDS.presets));
      parts.presets = grid.presets.map((preset) => {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.preset = preset.name;
        button.textContent = said(preset.title);
        button.addEventListener("click", () => { at = [...preset.at]; show(); });
        presets.append(button);
        return button;
      });
      const sliders = document.createElement("fieldset");
      sliders.className = "sliders";
      sliders.setAttribute("aria-label", said(WORDS.sliders));
      parts.sliders = grid.axes.map((axis, place) => {
        const slider = document.createElement("div");
        slider.className = "slider";
        const name = `${id}-${axis.name}`;
        slider.innerHTML = `<label for="${name}"><span></span><output for="${name}"></output></label><input type="range" id="${name}">`;
        slider.querySelector("span").textContent = said(axis.title);
        const input = slider.querySelector("input");
        const [low, high] = [axis.knots[0], axis.knots.at(-1)];
        input.min = low;
        input.max = high;
        input.step = ["days", "months", "count"].includes(axis.unit) ? 1 : (high - low) / 100;
        input.addEventListener("input", () => { at[place] = Math.round(Number(input.value)); show(); });
        sliders.append(slider);
        return { input, output: slider.querySelector("output") };
      });
      const seen = document.createElement("div");
      seen.className = "seen";
      seen.innerHTML = '<p class="kept" aria-live="polite"><span></span><strong></strong><small class="ends"></small></p>'
        + '<label class="note"><span></span><select class="along"></select></label><div class="drawing curve-over"></div>'
        + '<p class="note"></p><div class="drawing made-of"></div>';
      seen.querySelector(".kept span").textContent = said(WORDS.kept);
      seen.querySelector("label span").textContent = said(WORDS.along);
      seen.querySelector("p.note").textContent = said(WORDS.parts);
      const select = seen.querySelector("select");
      grid.axes.forEach((axis, place) => select.add(new Option(said(axis.title), place, false, place === along)));
      select.addEventListener("change", () => { along = Number(select.value); show(); });
      parts.seen = seen;
      holder.replaceChildren(presets, sliders, seen);
      show();
    }

    function show() {
      grid.axes.forEach((axis, place) => {
        const { input, output } = parts.sliders[place];
        input.value = at[place];
        output.textContent = tick(at[place], axis.unit);
        input.setAttribute("aria-valuetext", output.textContent);
      });
      grid.presets.forEach((preset, place) =>
        parts.presets[place].setAttribute("aria-pressed", String(preset.at.every((value, axis) => value === at[axis]))));
      const [mid, low, high] = [kept, grid.low_fen, grid.high_fen].map((values) => Math.round(interpolated(grid.axes, values, at)));
      const told = parts.seen.querySelector(".kept");
      told.classList.toggle("below", high < 0);
      told.classList.toggle("above", low > 0);
      told.querySelector("strong").textContent = number(mid, "fen");
      told.querySelector("small").textContent = `${number(low, "fen")} … ${number(high, "fen")}`;
      curve(mid);
      composition(mid, low, high);
    }

    // What is kept over one axis, all else as in `place`.
    function slice(place, xs) {
      return xs.map((x) => {
        const there = place.with(along, x);
        return { x, mid: interpolated(grid.axes, kept, there), low: interpolated(grid.axes, grid.low_fen, there),
          high: interpolated(grid.axes, grid.high_fen, there) };
      });
    }

    function curve(mid) {
      const axis = grid.axes[along];
      const [from, to] = [axis.knots[0], axis.knots.at(-1)];
      const xs = d3.sort(new Set([...d3.range(0, 49).map((step) => from + ((to - from) * step) / 48), ...axis.knots]));
      const points = slice(at, xs);
      // The scale holds every preset's curve, so that it stands still while a slider moves; and this one's interval.
      const held = [...grid.presets.flatMap((preset) => slice(preset.at, axis.knots).map((point) => point.mid)),
        ...points.flatMap((point) => [point.low, point.high])];
      const [lowest, highest] = d3.extent(held);
      const target = parts.seen.querySelector(".curve-over");
      const width = Math.floor(target.clientWidth);
      if (width < NARROWEST) return;
      const here = [{ x: at[along], mid }];
      const drawing = plotted(width, {
        height: Math.min(360, Math.max(260, width * 0.5)), marginLeft: 16 + textWidth([lowest, highest].map((end) => tick(Math.round(end), "fen"))),
        marginBottom: 46, marginTop: 14, marginRight: 18,
        x: axisX(axis, width), y: { label: null, domain: [Math.min(lowest, 0), Math.max(highest, 0)], grid: true, tickSize: 0, ticks: 6,
          tickFormat: (value) => tick(value, "fen") },
        marks: [
          Plot.ruleY([0], { stroke: "currentColor", strokeWidth: 1.2 }),
          Plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: "var(--gain)", fillOpacity: 0.2 }),
          Plot.lineY(points, { x: "x", y: "mid", stroke: "var(--gain)", strokeWidth: 3, className: "curve" }),
          Plot.ruleX(here, { x: "x", stroke: "var(--gold)", strokeDasharray: "3 3" }),
          Plot.dot(here, { x: "x", y: "mid", r: 7, fill: "var(--gold-bright)", stroke: "var(--ink)", strokeWidth: 2 }),
        ],
      });
      place(target, [drawing], said(WORDS.kept), `${said(axis.title)}${colon()}${tick(at[along], axis.unit)} → ${number(mid, "fen")}`);
    }

    function composition(mid, low, high) {
      const target = parts.seen.querySelector(".made-of");
      const width = Math.floor(target.clientWidth);
      if (width < NARROWEST) return;
      let reached = 0;
      const rows = grid.parts.map((part, place) => {
        const value = Math.round(interpolated(grid.axes, part.fen, at));
        const row = { key: `${place}`, text: said(part.title), from: reached, shift: reached, low: value, mid: value, high: value,
          color: value >= 0 ? "var(--gain)" : "var(--loss)" };
        reached += value;
        return row;
      });
      rows.push({ key: "kept", text: said(WORDS.total), from: 0, shift: 0, low, mid, high, color: "var(--series-7)" });
      const axis = { unit: "fen", title: { en: `of each ¥100 of ${grid.about.en}`, zh: `每 ¥100 ${grid.about.zh}中` } };
      place(target, [lying(rows, axis, width)], said(WORDS.parts),
        rows.map((row) => `${row.text}${colon()}${number(row.mid, "fen")}`).join("; "));
    }

    return { build, show };
  }

  const benches = [...document.querySelectorAll(".what-if")].map(bench);

  // --- language, light, width, print -------------------------------------------------------------------------------------------

  const remember = (name, value) => { try { localStorage.setItem(`florin-lab-${name}`, value); } catch { /* it may be forbidden */ } };
  const wantsDark = matchMedia("(prefers-color-scheme: dark)");

  function drawAll() {
    figures.forEach(drawFigure);
    benches.forEach((each) => each.build());
  }

  document.getElementById("language").addEventListener("click", () => {
    root.dataset.language = root.lang = language() === "en" ? "zh" : "en";
    remember("language", language());
    drawAll();
  });

  let chosen = Boolean(root.dataset.light);
  const follow = () => { if (!chosen) root.dataset.light = wantsDark.matches ? "dark" : "light"; };
  follow();
  wantsDark.addEventListener("change", follow);
  document.getElementById("light").addEventListener("click", () => {
    chosen = true;
    root.dataset.light = root.dataset.light === "dark" ? "light" : "dark";
    remember("light", root.dataset.light);
  });

  let before = "";
  addEventListener("beforeprint", () => {
    before = root.dataset.light;
    root.dataset.light = "light";
    document.querySelectorAll(".experiment details").forEach((each) => { each.dataset.was = each.open; });
    document.querySelectorAll("figure details").forEach((each) => { each.open = false; });
  });
  addEventListener("afterprint", () => {
    root.dataset.light = before;
    document.querySelectorAll(".experiment details").forEach((each) => { each.open = each.dataset.was === "true"; });
  });

  drawAll();
  let waiting = 0;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return; // a phone's bars come and go
    width = innerWidth;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(drawAll);
  });

  window.florinLab = { number, tick, written, interpolated };
})();
