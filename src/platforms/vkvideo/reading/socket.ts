/** The WebSocket the pub/sub library is given: no compression, bounded frames, and whoever wants to know of each frame. */
import WebSocket, { type RawData } from 'ws';

export interface SocketWatcher {
  /** Any frame at all: the server lives. */
  frame(data: RawData): void;
  opened(): void;
  closed(code: number, reason: string): void;
  failed(error: Error): void;
}

/** Far above any frame VK sends; a larger one ends the connection instead of filling the memory. */
const LARGEST_FRAME_BYTES = 1024 * 1024;
const OPTIONS = {
  // Negotiated, it would cost four times the memory (docs/platforms/vkvideo.md#the-npm-package-centrifuge).
  perMessageDeflate: false,
  maxPayload: LARGEST_FRAME_BYTES,
  handshakeTimeout: 10_000,
  closeTimeout: 1_000,
};

/** @returns a class as the library wants one, how to end its sockets without a goodbye, and how to say more on them */
export function watchedSocket(watcher: SocketWatcher) {
  const open = new Set<WebSocket>();
  const Socket = class extends WebSocket {
    constructor(url: string) {
      super(url, [], OPTIONS);
      open.add(this);
      this.on('open', () => watcher.opened());
      this.on('message', (data: RawData) => watcher.frame(data));
      this.on('error', (error) => watcher.failed(error));
      this.on('close', (code, reason) => {
        open.delete(this);
        watcher.closed(code, reason.toString().slice(0, 100));
      });
    }
  };
  return {
    Socket,
    terminate: () => {
      for (const socket of open) socket.terminate();
    },
    send: (text: string) => {
      for (const socket of open) if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
  };
}
