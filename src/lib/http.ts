/** Outbound HTTP, bounded in time and size: every call ends with an answer or with `PlatformUnreachable`. */
import { type Dispatcher, request as send } from 'undici';
import { PlatformUnreachable } from './errors.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
  /** Overrides the client's deadline. */
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Of a header that came once; null when it did not. @param name lower-case */
  header(name: string): string | null;
  readonly text: string;
  /** The body as JSON, or null when it is not JSON. Callers parse it with a schema at once. */
  json(): unknown;
}

export type HttpClient = (url: string, request?: HttpRequest) => Promise<HttpAnswer>;

/** No platform sends more; whoever does is read no further. */
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * @param timeoutMs deadline of a whole call, body included
 * @returns a client that throws only `PlatformUnreachable`, with `isSent` true when the request may have arrived
 */
export function createHttpClient(timeoutMs: number): HttpClient {
  return async (url, request = {}) => {
    try {
      const { statusCode, headers, body } = await send(url, {
        method: request.method ?? 'GET',
        headers: { ...contentType(request.body), ...request.headers },
        ...(request.body === undefined ? {} : { body: String(request.body) }),
        signal: AbortSignal.timeout(request.timeoutMs ?? timeoutMs),
      });
      const text = await readText(body, new URL(url).host);
      return {
        status: statusCode,
        header: (name) => (typeof headers[name] === 'string' ? headers[name] : null),
        text,
        json: () => parseJson(text),
      };
    } catch (error) {
      if (error instanceof PlatformUnreachable) throw error;
      throw new PlatformUnreachable(describe(error, new URL(url).host), { isSent: mayHaveArrived(error) });
    }
  };
}

/** Leaving the loop lets go of the connection and of everything that is still to come. */
async function readText(body: Dispatcher.ResponseData['body'], host: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) {
      throw new PlatformUnreachable(`The answer of ${host} is larger than ${LARGEST_ANSWER_BYTES} bytes`, {
        isSent: true,
      });
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks, bytes));
}

function contentType(body: HttpRequest['body']): Record<string, string> {
  return body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' } : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function describe(error: unknown, host: string): string {
  const cause = codeOf(error);
  return cause === 'TimeoutError' ? `${host} did not answer in time` : `${host} could not be reached (${cause})`;
}

/** Refused, unresolved and unroutable connections never carried the request; anything else may have. */
function mayHaveArrived(error: unknown): boolean {
  const neverConnected = [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
  ];
  return !neverConnected.includes(codeOf(error));
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // The runtime's own abort carries a number under `code`.
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
