/** A way to the database whose answers a test can hold back: what was read there may be old when it arrives. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SlowLine {
  /** The same database, over this line. */
  readonly url: string;
  /** Questions that went out since answers are held. */
  readonly asked: number;
  hold(): void;
  flow(): void;
}

export async function slowLine(databaseUrl: string): Promise<SlowLine> {
  const far = new URL(databaseUrl);
  let held: (() => void)[] | null = null;
  let asked = 0;
  const server = createServer((near) => {
    const onward = connect(Number(far.port || 5432), far.hostname);
    for (const socket of [near, onward]) socket.on('error', () => {});
    near.on('close', () => onward.destroy());
    onward.on('close', () => near.destroy());
    near.on('data', (bytes) => onward.write(bytes));
    onward.on('data', (bytes) => {
      if (held === null) return void near.write(bytes);
      asked += 1;
      held.push(() => near.write(bytes));
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
    get asked() {
      return asked;
    },
    hold() {
      held = [];
      asked = 0;
    },
    flow() {
      for (const pass of held ?? []) pass();
      held = null;
    },
  };
}
