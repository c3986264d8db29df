// Runs a batch of programs in a JavaScript host: Deno, Node, or a shell such as d8. The one argument
// is a file of JSON lines: first {"shared": [{"name", "hex"}]}, modules that all programs may import
// from, then {"modules": [{"name", "hex"}], "parts": [name]} for each program. Every line that it
// prints begins with @, and is written before anything else happens:
//
//   @begin PROGRAM
//   @refused PROGRAM ERROR: MESSAGE        a module does not validate, compile or instantiate
//   @call PROGRAM PART
//   @came PROGRAM PART returned NUMBER     or: threw exception, threw ERROR: MESSAGE
//   @done PROGRAM COLLECTIONS              how often the collector was run
//   @complete
const deno = globalThis.Deno;
const process_ = globalThis.process;
const node = !deno && process_?.versions?.node ? await import("node:fs") : undefined;
const path = deno ? deno.args[0]
  : node ? process_.argv[2]
  : (globalThis.arguments ?? globalThis.scriptArgs ?? [])[0];

function textOf(file) {
  if (deno) return deno.readTextFileSync(file);
  if (node) return node.readFileSync(file, "utf8");
  return globalThis.read(file);
}

const encoder = deno ? new TextEncoder() : undefined;

function say(...words) {
  const line = "@" + words.join(" ");
  if (deno) {
    let bytes = encoder.encode(line + "\n");
    while (bytes.length > 0) bytes = bytes.subarray(deno.stdout.writeSync(bytes));
  } else if (node) {
    node.writeSync(1, line + "\n");
  } else {
    globalThis.print(line);
  }
}

function bytesOf(hex) {
  if (Uint8Array.fromHex) return Uint8Array.fromHex(hex);
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; ++at) {
    bytes[at] = Number.parseInt(hex.substr(2 * at, 2), 16);
  }
  return bytes;
}

function wordsOf(error) {
  if (typeof WebAssembly.Exception === "function" && error instanceof WebAssembly.Exception) {
    return "exception";
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `value: ${String(error)}`;
  return text.replace(/\s+/g, " ").slice(0, 500);
}

// The exports of the program's last module.
let current = {};
let collections = 0;
// A major collection takes ten times as long as a minor one; both find bugs of their own.
function collect() {
  if (typeof globalThis.gc !== "function") return;
  globalThis.gc({ type: collections % 16 === 0 ? "major" : "minor" });
  ++collections;
}
const always = { host: { enter: (number) => void current.entry(number), collect } };

// Each module can import from those before it, from those that are shared, and from "host".
function instantiate(modules, imports) {
  for (const { name, hex } of modules) {
    current = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(hex)), imports).exports;
    imports[name] = current;
  }
  return current;
}

function run(program, { modules, parts }) {
  say("begin", program);
  const before = collections;
  let exports;
  try {
    exports = instantiate(modules, { ...always });
  } catch (error) {
    say("refused", program, wordsOf(error));
    return;
  }
  parts.forEach((name, part) => {
    say("call", program, part);
    let came;
    try {
      came = `returned ${exports[name]()}`;
    } catch (error) {
      came = `threw ${wordsOf(error)}`;
    }
    say("came", program, part, came);
  });
  say("done", program, collections - before);
}

const [{ shared }, ...programs] =
  textOf(path).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
instantiate(shared, always);
programs.forEach((each, program) => run(program, each));
say("complete");
