/** A way to the database that can swallow its notifications, and nothing else. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { splitMessages } from './pooler.ts';

export interface DeafLine {
  /** The same database, over this line. */
  readonly url: string;
  /** Notifications that nobody got. */
  readonly swallowed: number;
  swallow(): void;
  pass(): void;
}

const NOTIFICATION = 'A'.charCodeAt(0);

export async function deafLine(databaseUrl: string): Promise<DeafLine> {
  const far = new URL(databaseUrl);
  let isDeaf = false;
  let swallowed = 0;
  const server = createServer((near) => {
    const onward = connect(Number(far.port || 5432), far.hostname);
    for (const socket of [near, onward]) socket.on('error', () => {});
    near.on('close', () => onward.destroy());
    onward.on('close', () => near.destroy());
    near.on('data', (bytes) => onward.write(bytes));
    splitMessages(onward, (message) => {
      if (isDeaf && message[0] === NOTIFICATION) swallowed += 1;
      else near.write(message);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    get swallowed() {
      return swallowed;
    },
    swallow() {
      isDeaf = true;
    },
    pass() {
      isDeaf = false;
    },
  };
}
