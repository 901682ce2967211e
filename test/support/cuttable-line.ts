/** A way to the database that a test can cut and mend: what a restart of the server looks like from here. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface CuttableLine {
  /** The same database, over this line. */
  readonly url: string;
  /** Connections turned away since it was cut. */
  readonly refused: number;
  /** Ends every connection and lets none through. */
  cut(): void;
  mend(): void;
}

export async function cuttableLine(databaseUrl: string): Promise<CuttableLine> {
  const far = new URL(databaseUrl);
  const open = new Set<Socket>();
  let isCut = false;
  let refused = 0;
  const keep = (socket: Socket, other: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      other.destroy();
    });
    socket.pipe(other);
  };
  const server = createServer((near) => {
    if (isCut) {
      refused += 1;
      near.destroy();
      return;
    }
    const onward = connect(Number(far.port || 5432), far.hostname);
    keep(near, onward);
    keep(onward, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    isCut = true;
    for (const socket of open) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    get refused() {
      return refused;
    },
    cut,
    mend() {
      isCut = false;
      refused = 0;
    },
  };
}
