/** After the conversation: whatever is written into the chats is shown with its answer and its fate. */
import { createInterface } from 'node:readline';
import type { AcceptedMessage } from '../simulators/world/messages.ts';
import { fateOf } from './fate.ts';
import { printAnswer, printCue, printSilence } from './print.ts';
import { commands } from './script.ts';
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
    const { room, text } = addressed(rooms, line);
    if (text === '' || room === undefined) return;
    const said = room.chat.stage('say', { streamer: room.stage.cast.streamer, viewer: TYPIST, text });
    said.catch((error: Error) => console.error(error.message));
    if (!isTrigger(text)) printSilence(false, `no command of the channel, so the bot is silent; try ${EXAMPLES}`);
  });
}

/** A platform is named by its id, its title or the beginning of either: `vk:`, `VK Video Live:`, `you:`. */
export function addressed<R extends Pick<Room, 'platform'>>(
  rooms: readonly R[],
  line: string,
): { readonly room: R | undefined; readonly text: string } {
  const colon = line.indexOf(':');
  const name = colon === -1 ? '' : line.slice(0, colon).trim().toLowerCase();
  const named = rooms.filter(({ platform: { id, title } }) => {
    return name.length >= SHORTEST_NAME && [id, title.toLowerCase()].some((full) => full.startsWith(name));
  });
  const [only] = named;
  if (only === undefined || named.length > 1) return { room: rooms[0], text: line.trim() };
  return { room: only, text: line.slice(colon + 1).trim() };
}

const SHORTEST_NAME = 2;
const EXAMPLES = '!hello, !clip or !time';
const TRIGGERS: ReadonlySet<string> = new Set([...commands.map(({ trigger }) => trigger.toLowerCase()), '!time']);

function isTrigger(text: string): boolean {
  return TRIGGERS.has(text.toLowerCase());
}

async function showAnswer(room: Room, { id }: AcceptedMessage): Promise<void> {
  const fate = await fateOf(room, { column: 'platformMessageId', value: id });
  printAnswer(fate, fate.latencyMs);
}
