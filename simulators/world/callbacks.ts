/** Calls of a simulated platform to webhooks: public host names end on ports of this machine, never elsewhere. */
import { request } from 'node:http';

export interface CallbackAnswer {
  status: number;
  body: string;
}

const ANSWER_MAX_BYTES = 65_536;

export class Callbacks {
  readonly #hosts = new Map<string, string>();

  /** @param target e.g. `http://127.0.0.1:3001` */
  map(hostName: string, target: string): void {
    const { hostname } = new URL(target);
    if (hostname !== '127.0.0.1' && hostname !== 'localhost') throw new Error('callbacks stay on this machine');
    this.#hosts.set(hostName, target);
  }

  /** @returns null when nothing answered in time or the host is not mapped */
  post(
    callback: string,
    headers: Record<string, string>,
    body: Buffer,
    deadlineMs = 5000,
  ): Promise<CallbackAnswer | null> {
    const url = new URL(callback);
    const target = this.#hosts.get(url.hostname);
    if (target === undefined) return Promise.resolve(null);
    return new Promise((resolve) => {
      const outgoing = request(new URL(url.pathname + url.search, target), {
        method: 'POST',
        headers: { ...headers, host: url.host, 'content-length': String(body.length) },
        signal: AbortSignal.timeout(deadlineMs),
      });
      outgoing.on('error', () => resolve(null));
      outgoing.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (text.length < ANSWER_MAX_BYTES) text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on('error', () => resolve(null));
      });
      outgoing.end(body);
    });
  }
}
