import { fromBase64, toBase64 } from "../../protocol/base64.ts";
import { CALLER_KEY_PURPOSE, type CallerAttributes, namesCaller, signedCallerText, writeCallerClaims } from "../../protocol/caller.ts";
import { type ProducerRecord, withAttributes } from "../../protocol/kafka-record.ts";
import type { RequestEvent } from "../../protocol/request-event.ts";
import { createWebMac, type CreateTextMac, deriveKey, deriveMac, isMacOf, type TextMac } from "./derived-key.ts";
import type { Principal } from "./principal.ts";

/** The request that a record asks for: its data is what the record's value says. */
type Sealed = Pick<RequestEvent, "correlationId" | "operation" | "data">;

export type CallerSeal = {
  /** The record of a request, with who sent it. A caller without a name leaves it as it is. */
  seal(record: ProducerRecord, request: Sealed, caller: Principal): ProducerRecord | Promise<ProducerRecord>;
  /** The record of a request that is sent again, with whoever sent it before. Undefined: the request names a caller, and this Worker did not. */
  carry(record: ProducerRecord, request: Sealed, before: Sealed & CallerAttributes): Promise<ProducerRecord | undefined>;
};

type CallerSealOptions = {
  /** The key bytes of REPLY_SECRET, newest first. All sign, so that consumers may have any of them. */
  readonly secrets: readonly Uint8Array<ArrayBuffer>[];
  /** Default: that of the web. */
  readonly createMac?: CreateTextMac | undefined;
};

/** Signs into records who sent their requests. */
export const createCallerSeal = ({ secrets, createMac = createWebMac }: CallerSealOptions): CallerSeal => {
  let made: Promise<CryptoKey[]> | undefined;
  const keys = (): Promise<CryptoKey[]> => (made ??= Promise.all(secrets.map((secret) => deriveKey(secret, CALLER_KEY_PURPOSE))));

  let signers: readonly TextMac[] | undefined;
  const sign = (record: ProducerRecord, request: Sealed, said: CallerAttributes): ProducerRecord | Promise<ProducerRecord> => {
    signers ??= secrets.map((secret) => deriveMac(createMac, secret, CALLER_KEY_PURPOSE));
    const text = signedCallerText({ ...request, ...said });
    const withMacs = (macs: readonly Uint8Array[]): ProducerRecord =>
      withAttributes(record, { ...said, authsignature: macs.map(toBase64).join(" ") });
    const macs = signers.map((mac) => mac(text));
    return macs.every((mac) => mac instanceof Uint8Array) ? withMacs(macs) : Promise.all(macs).then(withMacs);
  };

  const isSigned = async ({
    authsignature = "",
    ...request
  }: Parameters<typeof signedCallerText>[0] & CallerAttributes): Promise<boolean> => {
    const text = signedCallerText(request);
    for (const mac of authsignature.split(" ", MAX_SIGNATURES).map(fromBase64))
      for (const key of await keys()) if (mac !== undefined && (await isMacOf(key, mac, text))) return true;
    return false;
  };

  return {
    seal(record, request, caller) {
      const { subject, authtype } = caller;
      return subject === undefined ? record : sign(record, request, { authtype, authid: subject, authclaims: writeCallerClaims(caller) });
    },

    async carry(record, request, before) {
      if (!namesCaller(before)) return record;
      const { authtype, authid, authclaims } = before;
      return (await isSigned(before)) ? sign(record, request, { authtype, authid, authclaims }) : undefined;
    },
  };
};

/** While secrets are rotated there are two. */
const MAX_SIGNATURES = 4;
