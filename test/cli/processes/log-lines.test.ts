import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createPrefix, forwardLines } from "../../../cli/processes/log-lines.ts";

test("the lines of all parts stand in one column behind their names", () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  createPrefix("gateway", write, false)("listening");
  createPrefix("consumer", write, false)("consuming");
  expect(lines).toEqual(["gateway  | listening", "consumer | consuming"]);
});

test("names are coloured for a terminal only", () => {
  const lines: string[] = [];
  createPrefix("gateway", (line) => void lines.push(line), true)("listening");
  expect(lines[0]).toContain("\u001B[36mgateway");
});

test("lines that come in pieces are put together, and empty ones left out", async () => {
  const lines: string[] = [];
  const stream = new PassThrough();
  forwardLines(stream, (line) => void lines.push(line));
  for (const piece of ["one", " line\n\n", "an", "other\nlast"]) stream.write(piece);
  stream.end();
  await once(stream, "close");
  expect(lines).toEqual(["one line", "another", "last"]);
});
