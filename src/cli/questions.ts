/** Asks a person in a terminal, or reads the answers from a pipe. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface Questions {
  /** @param isSecret what is typed does not show. @returns the trimmed answer; empty when there is none any more */
  ask(question: string, isSecret: boolean): Promise<string>;
  say(sentence: string): void;
  close(): void;
}

export function askOn(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Questions {
  let isHidden = false;
  const shown = new Writable({
    write(chunk, _encoding, done) {
      if (isHidden) done();
      else output.write(chunk, () => done());
    },
  });
  const isTerminal = input.isTTY === true;
  const lines = createInterface({ input, output: shown, terminal: isTerminal });
  // Nothing has been written by then.
  lines.on('SIGINT', () => process.exit(130));
  const answers = lines[Symbol.asyncIterator]();
  return {
    async ask(question, isSecret) {
      output.write(`${question}: `);
      isHidden = isSecret && isTerminal;
      const answer = await answers.next();
      if (isHidden || !isTerminal) output.write('\n');
      isHidden = false;
      return answer.done === true ? '' : answer.value.trim();
    },
    say: (sentence) => void output.write(`${sentence}\n`),
    close: () => lines.close(),
  };
}
