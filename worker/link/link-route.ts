import type { Context } from "hono";
import { RejoinderError } from "../../protocol/errors.ts";
import { LINK_TOLERANCE_SECONDS, linkHandshake } from "../../protocol/link.ts";
import { problemResponse } from "../responses.ts";
import { createSignatureCheck } from "../signature-check.ts";

/**
 * Opens a link to a shard, for a handshake whose signature is valid: passes the request to where the links of that shard end. Resolves to
 * the response to it.
 */
export type OpenLink = (shard: number, request: Request) => Promise<Response>;

type LinkRouteOptions = {
  readonly shards: number;
  /** Key bytes, newest first. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  /** Absent: nothing here can hold a link. */
  readonly openLink: OpenLink | undefined;
  readonly now?: () => number;
};

/** `GET /link/:shard`: the consumer's signed handshake for a link to a shard of the mailbox. */
export const createLinkRoute = ({ shards, secrets, openLink, now = Date.now }: LinkRouteOptions) => {
  const refuseSignature = createSignatureCheck({ secrets, now });

  return async ({ req }: Context): Promise<Response> => {
    if (openLink === undefined)
      throw new RejoinderError("NO_LINKS", { detail: "REPLY_STORE=kv has no mailbox to link to. Send replies by POST /replies." });
    if (req.header("upgrade")?.toLowerCase() !== "websocket") {
      const error = new RejoinderError("UPGRADE_REQUIRED", { detail: "Expected the header Upgrade: websocket." });
      return problemResponse(error, { upgrade: "websocket", connection: "upgrade" });
    }
    const shard = readShard(req.param("shard") as string, shards);
    return (await refuseSignature(req.raw.headers, linkHandshake(shard), LINK_TOLERANCE_SECONDS)) ?? openLink(shard, req.raw);
  };
};

const readShard = (text: string, shards: number): number => {
  const shard = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : shards;
  if (shard < shards) return shard;
  const detail = `Expected a shard from 0 to ${shards - 1}, as MAILBOX_SHARDS is ${shards}. Send replies of other shards by POST /replies.`;
  throw new RejoinderError("UNKNOWN_SHARD", { detail });
};
