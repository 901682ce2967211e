/** A way to the database as if it stood far away: every byte arrives late, in order, both ways. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

interface FarLine extends AsyncDisposable {
  /** The same database, over this line. */
  readonly url: string;
}

/** @param eachWayMs delay in each direction: a round trip takes twice as much longer */
export async function startFarLine(databaseUrl: string, eachWayMs: number): Promise<FarLine> {
  const far = new URL(databaseUrl);
  const open = new Set<Socket>();
  const carry = (from: Socket, to: Socket) => {
    open.add(from);
    from.on('error', () => {});
    from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), eachWayMs));
    from.on('close', () => {
      open.delete(from);
      setTimeout(() => to.destroy(), eachWayMs);
    });
  };
  const server = createServer({ noDelay: true }, (near) => {
    const onward = connect({ port: Number(far.port || 5432), host: far.hostname, noDelay: true });
    carry(near, onward);
    carry(onward, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
