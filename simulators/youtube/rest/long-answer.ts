/** `liveChat/messages/stream`: one JSON array, written piece by piece for as long as the stream lives. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { write } from '../../world/host.ts';
import { admit, credentialsOf } from '../callers.ts';
import type { ChatResponse } from '../reading.ts';
import { Refusal } from '../refusal.ts';
import type { YouTubeState } from '../state.ts';
import type { StreamExit, Streams } from '../streams.ts';
import { listed } from './requests.ts';

export function answerWithStream(
  state: YouTubeState,
  streams: Streams,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): void {
  const { detailsInErrors, wrapsStreamErrors } = state.behaviour;
  try {
    const caller = admit(state, credentialsOf(request.headers, query), 'liveChatMessages.streamList');
    // Server-sent events are refused (docs/platforms/youtube.md#stream-messages).
    if (query.get('alt') === 'sse') throw new Refusal('invalidParameter', 'alt');
    const stream = streams.open(
      caller,
      { chatId: query.get('liveChatId'), pageToken: query.get('pageToken'), parts: new Set(listed(query, 'part')) },
      new LongAnswer(response, detailsInErrors),
    );
    response.on('close', () => stream.left());
    response.on('drain', () => stream.resume());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, body } = error.answer(detailsInErrors);
    write(response, { status, body: wrapsStreamErrors ? [body] : body });
  }
}

class LongAnswer implements StreamExit {
  readonly #response: ServerResponse;
  readonly #detailsInErrors: boolean;
  #isBegun = false;

  constructor(response: ServerResponse, detailsInErrors: boolean) {
    this.#response = response;
    this.#detailsInErrors = detailsInErrors;
  }

  write(element: ChatResponse | { error: unknown }): boolean {
    return this.#write(`${this.#isBegun ? ',\r\n' : '['}${JSON.stringify(element)}`);
  }

  end(): void {
    this.#write(this.#isBegun ? '\n]' : '[]');
    this.#response.end();
  }

  /** The header has gone out with 200: the error is an element like the others (docs/platforms/youtube.md#stream-messages). */
  fail(refusal: Refusal): void {
    this.write(refusal.envelope(this.#detailsInErrors));
    this.end();
  }

  breakOff(): void {
    this.#response.destroy();
  }

  garble(bytes: Buffer): void {
    this.#write(bytes);
  }

  /** In two pieces that respect nothing, not even characters. */
  #write(text: string | Buffer): boolean {
    if (!this.#isBegun) this.#response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' });
    this.#isBegun = true;
    const bytes = Buffer.from(text);
    const middle = bytes.length >> 1;
    this.#response.write(bytes.subarray(0, middle));
    return this.#response.write(bytes.subarray(middle));
  }
}
