/** An API instance as the relay sees it: a real HTTP server that answers as the test says and remembers what it was sent. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface CreditsRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The port the caller spoke from: equal for requests on one connection. */
  readonly callerPort: number;
}

export interface ScriptedCreditsApi {
  readonly baseUrl: string;
  readonly requests: CreditsRequest[];
  /** Names in order of arrival, over all requests that were answered with 200. */
  readonly names: string[];
  /** Status of an answer; may wait. 200 unless told otherwise. */
  answer: (body: unknown) => number | Promise<number>;
  /** Resolves once so many requests have been answered. */
  answered(count: number): Promise<void>;
}

export async function scriptedCreditsApi(): Promise<ScriptedCreditsApi> {
  let answers = 0;
  let waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { url: path = '', headers, socket } = request;
      api.requests.push({ path, headers, body, callerPort: socket.remotePort ?? 0 });
      const parsed: unknown = JSON.parse(body);
      const status = await api.answer(parsed);
      if (status === 200) {
        for (const { displayName } of (Array.isArray(parsed) ? parsed : [parsed]) as { displayName: string }[]) {
          api.names.push(displayName);
        }
      }
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{"ok":true}', () => {
        answers += 1;
        for (const { count, resolve } of waiting) if (answers >= count) resolve();
        waiting = waiting.filter(({ count }) => answers < count);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const api: ScriptedCreditsApi = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    names: [],
    answer: () => 200,
    answered: (count) =>
      answers >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
  };
  return api;
}
