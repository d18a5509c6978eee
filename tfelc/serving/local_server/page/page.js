// What is served, and how fast: asked for every two seconds.
"use strict";
const WIDTH_OF_LABELS = 52, CHART_HEIGHT = 170, SECONDS = 60;
const HEADINGS = ["Model", "Version", "State", "Labels", "Error"];
let state = { models: [], latency: [] };

function showModels() {
  const rows = state.models.flatMap((model) => model.versions.map((version) => {
    const failed = version.state === "END" && version.error ? " failed" : "";
    const row = element("tr");
    const cells = [
      element("td", model.name), element("td", version.version, { class: "number" }),
      element("td", version.state, { class: version.state + failed }), element("td", version.labels.join(", ")),
      element("td", version.error, { class: "error" })];
    cells.forEach((cell, place) => cell.setAttribute("data-heading", HEADINGS[place]));
    row.append(...cells);
    return row;
  }));
  byId("models").tBodies[0].replaceChildren(...rows);
}

function showLatency() {
  const chart = byId("chart");
  if (!state.latency.length) {
    chart.replaceChildren(element("p", "no request in the last minute", { class: "dim" }));
    return;
  }
  const svg = (tag, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const width = chart.clientWidth, bottom = CHART_HEIGHT - 24;
  const top = niceTop(Math.max(...state.latency.map((second) => second.p99)));
  const x = (ago) => width - 10 - ago * (width - WIDTH_OF_LABELS - 20) / SECONDS;
  const y = (value) => bottom - (bottom - 10) * value / top;
  const parts = [0, 0.5, 1].flatMap((share) => [
    svg("line", { x1: WIDTH_OF_LABELS, x2: width, y1: y(top * share), y2: y(top * share) }),
    svg("text", { x: 0, y: y(top * share) + 4 }, `${Number((top * share).toPrecision(3))} ms`)]);
  for (const ago of [60, 30, 0]) {
    parts.push(svg("text", { x: x(ago), y: CHART_HEIGHT - 6, "text-anchor": ago ? "middle" : "end" }, ago ? `${ago} s ago` : "now"));
  }
  for (const name of ["p50", "p99"]) {
    const points = state.latency.map((second) => `${x(second.ago)},${y(second[name])}`);
    if (points.length === 1) points.push(`${x(state.latency[0].ago) + 4},${y(state.latency[0][name])}`);
    parts.push(svg("polyline", { class: name, points: points.join(" ") }));
  }
  const picture = svg("svg", { width, height: CHART_HEIGHT, role: "img", "aria-label": "Latency of the last minute in milliseconds" });
  picture.append(...parts);
  chart.replaceChildren(picture);
}

// The next of 1, 2 and 5 times a power of ten.
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.01)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

async function refresh() {
  try {
    state = await (await fetch("/page/state")).json();
    byId("lost").textContent = "";
  } catch {
    byId("lost").textContent = "the server does not answer; what stands here is what it last said";
    return;
  }
  showModels();
  showLatency();
  await offerModels(state.models);
}

refresh();
setInterval(refresh, 2000);
addEventListener("resize", showLatency);
