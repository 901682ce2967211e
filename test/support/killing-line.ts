/** Ways to servers on which a test counts every packet, and ends whoever sends or awaits the n-th before it arrives. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface KillingLines {
  /** The server that each packet since it was armed came from or went to, as host and port; both ways, on all lines. */
  readonly servers: readonly string[];
  /** The same address, over a line of its own. */
  through(url: string): Promise<string>;
  /** The n-th packet from now on, and none after it, reaches nobody; `kill` is called in its place. */
  arm(n: number, kill: () => void): void;
  /** Ends every connection on the lines: what the servers see of a process that is killed. */
  cut(): void;
}

export function killingLines(): KillingLines {
  let servers: string[] = [];
  let last = Number.POSITIVE_INFINITY;
  let end = () => {};
  const open = new Set<Socket>();
  const passes = (server: string) => {
    servers.push(server);
    if (servers.length === last) end();
    return servers.length < last;
  };
  return {
    get servers() {
      return servers;
    },
    arm(n, kill) {
      servers = [];
      last = n;
      end = kill;
    },
    cut() {
      for (const socket of open) socket.destroy();
    },
    async through(address) {
      const url = new URL(address);
      const port = Number(url.port);
      const server = createServer((near) => {
        const onward = connect(port, url.hostname);
        for (const socket of [near, onward]) {
          open.add(socket.setNoDelay().on('error', () => {}));
          socket.on('close', () => open.delete(socket));
        }
        near.on('close', () => onward.destroy()).on('data', (bytes) => void (passes(url.host) && onward.write(bytes)));
        onward.on('close', () => near.destroy()).on('data', (bytes) => void (passes(url.host) && near.write(bytes)));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const line = new URL(address);
      line.hostname = '127.0.0.1';
      line.port = String((server.address() as AddressInfo).port);
      // As it was written: an address without a path gets none.
      return address.endsWith('/') ? line.href : line.href.replace(/\/$/, '');
    },
  };
}
