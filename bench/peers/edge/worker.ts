type SumRequest = { readonly a: number; readonly b: number };

/** The least that any Worker does with a request: it reads the body and answers. */
export const handleAtEdge = async (request: Request): Promise<Response> => {
  const { a, b } = await request.json<SumRequest>();
  return Response.json({ sum: a + b });
};
