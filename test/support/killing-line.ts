/** Ways to servers on which a test counts every packet, and ends whoever sends or awaits the n-th before it arrives. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface KillingLines {
  /** Packets since it was armed, both ways, on all lines. */
  readonly packets: number;
  /** The same address, over a line of its own. */
  through(url: string): Promise<string>;
  /** The n-th packet from now on, and none after it, reaches nobody; `kill` is called in its place. */
  arm(n: number, kill: () => void): void;
  /** Ends every connection on the lines: what the servers see of a process that is killed. */
  cut(): void;
}

export function killingLines(): KillingLines {
  let packets = 0;
  let last = Number.POSITIVE_INFINITY;
  let end = () => {};
  const open = new Set<Socket>();
  const passes = () => {
    packets += 1;
    if (packets === last) end();
    return packets < last;
  };
  return {
    get packets() {
      return packets;
    },
    arm(n, kill) {
      packets = 0;
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
        near.on('close', () => onward.destroy()).on('data', (bytes) => void (passes() && onward.write(bytes)));
        onward.on('close', () => near.destroy()).on('data', (bytes) => void (passes() && near.write(bytes)));
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
