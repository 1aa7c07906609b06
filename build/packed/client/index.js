// client/client-error.ts
var HINTS = {
  UNANSWERED: "check URL, network, CORS_ORIGINS. It may have been taken",
  UNEXPECTED_ANSWER: "check URL, proxy",
  UNREACHABLE: "resume() waits on",
  TIMEOUT: "resume() waits on",
  ABORTED: "resume() waits on"
};
var ClientError = class extends Error {
  name = "ClientError";
  constructor(why, { detail, cause, ...details } = {}) {
    const isOwn = typeof why === "string";
    const message = isOwn ? [why, HINTS[why], detail] : [why.detail ?? why.title];
    super(message.filter(Boolean).join(": "), { cause });
    Object.assign(
      this,
      details,
      isOwn ? { code: why, retryable: why === "UNREACHABLE" } : { code: why.code, retryable: why["retryable"] === true, status: why.status, problem: why }
    );
  }
};
var createFail = () => {
  const { stack } = new Error();
  return (why, details) => {
    const error = new ClientError(why, details);
    if (stack !== void 0) error.stack = stack.replace(/^Error/, () => String(error));
    return error;
  };
};
var isDefined = (error, code) => error instanceof ClientError && error.isDefined === true && error.code === code;

// client/exchange.ts
var PATIENCE_MS = 15e3;
var createExchange = ({ url, fetch, slots }) => async ({ path, operation, body, waitSeconds, headers, signal }) => {
  const slot = await slots.take(waitSeconds, operation);
  let outcome;
  try {
    signal.throwIfAborted();
    const response = await fetch(url + path, {
      ...body === void 0 ? {} : { method: "POST", body },
      headers: { ...headers, "content-type": "application/json", prefer: `respond-async, wait=${slot.waitSeconds}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(slot.waitSeconds * 1e3 + PATIENCE_MS)])
    });
    return outcome = outcomeOf(response, await response.text(), waitSeconds === 0);
  } catch (cause) {
    signal.throwIfAborted();
    return { lost: ["UNANSWERED", { cause }] };
  } finally {
    slot.release(outcome?.isEnd === true);
  }
};
var outcomeOf = ({ status: code, headers }, text, isPrompt) => {
  const end = headers.get("content-location");
  const body = parse(text);
  const status = end === null && body?.state !== void 0 ? body : void 0;
  const problem = code >= 400 && body?.code !== void 0 ? body : status?.error;
  if (code !== 304 && end === null && status === void 0 && problem === void 0)
    return { lost: ["UNEXPECTED_ANSWER", { detail: `${code} ${headers.get("content-type")}` }] };
  return {
    correlationId: status?.correlationId ?? (end ?? headers.get("location"))?.split("/").at(-1),
    status,
    problem,
    reply: status === void 0 ? body : status.reply,
    isEnd: end !== null || code === 200,
    isPrompt: isPrompt || headers.get("preference-applied")?.includes("wait="),
    // A date, which it can be too (RFC 9110 §10.2.3), is not for a clock that may be wrong.
    retryAfterMs: Number(headers.get("retry-after")) * 1e3 || 0
  };
};
var parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return void 0;
  }
};

// client/slots.ts
var BRIEF_SECONDS = 1;
var createSlots = (count) => {
  const queue = [];
  const brief = /* @__PURE__ */ new Map([[void 0, { room: 0, used: 0 }]]);
  let used = 0;
  let long = 0;
  return {
    async take(waitSeconds, operation) {
      await (used < count ? void (used += 1) : new Promise((resolve) => queue.push(resolve)));
      const own = brief.get(operation) ?? { room: count, used: 0 };
      brief.set(operation, own);
      const isLong = waitSeconds > 0 && queue.length === 0 && long < count / 2;
      const isBrief = waitSeconds > 0 && !isLong && own.used < own.room;
      if (isLong) long += 1;
      if (isBrief) own.used += 1;
      return {
        waitSeconds: isLong ? waitSeconds : isBrief ? BRIEF_SECONDS : 0,
        release(hasPaid) {
          if (isLong) long -= 1;
          if (isBrief) own.used -= 1;
          if (operation !== void 0 && (isLong || isBrief))
            own.room = hasPaid ? Math.min(count, own.room + 1) : Math.max(Math.min(1, count - 1), own.room >> 1);
          const next = queue.shift();
          if (next === void 0) used -= 1;
          else next();
        }
      };
    }
  };
};

// client/pause.ts
var FIRST_MS = 500;
var LONGEST_MS = 1e4;
var pause = (leastMs, failures, signal) => new Promise((resolve) => {
  const end = () => {
    clearTimeout(timer);
    globalThis.removeEventListener?.("online", end);
    signal.removeEventListener("abort", end);
    resolve();
  };
  const mostMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);
  const timer = setTimeout(end, Math.max(leastMs, mostMs * (1 + Math.random()) / 2));
  globalThis.addEventListener?.("online", end);
  signal.addEventListener("abort", end);
});

// client/follow.ts
var LONGEST_WAIT_SECONDS = 25;
var GRACE_MS = 12e4;
var follow = async (work, seams) => {
  const { exchange, fail, signal, onNamed, onAccepted, onStatus } = seams;
  let correlationId = "body" in work ? void 0 : work.correlationId;
  if (correlationId !== void 0) onNamed(correlationId);
  let isUncertain = false;
  let version = -1;
  let failures = 0;
  let waitSeconds = LONGEST_WAIT_SECONDS;
  let giveUpAt = Infinity;
  for (; ; ) {
    const asking = "body" in work && correlationId === void 0 ? { ...work, path: `/requests/${encodeURIComponent(work.operation)}` } : { path: `/status/${correlationId}`, waitSeconds, headers: { "if-none-match": `"${version}"` } };
    const outcome = await exchange({ ...asking, signal });
    const { lost, status, problem, isEnd, isPrompt, retryAfterMs = 0 } = outcome;
    if (correlationId === void 0) {
      if (lost !== void 0) throw fail(...lost);
      ({ correlationId } = outcome);
      if (correlationId !== void 0) {
        onNamed(correlationId);
        isUncertain = problem !== void 0 && !isEnd;
        if (isUncertain) continue;
      }
    }
    const isTaken = status === void 0 ? isEnd : !isUncertain || !/accepted|expired/.test(status.state);
    if (isTaken) onAccepted();
    if (status !== void 0) {
      if (status.version > version) onStatus(status);
      version = status.version;
      giveUpAt = performance.now() + Date.parse(status.deadline) - Date.parse(status.acceptedAt) + GRACE_MS;
    }
    if (problem !== void 0 && (isEnd || problem["retryable"] !== true)) throw fail(problem);
    if (isEnd) return outcome.reply;
    if (performance.now() > giveUpAt) throw fail("UNREACHABLE");
    if (lost !== void 0) waitSeconds = Math.ceil(waitSeconds / 2);
    else if (problem === void 0) failures = 0;
    if (!isPrompt || problem !== void 0) await pause(retryAfterMs, failures++, signal);
  }
};

// client/submission.ts
var startSubmission = (options) => {
  const { prepare, readReply, readError, signal, timeoutMs, closing, exchange } = options;
  const listeners = /* @__PURE__ */ new Set();
  const timeout = timeoutMs === void 0 ? void 0 : AbortSignal.timeout(timeoutMs);
  const ending = AbortSignal.any([closing, signal, timeout].filter((end) => end !== void 0));
  let correlationId;
  let last;
  let onAccepted;
  let onEnd;
  const fail = (why, details) => options.fail(why, { correlationId, ...details });
  const run = async () => {
    const work = await prepare(fail);
    const following = follow(work, {
      exchange,
      fail,
      signal: ending,
      onNamed: (id) => correlationId = id,
      onAccepted: () => onAccepted(),
      onStatus: (status) => {
        last = status;
        for (const listener of listeners) listener(status);
      }
    });
    const reply2 = await following.catch(async (error) => {
      throw await readError(error);
    });
    return readReply(reply2, fail);
  };
  const ended = new Promise((_, reject) => {
    onEnd = () => {
      const why = closing.aborted ? "CLOSED" : signal?.aborted ? "ABORTED" : "TIMEOUT";
      reject(fail(why, { cause: ending.reason }));
    };
    ending.addEventListener("abort", onEnd);
    if (ending.aborted) onEnd();
  });
  const reply = Promise.race([ended, run()]).finally(() => ending.removeEventListener("abort", onEnd));
  const accepted = Promise.race([new Promise((resolve) => onAccepted = resolve), reply]).then(() => correlationId);
  accepted.catch(() => {
  });
  const onChange = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    async *[Symbol.asyncIterator]() {
      const heard = last === void 0 ? [] : [last];
      let hear = () => {
      };
      const stop = onChange((status) => {
        heard.push(status);
        hear();
      });
      const over = reply.then(() => true);
      over.catch(() => {
      });
      try {
        for (; ; ) {
          const status = heard.shift();
          if (status !== void 0) {
            yield status;
            if (!/accepted|processing/.test(status.state)) return;
          } else if (await Promise.race([over, new Promise((resolve) => hear = resolve)])) return;
        }
      } finally {
        stop();
      }
    },
    get correlationId() {
      return correlationId;
    },
    accepted,
    reply,
    async status() {
      const { status, problem } = await exchange({ path: `/status/${correlationId ?? await accepted}`, waitSeconds: 0, signal: closing });
      if (status !== void 0) return status;
      throw fail(problem ?? "UNREACHABLE");
    },
    onChange
  };
};

// client/client.ts
var createClient = ({
  url = "",
  contract,
  fetch = globalThis.fetch,
  maxConnections = 6
} = {}) => {
  const exchange = createExchange({ url: url.replace(/\/$/, ""), fetch: (...args) => fetch(...args), slots: createSlots(maxConnections) });
  const closing = new AbortController();
  const start = (operation, { signal, timeoutMs, headers }, prepare) => startSubmission({
    prepare,
    async readReply(reply, fail) {
      const schema = operation === void 0 ? void 0 : contract?.[operation]?.reply;
      return schema === void 0 ? reply : await check(schema, reply, "INVALID_REPLY", fail);
    },
    readError: (error) => readDefined(error, operation === void 0 ? void 0 : contract?.[operation]),
    signal,
    timeoutMs,
    closing: closing.signal,
    exchange: (asking) => exchange({ ...asking, headers: { ...headers, ...asking.headers } }),
    fail: createFail()
  });
  const send = (operation, request, options, waitSeconds) => start(operation, options, async (fail) => {
    if (contract !== void 0) {
      if (!Object.hasOwn(contract, operation))
        throw fail("UNKNOWN_OPERATION", { detail: `expected ${Object.keys(contract).join(", ")}` });
      await check(contract[operation].request, request, "INVALID_REQUEST", fail);
    }
    return { operation, body: JSON.stringify(request), waitSeconds };
  });
  return {
    request: (operation, request, options = {}) => send(operation, request, options, postWaitSeconds(options)).reply,
    submit: (operation, request, options = {}) => send(operation, request, options, 0),
    resume: (correlationId, options = {}) => start(options.operation, options, async () => ({ correlationId })),
    isDefined,
    close: () => closing.abort()
  };
};
var postWaitSeconds = ({ timeoutMs = 1e4 }) => Math.min(5, Math.floor(timeoutMs / 2e3));
var check = async (schema, value, why, fail) => {
  const result = await schema["~standard"].validate(value);
  if (result.issues === void 0) return result.value;
  throw fail(why, { issues: result.issues, detail: result.issues.map(textOf).join("; ") });
};
var readDefined = async (error, operation) => {
  const { problem, code } = error;
  if (problem === void 0) return error;
  const define = (data) => Object.assign(error, { isDefined: true, data });
  if (operation === void 0) return define(problem["data"]);
  const { errors = {} } = operation;
  if (!Object.hasOwn(errors, code)) return error;
  const result = await errors[code]?.data?.["~standard"].validate(problem["data"]);
  return result?.issues === void 0 ? define(result?.value) : error;
};
var textOf = ({ path = [], message }) => [...path.map((step) => step.key ?? step), message].map(String).join(": ");
export {
  ClientError,
  createClient,
  isDefined
};
