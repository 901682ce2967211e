/** A way to the database that is encrypted, and on which a test can spoil the handshake. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface TlsLine {
  /** The same database, over this line. */
  readonly url: string;
  /** Ends every connection, and every handshake from now on in the middle. */
  spoil(): void;
  mend(): void;
}

export async function tlsLine(databaseUrl: string): Promise<TlsLine> {
  const far = new URL(databaseUrl);
  const open = new Set<Socket>();
  let isSpoiled = false;
  const keep = (socket: Socket) => open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)));
  const server = createServer((near) => {
    keep(near);
    // The question whether there is encryption comes first, and alone.
    near.once('data', () => {
      near.write('S');
      if (isSpoiled) return void near.end('this is no TLS');
      const plain = new TLSSocket(near, { isServer: true, key: KEY, cert: CERTIFICATE });
      const onward = connect(Number(far.port || 5432), far.hostname);
      keep(onward);
      plain.on('error', () => {});
      plain.on('close', () => onward.destroy());
      onward.on('close', () => plain.destroy());
      plain.pipe(onward).pipe(plain);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = () => {
    for (const socket of open) socket.destroy();
  };
  onTestFinished(() => {
    end();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  // Encrypted, and nobody asks who signed the certificate.
  url.search = '?uselibpqcompat=true&sslmode=require';
  return {
    url: url.href,
    spoil() {
      isSpoiled = true;
      end();
    },
    mend() {
      isSpoiled = false;
    },
  };
}

/** For this line alone: it protects nothing. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEwItJeR/AMpBr6+5
hGMuaVm4xdzbSE7wxSuRfLxXPH6hRANCAATVzeu19uC9eVEdnKFmdhmFjymDUFTF
JCC1Vfek282MYZ2vHaTpDgKeIUtHz7uOHakLDobSRShQ88PSVZGKgN0X
-----END PRIVATE KEY-----`;

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUV2GXQcEJAEwGYwmb6nZZYuLiC5MwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDExMTg0OFoYDzIxMjYxMTA2
MTExODQ4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATVzeu19uC9eVEdnKFmdhmFjymDUFTFJCC1Vfek282MYZ2vHaTpDgKe
IUtHz7uOHakLDobSRShQ88PSVZGKgN0Xo1MwUTAdBgNVHQ4EFgQUK/eqeDs3OaBs
GjFs0RoMHla+lrYwHwYDVR0jBBgwFoAUK/eqeDs3OaBsGjFs0RoMHla+lrYwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAqsaumU3U0ipTv2jJJX+Y
STNKaAM8ufqz3Y3eLFanCWYCIANuWmjQ5drAhPiadRMUr75HrEIi9P7PPs/3+Y1c
QfBM
-----END CERTIFICATE-----`;
