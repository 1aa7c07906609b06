// Serves the page on an origin of its own. Arguments: the Worker's URL, and the port.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const [worker = "http://localhost:8787", port = "8080"] = process.argv.slice(2);
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const { outputFiles } = await build({
  entryPoints: [fileOf("page.ts")],
  bundle: true,
  format: "esm",
  write: false,
  conditions: ["@rejoinder/source"],
});
const script = outputFiles[0]?.text ?? "";
const style = await readFile(fileOf("style.css"), "utf8");
const html = (await readFile(fileOf("index.html"), "utf8")).replace("<html ", `<html data-worker="${worker}" `);
const policy = `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${worker}; base-uri 'none'; form-action 'none'`;

createServer(({ url }, response) => {
  if (url === "/page.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(script);
  if (url === "/style.css") return response.writeHead(200, { "content-type": "text/css" }).end(style);
  return response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy }).end(html);
}).listen(Number(port), "localhost", () => console.log(`http://localhost:${port}`));
