import type { Subject } from "../../consumer/personal/subject-file.ts";

/** A subject as JSON shows it. Times are RFC 3339. */
export const subjectView = ({ subject, keyMadeAt, forgottenAt }: Subject) => ({
  subject,
  state: keyMadeAt === undefined ? "forgotten" : "known",
  ...(keyMadeAt !== undefined && { keyMadeAt: new Date(keyMadeAt).toISOString() }),
  ...(forgottenAt !== undefined && { forgottenAt: new Date(forgottenAt).toISOString() }),
});

/** A subject in a line, without its key. What is no word is quoted: it may have any character. */
export const subjectText = (one: Subject): string => {
  const { subject, state, keyMadeAt, forgottenAt } = subjectView(one);
  const name = /^[\w.@:/+-]+$/.test(subject) ? subject : JSON.stringify(subject);
  return [
    state.padEnd(9),
    name,
    ...(keyMadeAt === undefined ? [] : [`key since ${keyMadeAt}`]),
    ...(forgottenAt === undefined ? [] : [`forgotten ${forgottenAt}`]),
  ].join("  ");
};
