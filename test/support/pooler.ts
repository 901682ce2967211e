/**
 * A pooler as PgBouncer is one. In transaction mode a connection has a backend for the length of a transaction, the one
 * that was used last comes first, notifications for a connection without a backend are lost, and a start-up parameter it
 * does not know is refused.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Pooler {
  /** The same database, through the pooler. */
  readonly url: string;
  /** Clients that have come. */
  readonly connections: number;
  /** Clients that are there. */
  readonly open: number;
}

const READY = 'Z'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);
const SSL_REQUEST = 80_877_103;
const KNOWN = ['user', 'database', 'client_encoding', 'application_name', 'datestyle', 'timezone'];

interface Backend {
  readonly socket: Socket;
  /** Whoever has it now. */
  client: Socket | null;
}

/** Only for servers that ask for no password. @param mode in session mode a connection keeps its backend */
export async function pooler(databaseUrl: string, mode: 'session' | 'transaction'): Promise<Pooler> {
  const far = new URL(databaseUrl);
  const idle: Backend[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  let here = 0;
  /** Every client is greeted as the first was; it has no backend of its own by that. */
  let greeting: Promise<Buffer> | null = null;

  const keep = (socket: Socket) => open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)));

  /** Logs in as this client does, and keeps the greeting for it. */
  async function newBackend(startup: Buffer): Promise<{ backend: Backend; greeting: Buffer }> {
    const socket = connect(Number(far.port || 5432), far.hostname);
    keep(socket);
    socket.write(startup);
    const greeted = Promise.withResolvers<Buffer>();
    const backend: Backend = { socket, client: null };
    const greeting: Buffer[] = [];
    let isGreeted = false;
    splitMessages(socket, (message) => {
      if (!isGreeted) {
        greeting.push(message);
        if (message[0] !== READY) return;
        isGreeted = true;
        greeted.resolve(Buffer.concat(greeting));
        return;
      }
      const { client } = backend;
      if (client === null) return; // a notification that nobody gets
      client.write(message);
      if (mode === 'session' || message[0] !== READY || message[5] !== IDLE) return;
      backend.client = null;
      idle.push(backend);
    });
    return { backend, greeting: await greeted.promise };
  }

  const server = createServer((client) => {
    keep(client);
    connections += 1;
    here += 1;
    client.on('close', () => {
      here -= 1;
    });
    let backend: Backend | null = null;
    let startup: Buffer | null = null;
    let turn = Promise.resolve();
    client.on('close', () => backend?.client === client && backend.socket.destroy());

    const serve = async (bytes: Buffer) => {
      if (startup === null) {
        if (bytes.readInt32BE(4) === SSL_REQUEST) return void client.write('N');
        const unknown = parametersOf(bytes).find((name) => !KNOWN.includes(name.toLowerCase()));
        if (unknown !== undefined) return void client.end(refusal(`unsupported startup parameter: ${unknown}`));
        startup = bytes;
        greeting ??= newBackend(bytes).then((made) => {
          idle.push(made.backend);
          return withOwnKey(made.greeting);
        });
        return void client.write(await greeting);
      }
      if (backend?.client !== client) {
        backend = idle.pop() ?? (await newBackend(startup)).backend;
        backend.client = client;
      }
      backend.socket.write(bytes);
    };
    client.on('data', (bytes) => {
      turn = turn.then(() => serve(bytes));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    get connections() {
      return connections;
    },
    get open() {
      return here;
    },
  };
}

/** Cuts what a server says where its messages end. */
export function splitMessages(socket: Socket, each: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const end = rest.length < 5 ? Number.POSITIVE_INFINITY : 1 + rest.readInt32BE(1);
      if (rest.length < end) return;
      each(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}

function parametersOf(startup: Buffer): string[] {
  const words = startup.subarray(8).toString().split('\0');
  return words.filter((word, index) => index % 2 === 0 && word !== '');
}

/** A pooler makes up the number that a server's process has. */
function withOwnKey(greeting: Buffer): Buffer {
  const changed = Buffer.from(greeting);
  for (let at = 0; at < changed.length; at += 1 + changed.readInt32BE(at + 1)) {
    if (changed[at] === 'K'.charCodeAt(0)) changed.writeInt32BE(7, at + 5);
  }
  return changed;
}

function refusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
