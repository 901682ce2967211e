/** The small HTTP server a worker answers operators with, on this machine only (workers, CHATBOT_HEALTH_PORT). */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Readiness } from './readiness.ts';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws when the port is taken */
export async function startHealthServer(port: number, look: () => Readiness, metrics: Registry): Promise<HealthServer> {
  const answers: Readonly<Record<string, () => Promise<Answer>>> = {
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': async () => {
      const { ready, ...details } = look();
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not_ready', ...details });
    },
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.metrics() }),
  };
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const known = isRead ? answers[path] : undefined;
    const { status, type, body } = known
      ? await known().catch(() => json(500, { status: 'error' }))
      : json(404, { error: `Not found. Use one of ${Object.keys(answers).join(', ')}.` });
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await listenOn(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function json(status: number, content: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(content)}\n` };
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
