// Holds the list of slack-proto's public entry points, as rustdoc gives it in JSON, against the probe's source.
//
//     node entry-points.mjs slack_proto.json src/*.rs
//
// An entry point is a function of a public type or trait, and each `impl ApiMethod`. The source must call it by its full
// name, such as `Scopes::contains`, and each method by the helper `method(&AuthTest, ..)`.
import { readFileSync } from "node:fs";

const [listing, ...sources] = process.argv.slice(2);
const { index, root, format_version: version } = JSON.parse(readFileSync(listing, "utf8"));
const source = sources.map((path) => readFileSync(path, "utf8")).join("\n");

const entryPoints = new Set();
walk(index[root]);
const names = [...entryPoints].sort();
const missing = names.filter((name) => !isCalled(name));
if (names.length < 100) {
  throw new Error(`only ${names.length} entry points in rustdoc's format ${version}: has the format changed?`);
}
if (missing.length > 0) {
  console.error(`${missing.length} of ${names.length} entry points of slack-proto are not called under WebAssembly:`);
  for (const name of missing) console.error(`  ${name}`);
  console.error("Call each by its full name in .ci/wasm/src; a method by `method(&TheMethod, ..)`.");
  process.exit(1);
}
console.log(`${names.length} public entry points of slack-proto, each called by the probe`);

function walk(module) {
  for (const id of module.inner.module.items) {
    let item = index[id];
    if (item?.inner.use) item = index[item.inner.use.id];
    if (!item || isHidden(item)) continue;
    if (item.inner.module && item.visibility === "public") walk(item);
    else if (item.inner.function) entryPoints.add(item.name);
    else if (item.inner.trait) addFunctions(item.name, item.inner.trait.items);
    else if (item.inner.struct || item.inner.enum) ofType(item);
  }
}

function ofType(item) {
  for (const id of (item.inner.struct ?? item.inner.enum).impls) {
    const block = index[id]?.inner.impl;
    if (!block || block.is_synthetic || block.blanket_impl) continue;
    if (block.trait === null) addFunctions(item.name, block.items);
    else if (block.trait.path === "ApiMethod") entryPoints.add(`method(&${item.name}`);
  }
}

function addFunctions(owner, items) {
  for (const id of items) {
    const item = index[id];
    // The functions of a trait have the visibility "default": they are as public as the trait.
    if (item?.inner.function && item.visibility !== "crate" && !isHidden(item)) entryPoints.add(`${owner}::${item.name}`);
  }
}

function isHidden(item) {
  return item.attrs.some((attribute) => JSON.stringify(attribute).includes("hidden"));
}

function isCalled(name) {
  const [owner, called] = name.split("::");
  if (called) return new RegExp(`\\b${owner}(::<.*?>)?>?::${called}\\b`).test(source);
  const [helper, method] = name.split("(&");
  return new RegExp(method ? `\\b${helper}\\(\\s*&${method}\\b` : `\\b${helper}\\(`).test(source);
}
