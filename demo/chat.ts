/** After the conversation: whatever is written into the chats is shown with its answer and its fate. */
import { createInterface } from 'node:readline';
import type { AcceptedMessage } from '../simulators/world/messages.ts';
import { fateOf } from './fate.ts';
import { printAnswer, printCue } from './print.ts';
import { type Room, roomsOf, type Stage } from './stage.ts';

const TYPIST = 'you';

/** Goes on until a simulator is gone. */
export function talkOn(stage: Stage): Promise<never> {
  const rooms = roomsOf(stage);
  if (process.stdin.isTTY) readLines(rooms);
  return Promise.race(rooms.map(watch));
}

async function watch(room: Room): Promise<never> {
  const { chat, platform } = room;
  let from = chat.messages.length;
  for (;;) {
    const message = await chat.hear(from, () => true, 3600);
    if (message === null) continue;
    from = chat.messages.indexOf(message) + 1;
    if (message.transport !== 'script') await showAnswer(room, message);
    else if (message.author !== TYPIST) printCue(`${message.author} (${platform.title})`, message.text);
  }
}

/** `kick: !hello` goes to Kick; a line that names no platform to the first. */
function readLines(rooms: readonly Room[]): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const named = rooms.find(({ platform }) => line.toLowerCase().startsWith(`${platform.id}:`));
    const text = (named === undefined ? line : line.slice(named.platform.id.length + 1)).trim();
    const room = named ?? rooms[0];
    if (text === '' || room === undefined) return;
    const said = room.chat.stage('say', { streamer: room.stage.cast.streamer, viewer: TYPIST, text });
    said.catch((error: Error) => console.error(error.message));
  });
}

async function showAnswer(room: Room, { id }: AcceptedMessage): Promise<void> {
  const fate = await fateOf(room, { column: 'platformMessageId', value: id });
  printAnswer(fate, fate.latencyMs);
}
