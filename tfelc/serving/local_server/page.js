"use strict";
const byId = (id) => document.getElementById(id);
const element = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};
let state = { models: [], latency: [] };
let shown = "";

function showModels() {
  const rows = state.models.flatMap((model) => model.versions.map((version) => {
    const row = element("tr");
    row.append(
      element("td", model.name), element("td", version.version, { class: "number" }),
      element("td", version.state, { class: version.state }), element("td", version.labels.join(", ")),
      element("td", version.error, { class: "error" }));
    return row;
  }));
  byId("models").tBodies[0].replaceChildren(...rows);
}

function showLatency() {
  const chart = byId("chart");
  const svg = (tag, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const top = Math.max(1, ...state.latency.map((second) => second.p99)) * 1.1;
  const x = (second) => 615 - second.ago * 9.5;
  const y = (value) => 150 - 140 * value / top;
  const parts = [0, 0.5, 1].flatMap((share) => [
    svg("line", { x1: 40, x2: 620, y1: y(top * share), y2: y(top * share) }),
    svg("text", { x: 0, y: y(top * share) + 4 }, (top * share).toFixed(1))]);
  for (const name of ["p50", "p99"]) {
    const points = state.latency.map((second) => `${x(second)},${y(second[name])}`);
    if (points.length === 1) points.push(`${x(state.latency[0]) + 4},${y(state.latency[0][name])}`);
    parts.push(svg("polyline", { class: name, points: points.join(" ") }));
  }
  chart.replaceChildren(...parts);
}

function showForm() {
  const names = state.models.filter((model) => model.inputs.length).map((model) => model.name);
  const key = JSON.stringify([names, state.models.map((model) => model.inputs), byId("model").value]);
  if (key === shown) return;
  const chosen = names.includes(byId("model").value) ? byId("model").value : names[0];
  byId("model").replaceChildren(...names.map((name) => element("option", name)));
  if (chosen) byId("model").value = chosen;
  shown = JSON.stringify([names, state.models.map((model) => model.inputs), byId("model").value]);
  const model = state.models.find((candidate) => candidate.name === chosen);
  const fields = (model ? model.inputs : []).map((input) => {
    const label = element("label", input.name);
    label.append(element("span", input.type + (input.depth > 1 ? ", list" : "")),
      element("input", undefined, { name: input.name, autocomplete: "off" }));
    return label;
  });
  byId("row").replaceChildren(...fields, element("button", "Score"));
}

// One value as JSON. An empty field is the input's missing value, by the model's manifest where there is one.
function token(input, text) {
  const value = text.trim();
  if (value === "" && input.missing !== null) return input.missing === "NaN" ? "NaN" : JSON.stringify(input.missing);
  if (input.type === "string") return JSON.stringify(value);
  if (input.type === "bool") return value === "true" ? "true" : "false";
  if (input.type.startsWith("float")) return value === "" ? "NaN" : value;
  return value === "" ? "-1" : value;
}

async function score(event) {
  event.preventDefault();
  const model = state.models.find((candidate) => candidate.name === byId("model").value);
  const parts = model.inputs.map((input) => {
    const text = byId("row").elements[input.name].value;
    const values = input.depth > 1
      ? `[${text.split(",").map((part) => token(input, part)).join(", ")}]`
      : token(input, text);
    return `${JSON.stringify(input.name)}: [${values}]`;
  });
  const reply = await fetch(`/v1/models/${encodeURIComponent(model.name)}:predict`,
    { method: "POST", body: `{"inputs": {${parts.join(", ")}}}` });
  const text = await reply.text();
  const answer = byId("answer");
  if (!reply.ok) {
    answer.replaceChildren(element("p", JSON.parse(text).error, { class: "error" }));
    return;
  }
  // NaN is a bare word in the server's JSON, which JSON.parse refuses.
  const outputs = JSON.parse(text.replace(/-?\b(NaN|Infinity)\b/g, '"$&"')).outputs;
  const table = element("table");
  for (const [name, values] of Object.entries(Array.isArray(outputs) ? { output: outputs } : outputs)) {
    const row = element("tr");
    row.append(element("th", name), element("td", JSON.stringify(values[0]), { class: "number", "data-output": name }));
    table.append(row);
  }
  answer.replaceChildren(table);
  refresh();
}

async function refresh() {
  state = await (await fetch("/page/state")).json();
  showModels();
  showLatency();
  showForm();
}

byId("row").addEventListener("submit", score);
byId("model").addEventListener("change", showForm);
refresh();
setInterval(refresh, 2000);
