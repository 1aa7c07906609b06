/** One event for one endpoint. */
export type WebhookEvent = {
  /** The header `webhook-id`: the same over all attempts, without dots. */
  readonly id: string;
  readonly type: "request.succeeded" | "request.failed" | "request.expired" | "request.cancelled";
  /** ISO 8601: when the request ended. */
  readonly timestamp: string;
  readonly data: {
    readonly correlationId: string;
    readonly operation: string;
    /** The absolute URL of the status, where the receiver reads the reply. */
    readonly status: string;
  };
};

/** What became of one attempt. */
export type AttemptResult =
  | { readonly outcome: "delivered"; readonly status: number }
  /** `retryAfterMs`: the receiver asks not to be called before; bounded. */
  | { readonly outcome: "failed"; readonly reason: string; readonly status?: number; readonly retryAfterMs?: number }
  /** The receiver wants no more webhooks at this URL. */
  | { readonly outcome: "gone"; readonly status: 410 }
  /** Nothing was sent: the URL, or the address that its name has now, is one that webhooks never go to. */
  | { readonly outcome: "refused"; readonly reason: string };

/** Makes one attempt to deliver an event. Never rejects. @param attemptAtMs the time of this attempt, which is signed */
export type SendWebhook = (url: string, event: WebhookEvent, attemptAtMs: number) => Promise<AttemptResult>;
