import type { Entry } from "../requests/entry.ts";

/** The same request for a shell. It waits for the reply as long as the server lets it. */
export const curlOf = ({ operation, request }: Entry, origin: string): string =>
  [
    `curl ${quote(`${origin}/requests/${operation}`)}`,
    `-H ${quote("content-type: application/json")}`,
    `-H ${quote("prefer: wait=25")}`,
    `-d ${quote(JSON.stringify(request))}`,
  ].join(" \\\n  ");

/** The same request as code. */
export const codeOf = ({ operation, request }: Entry, origin: string): string =>
  `import { createClient } from "@rejoinder/sdk/client";

const client = createClient({ url: ${JSON.stringify(origin)} });
const reply = await client.request(${JSON.stringify(operation)}, ${JSON.stringify(request, undefined, 2)});
console.log(reply);
`;

/** One word for a POSIX shell, whatever is in it. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
