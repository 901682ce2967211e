/** Stands between one process and PostgreSQL and counts the statements that pass, nobody else's. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface StatementCounter extends AsyncDisposable {
  /** The database as seen through the counter. */
  readonly databaseUrl: string;
  /** Executed so far. */
  readonly statements: number;
}

const SIMPLE_QUERY = 'Q'.charCodeAt(0);
const EXECUTE = 'E'.charCodeAt(0);
const LENGTH_BYTES = 4;

export async function startStatementCounter(databaseUrl: string): Promise<StatementCounter> {
  const behind = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let statements = 0;
  const server = createServer((client) => {
    const database = connect(Number(behind.port), behind.hostname);
    const count = frontendMessages((type) => {
      if (type === SIMPLE_QUERY || type === EXECUTE) statements += 1;
    });
    client.on('data', count);
    client.pipe(database).pipe(client);
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const inFront = new URL(databaseUrl);
  inFront.port = String((server.address() as AddressInfo).port);
  return {
    databaseUrl: inFront.href,
    get statements() {
      return statements;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Cuts a client's bytes into messages: a type and a length, the first message without a type. */
function frontendMessages(each: (type: number) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let typeBytes = 0;
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= typeBytes + LENGTH_BYTES) {
      const whole = typeBytes + rest.readUInt32BE(typeBytes);
      if (rest.length < whole) return;
      if (typeBytes > 0) each(rest.readUInt8(0));
      typeBytes = 1;
      rest = rest.subarray(whole);
    }
  };
}
