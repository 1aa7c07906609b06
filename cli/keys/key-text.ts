import type { KeyView } from "../../worker/identity/keys/key-actions.ts";

/** A key in two lines, without its secret. */
export const keyText = (key: KeyView): string => {
  const { id, state, name, subject, scopes, plan, webhook, createdAt, lastUsedOn } = key;
  const head = [id, endOf(key), `last used ${lastUsedOn ?? "never"}`, ...(name === undefined ? [] : [name])];
  const what = [
    `subject ${subject}`,
    `scopes ${scopes.join(",")}`,
    ...(plan === undefined ? [] : [`plan ${plan}`]),
    ...(webhook === undefined ? [] : [`webhook ${webhook}`]),
    `created ${createdAt}`,
  ];
  return `${state.padEnd(8)}  ${head.join("  ")}\n          ${what.join("  ")}`;
};

const endOf = ({ state, expiresAt, revokedAt, replacedBy }: KeyView): string => {
  if (state === "revoked") return `since ${revokedAt}`;
  if (state === "expired") return `since ${expiresAt}`;
  return `${expiresAt === undefined ? "no end" : `until ${expiresAt}`}${replacedBy === undefined ? "" : `, by ${replacedBy}`}`;
};
