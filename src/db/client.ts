/** A connection to PostgreSQL as this product makes all of its own. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { isReadOnly, noteConnectionError } from './failures.ts';

const OUTSIDE_TRANSACTION = 'I';

export class DatabaseClient extends pg.Client {
  #isLetGo = false;
  #bytesAnswered = 0;
  #greetedBy: number | null = null;
  #isInTransaction = false;

  constructor(config?: pg.ClientConfig) {
    super(config);
    // All before the driver's own listeners: before somebody hears of the answer, and asks the next question.
    this.connection.on('error', noteConnectionError);
    this.connection.on('errorMessage', (error: Error) => {
      if (!isReadOnly(error)) return;
      // The next connection may lead to the server that took this one's place.
      this.letGo();
      // At once: between the error and the end of its statement a pool could hand the connection out again.
      if (!this.#isInTransaction) void this.end();
    });
    this.connection.on('backendKeyData', ({ processID }: { processID: number }) => {
      this.#greetedBy = processID;
    });
    this.connection.on('readyForQuery', ({ status }: { status: string }) => {
      this.#bytesAnswered = this.#stream.bytesWritten;
      this.#isInTransaction = status !== OUTSIDE_TRANSACTION;
      if (this.#isLetGo && !this.#isInTransaction) void this.end();
    });
  }

  /** The number of the server's process as it was told at the start; a pooler makes one up. Null where none was told. */
  get greetedBy(): number | null {
    return this.#greetedBy;
  }

  /** Whether `letGo` was called: another connection is better. */
  get isLetGo(): boolean {
    return this.#isLetGo;
  }

  /** Ends after the statement or transaction that runs now, or the next one; a pool does not hand it out after that. */
  letGo(): void {
    this.#isLetGo = true;
  }

  /**
   * A network can lose a connection without a word; whoever asked would wait until the system gives up, a quarter of an
   * hour. Ends the connection when an answer takes longer. Call it when connected; the last call counts.
   */
  answerWithin(deadlineMs: number): void {
    const stream = this.#stream;
    if (stream.listenerCount('timeout') === 0) {
      stream.on('timeout', () => {
        // In a transaction that waits for something else nothing is asked.
        if (stream.bytesWritten !== this.#bytesAnswered) stream.destroy();
      });
    }
    stream.setTimeout(deadlineMs);
  }

  get #stream(): Socket {
    return this.connection.stream as Socket;
  }
}
