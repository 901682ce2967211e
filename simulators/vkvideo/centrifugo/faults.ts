/** What the pub/sub server is told to do wrong. */
import type { Method, ProtocolError } from './protocol.ts';

/** What becomes of a command: null is the usual. */
export type CommandTrouble = { kind: 'ignored' } | { kind: 'refused'; error: ProtocolError } | null;

export class PubsubFaults {
  /** Several replies and pushes of one moment share a frame, as with the real server. */
  isBatching = true;
  /** Connections made until this ends are mute from the start. */
  isAllMute = false;
  hasStoppedPings = false;
  /** The reason of a close is also pushed, as servers do towards one-way clients. */
  pushesDisconnects = false;
  #upgrades = { status: 0, times: 0 };
  #scripted: { method: Method; trouble: CommandTrouble; times: number }[] = [];

  /** The next commands of this kind are never answered. */
  ignore(method: Method, times: number): void {
    this.#scripted.push({ method, trouble: { kind: 'ignored' }, times });
  }

  /** The next commands of this kind are answered with an error. */
  refuse(method: Method, error: ProtocolError, times: number): void {
    this.#scripted.push({ method, trouble: { kind: 'refused', error }, times });
  }

  /** The next connections are refused with this HTTP status, before there is a socket. */
  refuseUpgrades(status: number, times: number): void {
    this.#upgrades = { status, times };
  }

  /** @returns the status to refuse with, or null */
  takeUpgrade(): number | null {
    if (this.#upgrades.times === 0) return null;
    this.#upgrades.times -= 1;
    return this.#upgrades.status;
  }

  take(method: Method): CommandTrouble {
    const next = this.#scripted.find((each) => each.method === method && each.times > 0);
    if (!next) return null;
    next.times -= 1;
    return next.trouble;
  }

  clear(): void {
    this.#scripted = [];
    this.#upgrades = { status: 0, times: 0 };
    this.isBatching = true;
    this.isAllMute = false;
    this.hasStoppedPings = false;
    this.pushesDisconnects = false;
  }
}
