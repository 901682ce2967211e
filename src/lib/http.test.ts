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
  expect(error).toMatchObject({ isSent: true, message: `${new URL(url).host} did not answer in time` });
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

const MEBIBYTE = 1024 * 1024;

test.each([
  ['tells how large it is', { 'content-length': 300 * MEBIBYTE }],
  ['does not tell', {}],
])('an answer of 300 MB that %s is read no further than 4 MB, and its connection is let go', async (_, headers) => {
  let sentBytes = 0;
  const closed = Promise.withResolvers<void>();
  const url = await serverThat((_request, response) => {
    const part = Buffer.alloc(MEBIBYTE, 'x');
    response.writeHead(200, headers);
    response.on('close', () => closed.resolve());
    const sendOn = () => {
      while (sentBytes < 300 * MEBIBYTE && !response.destroyed) {
        sentBytes += part.length;
        if (!response.write(part)) return void response.once('drain', sendOn);
      }
      response.end();
    };
    sendOn();
  });
  const error = await createHttpClient(60_000)(url).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PlatformUnreachable);
  expect(error).toMatchObject({ isSent: true, message: expect.stringContaining('is larger than 4194304 bytes') });
  await closed.promise;
  // What lay in the buffers of both sockets had left already.
  expect(sentBytes).toBeLessThan(32 * MEBIBYTE);
});

test('an answer of 4 MB arrives whole, characters that fell between two parts included', async () => {
  const text = `${'x'.repeat(4 * MEBIBYTE - 3)}\u20ac`;
  const url = await serverThat((_, response) => {
    const bytes = Buffer.from(text);
    response.writeHead(200).write(bytes.subarray(0, -1));
    response.end(bytes.subarray(-1));
  });
  expect((await createHttpClient(60_000)(url)).text).toBe(text);
});
