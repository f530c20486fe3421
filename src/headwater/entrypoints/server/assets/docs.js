// Draws /api/openapi.json as a list of operations, without any outside help.
const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function resolve(spec, schema, depth = 0) {
  if (!schema || depth > 5) return "…";
  if (schema.$ref) return resolve(spec, spec.components.schemas[schema.$ref.split("/").pop()], depth + 1);
  if (schema.anyOf) return schema.anyOf.map((one) => resolve(spec, one, depth + 1)).find((one) => one !== null);
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.type === "array") return [resolve(spec, schema.items, depth + 1)];
  if (schema.properties) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, part]) => [name, resolve(spec, part, depth + 1)]),
    );
  }
  return schema.type === "null" ? null : schema.format || schema.type || "any";
}

function body(spec, content) {
  const schema = Object.values(content || {})[0]?.schema;
  return schema ? element("pre", JSON.stringify(resolve(spec, schema), null, 2)) : "";
}

function operation(spec, path, method, details) {
  const summary = element("summary", "", element("b", method.toUpperCase()), element("code", path));
  const made = element("details", "", summary, element("p", details.description || details.summary || ""));
  for (const parameter of details.parameters || []) {
    const type = resolve(spec, parameter.schema);
    made.append(element("p", `${parameter.in} · ${parameter.name}: ${JSON.stringify(type)}${parameter.required ? "" : " (optional)"}`));
  }
  if (details.requestBody) made.append(element("h3", "Request"), body(spec, details.requestBody.content));
  for (const [status, response] of Object.entries(details.responses || {})) {
    if (status < "400") made.append(element("h3", `Answer ${status}`), body(spec, response.content));
  }
  made.dataset.search = `${method} ${path} ${details.summary || ""}`.toLowerCase();
  return made;
}

async function draw() {
  const spec = await (await fetch("/api/openapi.json")).json();
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      const tag = item[method].tags?.[0] || "other";
      if (!groups.has(tag)) groups.set(tag, element("section", "", element("h2", tag)));
      groups.get(tag).append(operation(spec, path, method, item[method]));
    }
  }
  document.getElementById("operations").append(...groups.values());
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const one of document.querySelectorAll("details")) one.hidden = !one.dataset.search.includes(wanted);
  });
}

draw();
