// Draws the report. Every string of it comes from an archive, so all text goes through text nodes.
(() => {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const root = document.getElementById("report");
  const state = { utc: true, peaks: false };
  let charts = [];
  let zoom = [0, 0];

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  }

  function button(label, onClick, className) {
    const element = make("button", className, label);
    element.type = "button";
    element.addEventListener("click", onClick);
    return element;
  }

  const pad = (number) => String(number).padStart(2, "0");

  function partsOf(ms) {
    const date = new Date(ms);
    const get = (part) => (state.utc ? date[`getUTC${part}`]() : date[`get${part}`]());
    return {
      day: `${get("FullYear")}-${pad(get("Month") + 1)}-${pad(get("Date"))}`,
      shortDay: `${get("Date")} ${MONTHS[get("Month")]}`,
      time: `${pad(get("Hours"))}:${pad(get("Minutes"))}`,
      seconds: pad(get("Seconds")),
    };
  }
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"].concat([
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
  ]);
  const zoneName = () =>
    state.utc ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone || "local";

  function dateTime(ms) {
    const { day, time, seconds } = partsOf(ms);
    return seconds === "00" ? `${day} ${time}` : `${day} ${time}:${seconds}`;
  }

  function duration(ms) {
    const steps = [
      [86_400_000, "d"],
      [3_600_000, "h"],
      [60_000, "min"],
      [1_000, "s"],
    ];
    const parts = [];
    let rest = Math.round(ms / 1000) * 1000;
    for (const [size, unit] of steps) {
      const count = Math.floor(rest / size);
      rest -= count * size;
      if (count > 0) parts.push(`${count} ${unit}`);
      if (parts.length === 2) break;
    }
    return parts.join(" ") || "0 s";
  }

  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

  /** A number for people, thousands as k, M, G; `decimals` where it is small. */
  function figure(value, decimals = 2) {
    if (value === null || value === undefined) return "–";
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e10) return `${(value / 1e9).toFixed(1)}G`;
    if (size >= 1e7) return `${(value / 1e6).toFixed(1)}M`;
    if (size >= 1e5) return `${(value / 1e3).toFixed(0)}k`;
    return size >= 1000 ? whole.format(value) : value.toFixed(decimals);
  }

  /** Decimals that figures up to `most` share, so that their digits line up. */
  function decimalsFor(most) {
    return most >= 300 ? 0 : most >= 20 ? 1 : most >= 0.3 ? 2 : 3;
  }

  function tick(value) {
    const size = Math.abs(value);
    if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
    if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
    return size >= 1000 ? whole.format(value) : String(Number(value.toPrecision(6)));
  }

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const PALETTE = 8;
  const DASHES = [undefined, [6, 3], [2, 3]];

  /**
   * A color for each line of each panel of a resource. An element keeps its color from panel to panel
   * as long as no other line of the panel has it already.
   */
  function colorsOf(panels) {
    const known = new Map();
    return panels.map(({ series }) => {
      const used = new Set();
      const take = (name, wish) => {
        let color = wish;
        while (used.size < PALETTE && used.has(color)) color = (color + 1) % PALETTE;
        used.add(color);
        known.set(name, color);
        return color;
      };
      const colors = series.map(({ name }) => {
        const color = known.get(name);
        return color === undefined || used.has(color) ? undefined : take(name, color);
      });
      return colors.map((color, index) => color ?? take(series[index].name, known.size % PALETTE));
    });
  }

  // Times of the buckets; the first one may begin before the first sample.
  function timesOf(array) {
    return Array.from({ length: array.bucketCount }, (_, i) =>
      Math.max(array.firstMs, array.bucketStartMs + i * array.bucketMs),
    );
  }

  // uPlot leaves a gap at null and draws through undefined: samples that are merely further apart
  // than the buckets are no gap.
  function lineOf(values, array) {
    const step = Math.max(array.bucketMs, ...array.intervals.map((seconds) => seconds * 1000));
    const longest = Math.floor((1.5 * step) / array.bucketMs);
    const line = values.slice();
    for (let i = 0; i < line.length; i++) {
      if (line[i] !== null) continue;
      let end = i;
      while (end < line.length && line[end] === null) end++;
      if (i > 0 && end < line.length && end - i < longest) line.fill(undefined, i, end);
      i = end;
    }
    return line;
  }

  function fullRange(array) {
    const spare = array.lastMs > array.firstMs ? 0 : Math.max(array.bucketMs, 60_000);
    return [array.firstMs - spare, array.lastMs + spare];
  }

  function timeLabels(_chart, splits, _axis, _space, increment) {
    let before = "";
    return splits.map((ms) => {
      const { shortDay, time, seconds } = partsOf(ms);
      const label = increment < 60_000 ? `${time}:${seconds}` : time;
      const changed = shortDay !== before;
      before = shortDay;
      if (increment >= 86_400_000) return shortDay;
      return changed ? `${label}\n${shortDay}` : label;
    });
  }

  function highest(_chart, _low, high) {
    return [0, high > 0 ? high * 1.06 : 1];
  }

  function draw(holder, panel, array, colors, onCursor) {
    const times = timesOf(array);
    const lines = (peaks) => [
      times,
      ...panel.series.map(({ means, peaks: high }) => lineOf((peaks && high) || means, array)),
    ];
    const axis = {
      stroke: () => css("--muted"),
      font: "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif",
      grid: { stroke: () => css("--grid"), width: 1 },
      ticks: { show: false },
    };
    const chart = new uPlot(
      {
        width: Math.max(200, holder.clientWidth),
        height: holder.clientHeight || 220,
        ms: 1,
        padding: [8, 4, 0, 0],
        tzDate: (ms) => (state.utc ? uPlot.tzDate(new Date(ms), "Etc/UTC") : new Date(ms)),
        legend: { show: false },
        scales: {
          x: { time: true, range: (_c, low, high) => zoomOf(low, high, array) },
          y: { range: highest },
        },
        axes: [
          { ...axis, size: 40, gap: 6, space: 64, values: timeLabels },
          { ...axis, size: 48, gap: 6, space: 36, values: (_c, splits) => splits.map(tick) },
        ],
        cursor: {
          y: false,
          drag: { x: true, y: false },
          points: { size: 6 },
          sync: { key: "report", filters: { pub: (type) => /^mouse(move|leave)$/.test(type) } },
        },
        focus: { alpha: 0.2 },
        series: [
          {},
          ...panel.series.map(({ name }, index) => ({
            label: name,
            stroke: () => css(`--s${colors[index]}`),
            width: 1.5,
            dash: DASHES[Math.floor(index / PALETTE) % DASHES.length],
            points: { show: array.bucketCount < 3 ? true : undefined, size: 4 },
          })),
        ],
        hooks: {
          setCursor: [(c) => onCursor(c.cursor.idx, c)],
          setScale: [
            (c, key) => {
              if (key !== "x") return;
              const { min, max } = c.scales.x;
              holder.dataset.from = min;
              holder.dataset.to = max;
              zoomAll(min, max, array);
            },
          ],
        },
      },
      lines(state.peaks),
      holder,
    );
    const update = () => {
      const { min, max } = chart.scales.x;
      chart.setData(lines(state.peaks), false);
      chart.setScale("x", { min, max });
    };
    return { chart, holder, update };
  }

  // uPlot's own idea of the whole range is the first to the last bucket.
  function zoomOf(low, high, array) {
    const [from, to] = fullRange(array);
    return low <= Math.max(from, array.firstMs) && high >= to - array.bucketMs
      ? [from, to]
      : [low, high];
  }

  /** Every chart shows the range that one of them was zoomed to. */
  function zoomAll(min, max, array) {
    if (zoom[0] === min && zoom[1] === max) return;
    zoom = [min, max];
    for (const { chart } of charts) chart.setScale("x", { min, max });
    const [from, to] = fullRange(array);
    reset.hidden = min === from && max === to;
  }

  let shownArray;
  const reset = button("Reset zoom", () => zoomAll(...fullRange(shownArray), shownArray), "reset");

  const COLUMNS = [
    ["min", "Min"],
    ["mean", "Avg"],
    ["p95", "p95"],
    ["max", "Max"],
  ];

  function panelCard(panel, array, colors) {
    const decimals = decimalsFor(Math.max(...panel.series.map(({ max }) => max)));
    const holder = make("div", "plot");
    holder.setAttribute("role", "img");
    holder.setAttribute("aria-label", `${panel.title} over time; figures in the table below`);
    const at = make("th", "at", "");
    const rows = panel.series.map((series, index) => {
      const swatch = make("i");
      swatch.style.background = `var(--s${colors[index]})`;
      const label = series.name || "(no name)";
      const key = button(swatch, () => toggle(index), "key");
      key.append(make("span", "name", label));
      key.title = `${label}: click to hide or show`;
      const now = make("td", "at", "");
      const row = make("tr", "", make("td", "", key), now);
      for (const [field] of COLUMNS) row.append(make("td", "", figure(series[field], decimals)));
      return { series, index, row, now };
    });
    let plot;
    function toggle(index) {
      const show = !plot.chart.series[index + 1].show;
      rows[index].row.classList.toggle("off", !show);
      plot.chart.setSeries(index + 1, { show });
    }
    for (const { row, index } of rows) {
      row.addEventListener("mouseenter", () => plot.chart.setSeries(index + 1, { focus: true }));
      row.addEventListener("mouseleave", () => plot.chart.setSeries(null, { focus: true }));
    }

    const body = make("tbody", "", ...rows.map(({ row }) => row));
    const first = make("th", "", "Element");
    const head = make("tr", "", first, at);
    let sorted = "p95";
    let down = true;
    for (const [field, label] of COLUMNS) {
      const cell = make("th", "");
      cell.append(
        button(label, () => {
          down = sorted === field ? !down : true;
          sorted = field;
          for (const other of head.children) other.removeAttribute("aria-sort");
          cell.setAttribute("aria-sort", down ? "descending" : "ascending");
          const order = rows.toSorted(
            (a, b) => (b.series[field] - a.series[field]) * (down ? 1 : -1),
          );
          body.append(...order.map(({ row }) => row));
        }),
      );
      if (field === sorted) cell.setAttribute("aria-sort", "descending");
      head.append(cell);
    }
    const columns = make("colgroup", "", make("col"), make("col", "wide at-column"));
    for (const _ of COLUMNS) columns.append(make("col", "wide"));
    const shown = panel.series.length;
    const count = shown < panel.elements ? `${shown} busiest of ${panel.elements}` : "";
    const card = make(
      "article",
      "card panel",
      make(
        "header",
        "",
        make("h3", "", panel.title),
        make("span", "muted", panel.unit),
        make("span", "muted count", count),
      ),
      holder,
      make("table", "figures", columns, make("thead", "", head), body),
    );
    const onCursor = (index, chart) => {
      const on = index !== null && index !== undefined && chart.cursor.left >= 0;
      at.textContent = on ? partsOf(chart.data[0][index]).time : "";
      for (const { now, index: line } of rows) {
        now.textContent = on ? figure(chart.data[line + 1][index], decimals) : "";
      }
    };
    const start = () => {
      plot = draw(holder, panel, array, colors, onCursor);
      charts.push(plot);
    };
    return { card, start };
  }

  const KINDS = [
    ["iops", "IOPS"],
    ["bandwidth", "Bandwidth"],
    ["latency", "Latency"],
    ["utilisation", "Utilisation"],
  ];

  function overview(array) {
    const head = make("tr", "", make("th", "", ""));
    const kinds = KINDS.filter(([kind]) =>
      array.resources.some(({ panels }) => panels.some((panel) => panel.kind === kind)),
    );
    const columns = kinds.map(([kind, title]) => {
      const panels = array.resources.flatMap(({ panels: all }) => {
        const panel = all.find((one) => one.kind === kind);
        return panel ? [panel] : [];
      });
      const units = new Set(panels.map(({ unit }) => unit));
      const unit = units.size === 1 ? panels[0].unit : undefined;
      head.append(make("th", "", unit && unit !== title ? `${title}, ${unit}` : title));
      const decimals = decimalsFor(Math.max(...panels.map(({ series }) => series[0].p95)));
      return { kind, unit, decimals };
    });
    const body = make("tbody");
    for (const { title, panels } of array.resources) {
      const label = make("th", "", title);
      label.scope = "row";
      const row = make("tr", "", label);
      for (const { kind, unit, decimals } of columns) {
        const panel = panels.find((one) => one.kind === kind);
        const top = panel?.series[0];
        const cell = make("td", "");
        if (top) {
          cell.append(make("b", "", figure(top.p95, decimals)));
          if (unit === undefined) cell.append(` ${panel.unit}`);
          const name = make("span", "name", top.name || "(no name)");
          name.title = top.name;
          cell.append(name);
        } else cell.append(make("span", "muted", "–"));
        row.append(cell);
      }
      body.append(row);
    }
    const table = make("table", "", make("thead", "", head), body);
    return make(
      "section",
      "",
      make(
        "header",
        "",
        make("h2", "", "At a glance"),
        make("span", "muted", "the busiest element of each kind, by its 95th percentile"),
      ),
      make("div", "card overview scroll", table),
    );
  }

  function fact(label, value) {
    return make("div", "", make("dt", "", label), make("dd", "name", value));
  }

  function factsOf(array) {
    const times = () => [
      fact(`From (${zoneName()})`, dateTime(array.firstMs)),
      fact(`To (${zoneName()})`, dateTime(array.lastMs)),
    ];
    const list = make("dl", "facts");
    const fill = () => {
      list.replaceChildren(fact("Array", array.serial || "(no serial number)"));
      if (array.model) list.append(fact("Model", array.model));
      list.append(
        ...times(),
        fact("Span", duration(array.lastMs - array.firstMs + (array.intervals[0] ?? 0) * 1000)),
      );
      if (array.intervals.length > 0) {
        const label = array.intervals.map((seconds) => duration(seconds * 1000)).join(", ");
        list.append(fact("Interval", label));
      }
      list.append(fact("Samples", whole.format(array.samples)));
    };
    fill();
    return { list, fill };
  }

  function choice(options, chosen, onChoose) {
    const group = make("div", "choice");
    group.setAttribute("role", "group");
    for (const [value, label] of options) {
      const one = button(label, () => {
        for (const other of group.children) other.setAttribute("aria-pressed", other === one);
        onChoose(value);
      });
      one.setAttribute("aria-pressed", value === chosen);
      group.append(one);
    }
    return group;
  }

  function showArray(array, place) {
    for (const { chart } of charts) chart.destroy();
    charts = [];
    shownArray = array;
    zoom = fullRange(array);
    reset.hidden = true;
    const { list, fill } = factsOf(array);
    const bar = make("div", "bar");
    const nav = make("nav");
    bar.append(nav, reset);
    const starts = [];
    const sections = array.resources.map((resource) => {
      const colors = colorsOf(resource.panels);
      const cards = resource.panels.map((panel, i) => panelCard(panel, array, colors[i]));
      for (const { start } of cards) starts.push(start);
      const elements = `${whole.format(resource.elements)} ${resource.elements === 1 ? "element" : "elements"}`;
      const section = make(
        "section",
        "",
        make("header", "", make("h2", "", resource.title), make("span", "muted", elements)),
        make("div", "grid", ...cards.map(({ card }) => card)),
      );
      nav.append(button(resource.title, () => section.scrollIntoView({ behavior: "smooth" })));
      return section;
    });
    const condensed = array.resources.some(({ panels }) =>
      panels.some(({ series }) => series.some(({ peaks }) => peaks)),
    );
    const redraw = () => {
      for (const { update } of charts) update();
      for (const { chart } of charts) chart.redraw(false, true);
    };
    if (condensed) {
      const modes = [
        [false, `${duration(array.bucketMs)} average`],
        [true, `${duration(array.bucketMs)} peak`],
      ];
      const modeChoice = choice(modes, state.peaks, (peaks) => {
        state.peaks = peaks;
        redraw();
      });
      modeChoice.title = `What a point of a line shows: each covers ${duration(array.bucketMs)}`;
      bar.append(modeChoice);
    }
    const zones = [
      [true, "UTC"],
      [false, "Local time"],
    ];
    bar.append(
      choice(zones, state.utc, (utc) => {
        state.utc = utc;
        fill();
        redraw();
      }),
    );
    place.replaceChildren(list);
    if (array.leftOut > 0) {
      const text = `${whole.format(array.leftOut)} readings below zero were left out: the array writes -1 where it collected nothing.`;
      place.append(make("p", "note", text));
    }
    if (sections.length === 0) {
      place.append(
        emptyCard(
          "Nothing to chart",
          "This array sent samples, but none of the series that this report shows.",
        ),
      );
      return;
    }
    place.append(bar, overview(array), ...sections);
    for (const start of starts) start();
  }

  function emptyCard(title, text) {
    return make("div", "card empty", make("h2", "", title), make("p", "muted", text));
  }

  function footer() {
    const written = new Date(report.writtenMs).toISOString().slice(0, 16).replace("T", " ");
    const source = `${whole.format(report.samples)} samples; figures were kept of ${whole.format(report.trackedSeries)} series`;
    const foot = make(
      "footer",
      "",
      make("p", "", `Written ${written} UTC by Millrace from ${source}.`),
    );
    if (report.trackedSeries > 0) {
      const text = `Minimum, average and maximum are exact; 95th percentiles (p95) are within ${(report.p95Error * 100).toFixed(1)} %. A chart shows the elements with the highest p95. Drag across a chart to zoom, double-click to reset, click an element to hide it.`;
      foot.prepend(make("p", "", text));
    }
    return foot;
  }

  function showReport() {
    const head = make("header", "", make("h1", "name", report.title));
    root.replaceChildren(head);
    if (report.droppedSeries > 0) {
      const text = `${whole.format(report.droppedSeries)} series are missing from this report: it keeps figures of at most ${whole.format(report.trackedSeries)}. Busier elements may be among them; raise maxSeries to include them.`;
      root.append(make("p", "note", text));
    }
    const { arrays } = report;
    if (arrays.length === 0) {
      root.append(
        emptyCard(
          "No samples",
          "Nothing arrived to report on. Check that the archive holds data for the chosen time and filters.",
        ),
        footer(),
      );
      return;
    }
    const place = make("div", "");
    if (arrays.length > 1) {
      const tabs = make("div", "tabs");
      tabs.setAttribute("role", "tablist");
      for (const array of arrays) {
        const tab = button(array.serial || "(no serial number)", () => {
          for (const other of tabs.children) other.setAttribute("aria-selected", other === tab);
          showArray(array, place);
        });
        tab.classList.add("name");
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-selected", array === arrays[0]);
        tabs.append(tab);
      }
      root.append(tabs);
    }
    root.append(place, footer());
    showArray(arrays[0], place);
  }

  /** Fits the charts to their cards; on paper two of them share the width of a page. */
  function fit() {
    const printing = "print" in document.documentElement.dataset;
    for (const { chart, holder } of charts) {
      const width = printing ? 325 : Math.max(200, holder.clientWidth);
      const height = printing ? 150 : holder.clientHeight || 220;
      if (width !== chart.width || height !== chart.height) chart.setSize({ width, height });
      chart.redraw(false, true);
    }
  }

  showReport();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", fit);
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "";
    fit();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    fit();
  });
  let resizing = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(resizing);
    resizing = requestAnimationFrame(fit);
  });
})();
