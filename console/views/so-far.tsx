import { useLayoutEffect, useRef } from "preact/hooks";
import { Json } from "./json.tsx";

/** How far a handler says that it is: a bar if it says so in percent, and whatever else it says. */
export const Progress = ({ progress }: { readonly progress: unknown }) => {
  const { percent, ...others } = typeof progress === "object" && progress !== null ? (progress as Record<string, unknown>) : {};
  if (typeof percent !== "number")
    return (
      <section class="so-far" aria-label="Progress">
        <h3>Progress</h3>
        <Json label="Progress as JSON" value={progress} />
      </section>
    );
  return (
    <section class="so-far" aria-label="Progress">
      <label for="progress">Progress</label>
      <div class="percent">
        <progress id="progress" max={100} value={percent} />
        <span class="time">{Math.round(percent)} %</span>
      </div>
      {Object.keys(others).length > 0 && <Json label="Progress as JSON" value={others} />}
    </section>
  );
};

/** Of more chunks than these only the newest are shown. */
const MAX_SHOWN = 200;

/** What a handler has emitted so far, one in each line. The newest are seen, unless somebody looks at earlier ones. */
export const Chunks = ({ chunks }: { readonly chunks: readonly unknown[] }) => {
  const list = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (isAtEnd.current) list.current?.scrollTo(0, list.current.scrollHeight);
  }, [chunks]);
  return (
    <section class="so-far" aria-label="Chunks">
      <h3>
        Chunks <span class="count">{chunks.length.toLocaleString("en")}</span>
      </h3>
      {chunks.length > MAX_SHOWN && <p class="hint">The newest {MAX_SHOWN} are shown. The status has all of them.</p>}
      <pre
        ref={list}
        class="chunks"
        tabIndex={0}
        aria-label="Chunks, one in each line"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < 8;
        }}
      >
        {chunks
          .slice(-MAX_SHOWN)
          .map((chunk) => JSON.stringify(chunk))
          .join("\n")}
      </pre>
    </section>
  );
};
