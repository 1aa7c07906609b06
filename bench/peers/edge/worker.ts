import { DurableObject } from "cloudflare:workers";

type EdgeEnv = { readonly MAILBOX: DurableObjectNamespace<Mailbox> };

/** An object that does nothing but answer. */
export class Mailbox extends DurableObject<EdgeEnv> {
  sum({ a, b }: { readonly a: number; readonly b: number }): { readonly sum: number } {
    return { sum: a + b };
  }
}

/** What any Worker does that leaves a request to a Durable Object: it reads the body, makes one call, and writes the answer. */
export const handleAtEdge = async (request: Request, { MAILBOX }: EdgeEnv): Promise<Response> =>
  Response.json(await MAILBOX.get(MAILBOX.idFromName("one")).sum(await request.json()));
