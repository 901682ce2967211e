/** Finds a port on 127.0.0.1 for a process that has to come back on the same one. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports systems lend to outgoing connections, so that nobody takes it while its owner is stopped. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}
