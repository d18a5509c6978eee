// A form for each signature of a model, the request that it stands for, and the answer.
"use strict";
const byId = (id) => document.getElementById(id);
const element = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};
const MOST_VALUES = 8;
let form = { version: null, signatures: [] };
let offered = "";
let nextExample = 0;

const titled = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");
const signature = () => form.signatures.find((each) => each.name === byId("signature").value);
// Of rankings, what is of the items is asked for once an item, and all else once.
const isOfItems = (field) => ["rank", "rank_top"].includes(signature().name) && field.group === "item";

function offer(select, names) {
  const kept = select.value;
  select.replaceChildren(...names.map((name) => element("option", name)));
  if (names.includes(kept)) select.value = kept;
}

async function offerModels(models) {
  const served = models.filter((model) => model.served !== null);
  const key = JSON.stringify(served.map((model) => [model.name, model.served]));
  if (key === offered) return;
  offered = key;
  offer(byId("model"), served.map((model) => model.name));
  await loadForm();
}

async function loadForm() {
  const name = byId("model").value;
  form = name ? await (await fetch(`/page/form/${encodeURIComponent(name)}`)).json() : { version: null, signatures: [] };
  offer(byId("signature"), form.signatures.map((each) => each.name));
  showFields();
}

function showFields() {
  const typed = new FormData(byId("fields"));
  const wanted = signature();
  nextExample = 0;
  byId("example").hidden = !wanted?.examples.length;
  byId("answer").replaceChildren();
  byId("request").hidden = true;
  if (!wanted) {
    byId("fields").replaceChildren(element("p", "nothing is served that takes columns", { class: "dim" }));
    return;
  }
  const groups = [...new Set(wanted.fields.map((field) => field.group))].map((name) => group(name, wanted.fields.filter((field) => field.group === name)));
  byId("fields").replaceChildren(...groups, element("button", wanted.name === "serving_default" ? "Score" : titled(wanted.name), { class: "main" }));
  // What was typed stays where the field does, as when a new version comes up.
  for (const [name, value] of typed) {
    const field = byId("fields").elements[name];
    if (field && !(field instanceof RadioNodeList)) field.value = value;
  }
}

function group(name, fields) {
  const made = element("fieldset");
  if (isOfItems(fields[0])) {
    const more = element("button", "Add an item", { type: "button" });
    more.addEventListener("click", () => addItem(made, fields));
    made.append(element("legend", "items"), more);
    addItem(made, fields);
    addItem(made, fields);
  } else if (name === "context") {
    const folded = element("details");
    folded.append(element("summary", `context, ${fields.length} with defaults`), inputs(fields));
    made.append(folded);
  } else {
    made.append(element("legend", name === "input" ? "inputs" : name), inputs(fields));
  }
  return made;
}

function addItem(place, fields, values = {}) {
  const one = inputs(fields, values);
  one.classList.add("one");
  const gone = element("button", "Remove", { type: "button" });
  gone.addEventListener("click", () => { if (place.querySelectorAll(".one").length > 1) one.remove(); });
  one.append(gone);
  place.insertBefore(one, place.lastElementChild);
}

function inputs(fields, values = {}) {
  const grid = element("div", undefined, { class: "grid" });
  grid.append(...fields.map((field) => {
    const label = element("label", field.name);
    const input = element("input", undefined, { name: field.name, autocomplete: "off" });
    input.value = text(values[field.name]);
    label.append(element("span", field.type + (field.depth > 1 ? ", list" : "")), input);
    return label;
  }));
  return grid;
}

const text = (value) => (Array.isArray(value) ? value.map(text).join(", ") : value ?? "").toString();

function fillExample() {
  const wanted = signature();
  const example = wanted.examples[nextExample % wanted.examples.length];
  nextExample += 1;
  for (const field of wanted.fields.filter((each) => !isOfItems(each))) byId("fields").elements[field.name].value = text(example[field.name]);
  const ofItems = wanted.fields.filter(isOfItems);
  if (!ofItems.length) return;
  const place = byId("fields").querySelector(".one").parentElement;
  place.querySelectorAll(".one").forEach((one) => one.remove());
  const count = Math.max(...ofItems.map((field) => (example[field.name] ?? []).length));
  for (let item = 0; item < count; item += 1) {
    addItem(place, ofItems, Object.fromEntries(ofItems.map((field) => [field.name, example[field.name][item]])));
  }
}

// One value as JSON. An empty field is the input's missing value, by the model's manifest where there is one.
function token(field, typed) {
  const value = typed.trim();
  if (value === "" && field.missing !== null) return field.missing === "NaN" ? "NaN" : JSON.stringify(field.missing);
  if (field.type === "string") return JSON.stringify(value);
  if (field.type === "bool") return value === "true" ? "true" : "false";
  if (field.type.startsWith("float")) return value === "" ? "NaN" : value;
  return value === "" ? "-1" : value;
}

const typedValue = (field, typed) => (field.depth > 1 ? `[${typed.split(",").map((part) => token(field, part)).join(", ")}]` : token(field, typed));

function body() {
  const columns = signature().fields.map((field) => {
    const typed = [...byId("fields").querySelectorAll("input")].filter((input) => input.name === field.name);
    return `${JSON.stringify(field.name)}: [${typed.map((input) => typedValue(field, input.value)).join(", ")}]`;
  });
  return `{"signature_name": ${JSON.stringify(signature().name)}, "inputs": {${columns.join(", ")}}}`;
}

async function call(event) {
  event.preventDefault();
  const asked = signature();
  const address = `${location.origin}/v1/models/${encodeURIComponent(byId("model").value)}:predict`;
  const sent = body();
  byId("request").hidden = false;
  byId("request").querySelector("pre").textContent = `curl -d '${sent.replaceAll("'", "'\\''")}' ${address}`;
  try {
    const reply = await fetch(address, { method: "POST", body: sent });
    const said = await reply.text();
    // NaN is a bare word in the server's JSON, which JSON.parse refuses.
    const content = reply.ok ? JSON.parse(said.replace(/-?\b(NaN|Infinity)\b/g, '"$&"')) : JSON.parse(said);
    byId("answer").replaceChildren(reply.ok ? outputTable(asked, content.outputs) : element("p", content.error, { class: "error" }));
  } catch (error) {
    byId("answer").replaceChildren(element("p", `no answer: ${error.message}`, { class: "error" }));
  }
  refresh();
}

const shown = (value) => {
  if (Array.isArray(value)) return value.slice(0, MOST_VALUES).map(shown).join(", ") + (value.length > MOST_VALUES ? " ..." : "");
  return typeof value === "number" ? String(Number(value.toPrecision(5))) : JSON.stringify(value);
};

// A line for each output; of rankings a line for each item, best first, and of recommendations one for each place.
// What a model ranks by comes first: its `score`, or where it has none its first probability.
function outputTable(asked, outputs) {
  const likely = (name) => { const place = asked.probabilities.indexOf(name); return place < 0 ? Infinity : place; };
  const order = (name) => (name === "score" ? -1 : likely(name));
  const named = Object.entries(Array.isArray(outputs) || typeof outputs !== "object" ? { output: outputs } : outputs)
    .sort(([one], [other]) => (order(one) === order(other) ? 0 : order(one) - order(other)));
  const cell = (name, value) => {
    const made = element("td", shown(value), { class: "number", "data-output": name });
    if (likely(name) < Infinity) made.append(element("meter", undefined, { min: 0, max: 1, value, "aria-hidden": "true" }));
    return made;
  };
  const table = element("table");
  const line = (...cells) => { const row = element("tr"); row.append(...cells); table.append(row); };
  const lines = (heading, columns, order) => {
    line(element("th", heading), ...columns.map(([name]) => element("th", name)));
    for (const place of order) line(element("td", `${place + 1}`), ...columns.map(([name, values]) => cell(name, values[place])));
  };
  if (["rank", "rank_top"].includes(asked.name)) {
    const columns = named.filter(([, values]) => Array.isArray(values));
    const [, by] = columns[0];
    const best = [...by.keys()].sort((one, other) => by[other] - by[one]);
    lines(asked.name === "rank" ? "item" : "place", columns, best);
    return table;
  }
  const first = named.map(([name, values]) => [name, Array.isArray(values) ? values[0] : values]);
  const best = first.filter(([name, value]) => ["ids", "scores"].includes(name) && Array.isArray(value));
  if (best.length === 2) lines("place", best, best[0][1].keys());
  for (const [name, value] of first.filter((each) => best.length < 2 || !best.includes(each))) line(element("th", name), cell(name, value));
  return table;
}

byId("fields").addEventListener("submit", call);
byId("model").addEventListener("change", loadForm);
byId("signature").addEventListener("change", showFields);
byId("example").addEventListener("click", fillExample);
byId("request").querySelector("button").addEventListener("click", () => navigator.clipboard.writeText(byId("request").querySelector("pre").textContent));
