/** Everything that can go wrong on the simulated YouTube, on request. */
import type { HttpFault } from '../world/faults.ts';
import type { Host } from '../world/host.ts';
import type { Person } from '../world/people.ts';
import { encodeResponse } from './grpc/encode.ts';
import type { GrpcServer } from './grpc/server.ts';
import { Refusal, type RefusalName } from './refusal.ts';
import { APPLICATION, PROJECT, type YouTubeState } from './state.ts';
import type { Streams } from './streams.ts';

const MESSAGES_PATH = '/youtube/v3/liveChat/messages';
/** More than a gRPC client takes unless told otherwise. */
const OVERSIZED_BYTES = 5_000_000;

export class YouTubeFaults {
  readonly #state: YouTubeState;
  readonly #host: Host;
  readonly #grpc: GrpcServer;
  readonly #streams: Streams;

  constructor(state: YouTubeState, host: Host, grpc: GrpcServer, streams: Streams) {
    this.#state = state;
    this.#host = host;
    this.#grpc = grpc;
    this.#streams = streams;
  }

  /** gRPC connections fall silent and deaf while TCP stays up; with `alsoNew` those made until `unmute` too. */
  mute(alsoNew = false): void {
    this.#muteStreams();
    this.#grpc.lines.mute(alsoNew);
  }

  /** New connections work again; mute ones stay mute. */
  unmute(): void {
    this.#grpc.lines.unmuteNew();
  }

  /** gRPC connections whose host is gone without a FIN: what clients send is swallowed. New ones work. */
  halfOpen(): void {
    this.#muteStreams();
    this.#grpc.lines.halfOpen();
  }

  /** Streams that are open bring nothing any more, while their connection answers whatever else is asked on it. */
  stallStreams(): void {
    this.#muteStreams();
  }

  /** Streams that are open end without the status that gRPC closes with. */
  endWithoutStatus(): void {
    for (const stream of this.#streams.all()) stream.breakOff();
  }

  /** Every connection is reset, gRPC and HTTP. */
  dropConnections(): void {
    this.#grpc.lines.cut();
    this.#host.cutConnections();
  }

  /** Nobody gets through until `accept`, or until the time is over. */
  async refuse(forMs?: number): Promise<void> {
    await Promise.all([this.#grpc.lines.refuse(), this.#host.refuse()]);
    if (forMs !== undefined) this.#state.clock.setTimer(forMs, () => void this.accept(), { unref: true });
  }

  /** Only gRPC is out of reach: what remains is polling. */
  refuseGrpc(): Promise<void> {
    return this.#grpc.lines.refuse();
  }

  async accept(): Promise<void> {
    await this.#grpc.lines.listen();
    if (!this.#host.isListening) await this.#host.listen();
  }

  /** Streams end with status OK, as they do now and then. */
  endStreams(): void {
    for (const stream of this.#streams.all()) stream.end();
  }

  /** Streams that are open fail in the middle: `authError` is UNAUTHENTICATED, `quotaExceeded` RESOURCE_EXHAUSTED … */
  failStreams(reason: RefusalName): void {
    for (const stream of this.#streams.all()) stream.fail(new Refusal(reason));
  }

  /** The next streams are refused over gRPC. @param code a status in the place of the reason's own */
  refuseStreams(reason: RefusalName, times = 1, code?: number): void {
    this.#grpc.refuseNext(new Refusal(reason), times, code);
  }

  goAway(graceMs = 0): void {
    this.#grpc.goAway(graceMs);
  }

  /** A response that cannot be decoded, on every stream. */
  garbage(): void {
    for (const stream of this.#streams.all()) stream.garble(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x07]));
  }

  /** Bytes that are no HTTP/2, on every gRPC connection. */
  garbageFrames(): void {
    this.#grpc.lines.garble(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n\xff\xfe'));
  }

  /** One response of five megabytes, on every stream. */
  oversizedResponse(bytes = OVERSIZED_BYTES): void {
    const response = encodeResponse({
      kind: 'youtube#liveChatMessageListResponse',
      etag: 'x'.repeat(bytes),
      nextPageToken: 'none',
      pageInfo: { totalResults: 0, resultsPerPage: 0 },
      items: [],
    });
    for (const stream of this.#streams.all()) stream.garble(response);
  }

  /** The next calls of a path run into this. */
  http(fault: HttpFault): void {
    this.#host.faults.add(fault);
  }

  /** The next calls of a path are refused with this reason, without being billed. */
  refuseCalls(reason: RefusalName, path: string, times = 1, method?: string): void {
    const { status, body } = new Refusal(reason).answer(this.#state.behaviour.detailsInErrors);
    this.http({ kind: 'answer', status, body, path, method, times });
  }

  /** What is inserted next is refused by the chat. */
  refuseMessages(reason: RefusalName, times = 1): void {
    this.#state.talk.next({ kind: 'refused', reason }, times);
  }

  /** What is inserted next is answered with 200 and never shown. */
  holdMessages(times = 1): void {
    this.#state.talk.next({ kind: 'held' }, times);
  }

  delayEchoes(delayMs: number, times = 1): void {
    this.#state.talk.next({ kind: 'late', delayMs }, times);
  }

  /** What is inserted next is taken over and the answer is lost. */
  loseInsertAnswers(times = 1): void {
    this.http({ kind: 'lost', method: 'POST', path: MESSAGES_PATH, times });
  }

  /** The next items reach every reader twice, with one id. */
  duplicateLines(times = 1): void {
    this.#state.talk.duplicates = times;
  }

  expirePageTokens(): void {
    this.#state.pageTokens.expireAll();
  }

  /** Today's quota of the project is gone. */
  exhaustQuota(): void {
    this.#state.quota.exhaust(PROJECT);
  }

  /** Whether the API is switched on in the project. */
  setApiEnabled(isEnabled: boolean): void {
    if (isEnabled) this.#state.closedProjects.delete(PROJECT);
    else this.#state.closedProjects.add(PROJECT);
  }

  /** The person's access tokens run out now; refreshing works, and streams stay open unless behaviour says otherwise. */
  expireTokens({ id }: Person): void {
    this.#state.grants.expire(id);
    if (this.#state.behaviour.endsStreamsOfExpiredTokens) this.#failStreamsOf(id);
  }

  /** The person disconnects the application: tokens are dead, and so are the streams opened with them. */
  revokeGrant({ id }: Person): void {
    this.#state.grants.disconnect(APPLICATION.id, id);
    this.#failStreamsOf(id);
  }

  /** Puts an end to all that is scripted and not yet hit, and lets everybody in again. */
  async clear(): Promise<void> {
    this.#host.faults.clear();
    this.#state.talk.clear();
    this.#grpc.clear();
    this.unmute();
    this.#state.closedProjects.clear();
    this.#state.quota.refill(PROJECT);
    await this.accept();
  }

  #muteStreams(): void {
    for (const stream of this.#streams.all()) stream.isMute = true;
  }

  #failStreamsOf(personId: string): void {
    for (const stream of this.#streams.all()) {
      if (stream.caller.token?.personId === personId) stream.fail(new Refusal('authError'));
    }
  }
}
