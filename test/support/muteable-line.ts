/** A way to a web server that a test can cut, or let go mute without ending it: what a lost network looks like from a page. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface MuteableLine {
  /** The same server, over this line. */
  readonly url: string;
  /** Connections that were made, and those turned away. */
  readonly opened: number;
  readonly refused: number;
  /**
   * Connections with an event stream stay open and carry nothing any more. Idle ones end, as the server would end them
   * after a minute; new ones work.
   */
  mute(): void;
  /** Ends every connection and lets none through. */
  cut(): void;
  mend(): void;
  close(): void;
}

export async function muteableLine(url: string): Promise<MuteableLine> {
  const far = new URL(url);
  const open = new Set<Socket>();
  const streaming = new Set<Socket>();
  const muted = new WeakSet<Socket>();
  let [isCut, opened, refused] = [false, 0, 0];
  const carry = (from: Socket, to: Socket) => {
    open.add(from);
    from.on('error', () => {});
    from.on('data', (bytes) => {
      if (!muted.has(from)) to.write(bytes);
    });
    from.on('close', () => {
      open.delete(from);
      streaming.delete(from);
      to.destroy();
    });
  };
  const server = createServer((near) => {
    if (isCut) {
      refused += 1;
      near.destroy();
      return;
    }
    opened += 1;
    const onward = connect(Number(far.port), far.hostname);
    near.on('data', (bytes) => {
      const isStream = /^GET \S+\/events /.test(bytes.toString('latin1', 0, 2048));
      for (const socket of [near, onward]) streaming[isStream ? 'add' : 'delete'](socket);
    });
    carry(near, onward);
    carry(onward, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    isCut = true;
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get opened() {
      return opened;
    },
    get refused() {
      return refused;
    },
    mute() {
      for (const socket of open) {
        if (streaming.has(socket)) muted.add(socket);
        else socket.destroy();
      }
    },
    cut,
    mend() {
      isCut = false;
    },
    close() {
      cut();
      server.close();
    },
  };
}
