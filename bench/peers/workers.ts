/** The least that any Worker does with a request: it reads the body and answers. */
export const handleAtEdge = async (request: Request): Promise<Response> => {
  const { a, b } = (await request.json()) as { readonly a: number; readonly b: number };
  return Response.json({ sum: a + b });
};

/** The topic to produce to, and the proxy that takes it. */
export type NaiveEnv = { readonly KAFKA_REST_URL: string; readonly KAFKA_REST_AUTHORIZATION: string; readonly TOPIC: string };

/** Accepting as people write it first: `POST` produces a record and answers 202 with an ID. */
export const acceptNaively = async (request: Request, env: NaiveEnv): Promise<Response> => {
  const id = crypto.randomUUID();
  const produced = await fetch(`${env.KAFKA_REST_URL}/produce`, {
    method: "POST",
    headers: { authorization: env.KAFKA_REST_AUTHORIZATION, "content-type": "application/json" },
    body: JSON.stringify({ topic: env.TOPIC, key: id, value: JSON.stringify({ id, data: await request.json() }) }),
  });
  if (!produced.ok) return Response.json({ error: "The request could not be produced." }, { status: 502 });
  return Response.json({ id }, { status: 202, headers: { location: `/status/${id}` } });
};
