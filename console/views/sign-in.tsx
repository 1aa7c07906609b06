import { useRef } from "preact/hooks";
import type { Session } from "../session.ts";

/** Asks for a key or a token once the Worker wants one, and lets who has given one sign out. */
export const SignIn = ({ session }: { readonly session: Session }) => {
  const field = useRef<HTMLInputElement>(null);
  const { isSignedIn, refusal } = session;
  if (refusal === undefined && !isSignedIn) return null;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (field.current !== null) session.signIn(field.current.value);
  };
  return (
    <section class="sign-in" aria-label="Sign in">
      <p role="alert" class={refusal === undefined ? undefined : "problem"}>
        {refusal}
      </p>
      {refusal !== undefined && (
        <form onSubmit={submit}>
          <label for="credentials">API key or token</label>
          <input ref={field} id="credentials" type="password" autocomplete="off" spellcheck={false} required />
          <button type="submit">Sign in</button>
        </form>
      )}
      {isSignedIn && (
        <p class="hint signed-in">
          Signed in. Only this tab knows the key or token, until it is closed.
          <button type="button" class="quiet" onClick={session.signOut}>
            Sign out
          </button>
        </p>
      )}
    </section>
  );
};
