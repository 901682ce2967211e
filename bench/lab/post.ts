/** One request with a body, whatever comes of it: what refuses may end the connection before the body has left. */
import { type Agent, type OutgoingHttpHeaders, request } from 'node:http';

/** @returns the status, or 0 when the connection ended without one */
export function post(
  agent: Agent,
  url: string,
  body: string,
  headers: OutgoingHttpHeaders,
  method = 'POST',
): Promise<number> {
  const described = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const sent = request(url, { agent, method, headers: { ...described, ...headers } }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', () => resolve(0));
    sent.end(body);
  });
}
