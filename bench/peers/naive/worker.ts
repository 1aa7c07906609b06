/** What the Worker is given: the topic to produce to, the proxy that takes it, and where replies will be. */
export type NaiveEnv = {
  readonly KAFKA_REST_URL: string;
  readonly KAFKA_REST_AUTHORIZATION: string;
  readonly TOPIC: string;
  readonly REPLIES: { get(key: string): Promise<string | null> };
};

/**
 * Request-reply as it is written first: `POST` produces a record and answers 202 with an ID; `GET /status/:id` looks it up in KV, and answers
 * 202 until the reply is there, for which the caller asks again and again.
 */
export const handleNaively = async (request: Request, env: NaiveEnv): Promise<Response> => {
  if (request.method === "POST") return accept(request, env);
  const id = new URL(request.url).pathname.slice("/status/".length);
  const reply = await env.REPLIES.get(id);
  if (reply === null) return Response.json({ state: "pending" }, { status: 202 });
  return new Response(reply, { headers: { "content-type": "application/json" } });
};

const accept = async (request: Request, env: NaiveEnv): Promise<Response> => {
  const id = crypto.randomUUID();
  const record = { topic: env.TOPIC, key: id, value: JSON.stringify({ id, data: await request.json() }) };
  const produced = await fetch(`${env.KAFKA_REST_URL}/produce`, {
    method: "POST",
    headers: { authorization: env.KAFKA_REST_AUTHORIZATION, "content-type": "application/json" },
    body: JSON.stringify(record),
  });
  if (!produced.ok) return Response.json({ error: "The request could not be produced." }, { status: 502 });
  return Response.json({ id }, { status: 202, headers: { location: `/status/${id}` } });
};
