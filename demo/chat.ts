/** After the conversation: whatever is written into the chat is shown with its answer and its fate. */
import { createInterface } from 'node:readline';
import type { AcceptedMessage } from '../simulators/world/messages.ts';
import { fateOf } from './fate.ts';
import { printAnswer, printCue } from './print.ts';
import type { Stage } from './stage.ts';

const TYPIST = 'you';

/** Goes on until the simulator is gone. */
export async function talkOn(stage: Stage): Promise<never> {
  const { twitch } = stage.stack;
  if (process.stdin.isTTY) readLines(stage);
  let from = twitch.messages.length;
  for (;;) {
    const message = await twitch.hear(from, () => true, 3600);
    if (message === null) continue;
    from = twitch.messages.indexOf(message) + 1;
    if (message.transport !== 'script') await showAnswer(stage, message);
    else if (message.author !== TYPIST) printCue(message.author, message.text);
  }
}

function readLines({ stack, cast }: Stage): void {
  createInterface({ input: process.stdin }).on('line', (text) => {
    if (text.trim() === '') return;
    stack.twitch.control('say', { channel: cast.streamer, person: TYPIST, text }).catch((error: Error) => {
      console.error(error.message);
    });
  });
}

async function showAnswer(stage: Stage, { id }: AcceptedMessage): Promise<void> {
  const fate = await fateOf(stage, { column: 'platformMessageId', value: id });
  printAnswer(fate, fate.latencyMs);
}
