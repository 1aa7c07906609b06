import { useState } from "preact/hooks";

/** Copies a text; shows it, where the browser does not let a page copy. */
export const CopyButton = ({ label, text }: { readonly label: string; readonly text: string }) => {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      setState("refused");
    }
  };
  return (
    <>
      <button type="button" class="quiet" onClick={() => void copy()} onBlur={() => state === "copied" && setState("idle")}>
        {state === "copied" ? "Copied" : label}
      </button>
      <span role="status" class="visually-hidden">
        {state === "copied" ? "Copied." : ""}
      </span>
      {state === "refused" && (
        <pre class="copy" tabIndex={0} aria-label={label}>
          {text}
        </pre>
      )}
    </>
  );
};
