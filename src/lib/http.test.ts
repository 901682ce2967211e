import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { PlatformUnreachable } from './errors.ts';
import { freePort } from './free-port.ts';
import { createHttpClient } from './http.ts';

async function serverThat(answers: RequestListener): Promise<string> {
  const server = createServer(answers).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each<[string, RequestListener]>([
  ['says nothing', () => {}],
  ['begins an answer and never ends it', (_, response) => void response.writeHead(200).write('{')],
])('a server that %s is unreachable once the deadline is over, and may have got the request', async (_, answers) => {
  const url = await serverThat(answers);
  const call = createHttpClient(200)(`${url}/secret-path?token=abc`);
  const error = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PlatformUnreachable);
  expect(error).toMatchObject({ isSent: true, message: `no answer from ${new URL(url).host} in time` });
});

test('a call may have a deadline of its own', async () => {
  const url = await serverThat(() => {});
  await expect(createHttpClient(60_000)(url, { timeoutMs: 100 })).rejects.toBeInstanceOf(PlatformUnreachable);
});

test('a server nobody listens at never got the request', async () => {
  await expect(createHttpClient(5000)(`http://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({ isSent: false });
});

test('a redirect is an answer: credentials go to no other address', async () => {
  const url = await serverThat((_, response) => void response.writeHead(302, { location: '/elsewhere' }).end());
  const { status } = await createHttpClient(5000)(url, { headers: { authorization: 'Bearer x' } });
  expect(status).toBe(302);
});
