/** The three things that may go wrong outside our code; any other error is our own bug. */

/** The platform answered, and the answer is no. */
export class PlatformRefused extends Error {
  override readonly name = 'PlatformRefused';
  /** HTTP status of the answer, when it came by HTTP. */
  readonly status: number | undefined;
  /** The platform's own code for the refusal, as it sent it. */
  readonly code: string | undefined;

  constructor(message: string, details: { status?: number; code?: string; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
  }
}

/** No answer: connection refused or lost, timeout, 5xx, too many requests. Worth another try later. */
export class PlatformUnreachable extends Error {
  override readonly name = 'PlatformUnreachable';
  /** When the platform asked to be left alone until, if it said so. */
  readonly retryAt: Date | undefined;
  /** Whether the request may have reached the platform before the answer was lost. */
  readonly isSent: boolean;

  constructor(message: string, details: { retryAt?: Date; isSent?: boolean; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.retryAt = details.retryAt;
    this.isSent = details.isSent ?? false;
  }
}

/** What a refused caller reads besides the code: `details` inside the envelope, `extras` as top-level keys. */
export interface BadInputContext {
  readonly details?: Readonly<Record<string, unknown>>;
  readonly extras?: Readonly<Record<string, unknown>>;
  /** Another code of the catalogue whose hint helps here. */
  readonly hintOf?: string;
}

/** The caller's fault: what they sent cannot be worked with. `code` is an entry of the error catalogue. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly extras: Readonly<Record<string, unknown>> | undefined;
  readonly hintOf: string | undefined;

  /** @param message what is wrong and how to mend it; empty takes the catalogue's sentence */
  constructor(code: string, message = '', context: BadInputContext = {}) {
    super(message);
    this.code = code;
    this.details = context.details;
    this.extras = context.extras;
    this.hintOf = context.hintOf;
  }
}
