/** Google's libraries on our HTTP client: one request per call, our deadline, and no retry nobody sees. */
import type { gaxios } from 'google-auth-library';
import { PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpClient, HttpRequest } from '../../../lib/http.ts';
import { auth } from '../libraries.ts';

type Adapter = NonNullable<gaxios.GaxiosOptions['adapter']>;

/** Left alone, they send a refused request up to four times, each one billed (docs/platforms/youtube.md#behaviour-of-google-auth-library, docs/platforms/youtube.md#client-libraries). */
export const NO_RETRY = { retry: false, retryConfig: { retry: 0, noResponseRetries: 0 } } as const;

/** Any status is an answer; only silence throws. */
export function adapterOn(http: HttpClient, timeoutMs?: number): Adapter {
  return async (options) => {
    const answer = await http(String(options.url), {
      method: (options.method ?? 'GET') as NonNullable<HttpRequest['method']>,
      headers: headersOf(options.headers),
      ...bodyOf(options.body),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const body = [204, 205, 304].includes(answer.status) ? null : answer.text;
    const response = new Response(body, { status: answer.status });
    return Object.assign(response, { config: options, data: answer.json() ?? answer.text }) as never;
  };
}

/** A form stays one: its type is not among the library's headers. */
function bodyOf(body: unknown): Pick<HttpRequest, 'body'> {
  if (body === undefined || body === null) return {};
  return { body: body instanceof URLSearchParams ? body : String(body) };
}

/** Compressed answers are not ours to ask for: the HTTP client hands bodies on as they come. */
function headersOf(headers: Headers): Record<string, string> {
  const { 'accept-encoding': _, ...rest } = Object.fromEntries(headers);
  return rest;
}

/** For the OAuth client, which asks for retries on every call of its own. */
export function plainTransport(http: HttpClient): gaxios.Gaxios {
  const adapter = adapterOn(http);
  class PlainTransport extends auth().gaxios.Gaxios {
    override request<T>(options: gaxios.GaxiosOptions = {}): gaxios.GaxiosPromise<T> {
      return super.request<T>({ ...options, ...NO_RETRY, adapter });
    }
  }
  return new PlainTransport();
}

/** What a library's error stands for: Google's answer, or the silence our client reported. @throws anything else */
export function refusalIn(error: unknown): { status: number; word: string } {
  if (!(error instanceof auth().gaxios.GaxiosError)) throw error;
  if (error.response !== undefined) return { status: error.response.status, word: error.message };
  throw error.cause instanceof PlatformUnreachable ? error.cause : error;
}
