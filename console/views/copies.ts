import type { Entry } from "../requests/entry.ts";

type CopyOptions = {
  /** Of the Worker. */
  readonly origin: string;
  /** Whether the Worker wants credentials. They are not copied: the variable that holds them is named. */
  readonly isSignedIn: boolean;
};

/** The same request for a shell. It waits for the reply as long as the server lets it. */
export const curlOf = ({ operation, request }: Entry, { origin, isSignedIn }: CopyOptions): string =>
  [
    `curl ${quote(`${origin}/requests/${operation}`)}`,
    `-H ${quote("content-type: application/json")}`,
    `-H ${quote("prefer: wait=25")}`,
    ...(isSignedIn ? ['-H "authorization: Bearer $REJOINDER_KEY"'] : []),
    `-d ${quote(JSON.stringify(request))}`,
  ].join(" \\\n  ");

/** The same request as code. */
export const codeOf = ({ operation, request }: Entry, { origin, isSignedIn }: CopyOptions): string =>
  `import { createClient } from "@rejoinder/sdk/client";

const client = createClient({ url: ${JSON.stringify(origin)} });
const reply = await client.request(${JSON.stringify(operation)}, ${JSON.stringify(request, undefined, 2)}${isSignedIn ? AUTHORIZATION : ""});
console.log(reply);
`;

const AUTHORIZATION = ", { headers: { authorization: `Bearer ${process.env.REJOINDER_KEY}` } }";

/** One word for a POSIX shell, whatever is in it. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
