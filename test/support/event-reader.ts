/** An open stream of server-sent events, as a page of a test reads it. */
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';

export interface EventReader {
  readonly response: IncomingMessage;
  /** What arrived so far, oldest first. */
  readonly events: [name: string, data: unknown][];
  readonly ended: Promise<unknown>;
  close(): void;
}

export async function openEvents(
  port: number,
  path: string,
  person: { readonly token: string } | null = null,
): Promise<EventReader> {
  const headers = person === null ? {} : { cookie: `token=${person.token}` };
  const request = httpGet({ host: '127.0.0.1', port, path, headers });
  onTestFinished(() => void request.destroy());
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  const ended = new Promise((resolve) => response.on('close', resolve));
  const reader: EventReader = { response, events: [], ended, close: () => void request.destroy() };
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, name = '', json = ''] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? [];
      if (name !== '') reader.events.push([name, JSON.parse(json)]);
    }
  });
  return reader;
}
