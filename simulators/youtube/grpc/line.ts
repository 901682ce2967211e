/** The wire below gRPC: connections that can be cut, silenced, refused and garbled. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

const LISTEN_ATTEMPTS = 20;
const LISTEN_PAUSE_MS = 50;

/** Hands on what a socket brings and takes until it is muted; then TCP stays up and nothing passes. */
class Line extends Duplex {
  readonly socket: Socket;
  #isMute = false;
  #isDeaf = false;

  constructor(socket: Socket) {
    super({ allowHalfOpen: false });
    this.socket = socket;
    socket.on('data', (chunk) => {
      if (this.#isMute) return;
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', () => {});
    socket.on('close', () => this.destroy());
  }

  /** Nothing is written any more, and nothing read: what comes fills the buffers of the machine. */
  mute(): void {
    this.#isMute = true;
    this.#isDeaf = true;
    this.socket.pause();
  }

  /** As when the host is gone without a FIN: what comes is swallowed. */
  halfOpen(): void {
    this.#isMute = true;
    this.socket.resume();
  }

  override _read(): void {
    if (!this.#isDeaf) this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#isMute || this.socket.destroyed || this.socket.write(chunk)) done();
    else this.socket.once('drain', done);
  }

  override _final(done: () => void): void {
    if (!this.#isMute) this.socket.end();
    done();
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    // Whoever is at the other end of a mute line must not learn that it is dead.
    if (!this.#isMute) this.socket.destroy();
    done();
  }
}

export class Lines {
  port = 0;
  readonly #server: Server;
  readonly #lines = new Set<Line>();
  /** Mute connections outlive what they carried. */
  readonly #sockets = new Set<Socket>();
  /** Connections that are made now are mute from the start. */
  #isAllMute = false;

  constructor(carry: (connection: Duplex) => void) {
    this.#server = createServer((socket) => {
      socket.setNoDelay(true);
      const line = new Line(socket);
      this.#lines.add(line);
      this.#sockets.add(socket);
      line.on('error', () => {});
      line.on('close', () => this.#lines.delete(line));
      socket.on('close', () => this.#sockets.delete(socket));
      carry(line);
      if (this.#isAllMute) line.mute();
    });
  }

  /** @param port the one it listened on before, if absent; waits while another program has it */
  async listen(port = this.port): Promise<void> {
    for (let attempt = 1; !this.#server.listening; attempt += 1) {
      try {
        this.#server.listen(port, '127.0.0.1');
        await once(this.#server, 'listening');
      } catch (error) {
        if (attempt === LISTEN_ATTEMPTS) throw error;
        await setTimeout(LISTEN_PAUSE_MS);
      }
    }
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Nobody can connect until `listen`; open connections are cut. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  /** Ends every connection without a goodbye. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Every connection falls silent and deaf. @param alsoNew those made until `unmuteNew`, too */
  mute(alsoNew: boolean): void {
    this.#isAllMute = alsoNew;
    for (const line of this.#lines) line.mute();
  }

  unmuteNew(): void {
    this.#isAllMute = false;
  }

  halfOpen(): void {
    for (const line of this.#lines) line.halfOpen();
  }

  /** Bytes that are no HTTP/2, on every connection. */
  garble(bytes: Buffer): void {
    for (const { socket } of this.#lines) socket.write(bytes);
  }
}
