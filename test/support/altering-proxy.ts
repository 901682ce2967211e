/** A reverse proxy that reads bodies and writes them anew, as some do: what was signed is not what arrives. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** @param target of everything that comes. @returns the address of the proxy */
export async function alteringProxy(target: string, onEnd: (end: () => Promise<void>) => void): Promise<string> {
  const server = createServer(async (incoming, response) => {
    const body = JSON.stringify(JSON.parse(await text(incoming)), null, 2);
    const headers = { ...incoming.headers, 'content-length': String(Buffer.byteLength(body)) };
    const onward = request(new URL(incoming.url ?? '/', target), { method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
