/** The scripts' way into a simulator: `POST /_control/<name>` with JSON, and a stream of accepted messages. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import { write } from './host.ts';
import type { AcceptedMessage, MessageLog } from './messages.ts';

const PREFIX = '/_control/';
const STREAM_FLUSH_MS = 2;

export type ControlActions = Record<string, (input: unknown) => unknown>;

/** An action whose input is checked before it runs. */
export function action<T>(schema: z.ZodType<T>, run: (input: T) => unknown): (input: unknown) => unknown {
  return (input) => run(schema.parse(input));
}

/** @returns an interceptor for `Host`: true when the request was for the control interface */
export function controlInterface(actions: ControlActions, log: MessageLog) {
  return (request: IncomingMessage, response: ServerResponse, path: string): boolean => {
    if (!path.startsWith(PREFIX)) return false;
    const name = path.slice(PREFIX.length);
    if (name === 'messages' && request.method === 'GET') streamMessages(response, log);
    else void runAction(actions, name, request, response);
    return true;
  };
}

async function runAction(
  actions: ControlActions,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const run = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!run)
    return write(response, { status: 404, body: { error: `no action ${name}`, actions: Object.keys(actions) } });
  try {
    const body = await text(request);
    write(response, { status: 200, body: (await run(body === '' ? {} : JSON.parse(body))) ?? {} });
  } catch (error) {
    write(response, { status: 400, body: { error: error instanceof Error ? error.message : String(error) } });
  }
}

/** Server-sent events, several a write: thousands of messages a second must not cost a system call each. */
function streamMessages(response: ServerResponse, log: MessageLog): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': open\n\n');
  let pending = '';
  let timer: NodeJS.Timeout | null = null;
  const stop = log.listen((message: AcceptedMessage) => {
    pending += `id: ${message.id}\ndata: ${JSON.stringify(message)}\n\n`;
    timer ??= setTimeout(() => {
      timer = null;
      response.write(pending);
      pending = '';
    }, STREAM_FLUSH_MS);
  });
  response.on('close', () => {
    stop();
    if (timer) clearTimeout(timer);
  });
}
