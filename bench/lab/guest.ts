/** A process of its own: a guest that sends the API large JSON over two connections. `guest.ts URL SECONDS` */
import { Agent } from 'node:http';
import { post } from './post.ts';

const [apiUrl = '', seconds = '0'] = process.argv.slice(2);
const PATHS = ['/auth/logout', '/webhooks/kick/events'];
const SIZES = [1024 * 1024, 127 * 1024];
const BODIES = SIZES.map((bytes) => `[${'1,'.repeat(bytes / 2 - 2)}1]`);

const endMs = performance.now() + Number(seconds) * 1000;
await Promise.all(PATHS.map(keepSending));

async function keepSending(path: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let sent = 0; performance.now() < endMs; sent += 1) {
    await post(agent, apiUrl + path, BODIES[sent % BODIES.length] ?? '', {});
  }
  agent.destroy();
}
