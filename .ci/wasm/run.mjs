// Runs every probe of the module in a fresh instance each, so that none stands on what another left behind.
//
//     node run.mjs wasm_probe.wasm
import { readFileSync } from "node:fs";

const module = await WebAssembly.compile(readFileSync(process.argv[2]));
const failed = [];
const host = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  failed.push(`${from}.${name}: imported, but the module must import nothing`);
  (host[from] ??= {})[name] = () => 0n;
}
const names = WebAssembly.Module.exports(module)
  .filter((it) => it.kind === "function" && !it.name.startsWith("panic_"))
  .map((it) => it.name);
for (const name of names) {
  const { exports } = await WebAssembly.instantiate(module, host);
  try {
    exports[name]();
  } catch (error) {
    const text = new Uint8Array(exports.memory.buffer, exports.panic_address() >>> 0, exports.panic_length());
    failed.push(`${name}: ${error.message}: ${new TextDecoder().decode(text)}`);
  }
}
if (failed.length > 0) fail(`${failed.length} failures among ${names.length} probes\n${failed.join("\n")}`);
if (names.length < 10) fail(`only ${names.length} probes in the module`);
console.log(`${names.length} probes ran without a trap; the module imports nothing`);

function fail(text) {
  console.error(text);
  process.exit(1);
}
