/** How the demo looks on a terminal. Texts come last on a line: no script of the world can break the columns. */
import { styleText } from 'node:util';
import type { Fate } from './fate.ts';
import type { Outcome } from './play.ts';
import type { Room, Stage } from './stage.ts';

const NAME_WIDTH = 26;

export function printSetting({ cast }: Stage, tookMs: number): void {
  console.log(
    `Ready after ${(tookMs / 1000).toFixed(1)} s: PostgreSQL, API, a worker for each platform, and simulated platforms`,
  );
  console.log(`that keep to the limits of the real ones. ${cast.bot} speaks in the chats of ${cast.streamer}.`);
}

export function printRoom({ platform: { title, retiredSince } }: Room): void {
  const closed = retiredSince === undefined ? '' : `  (closed its service on ${retiredSince}: simulated all the same)`;
  console.log(`\n${styleText('bold', title)}${styleText('dim', closed)}\n`);
}

/** What somebody does; the answer follows on the next line. */
export function printCue(by: string, what: string): void {
  console.log(`  ${styleText('bold', by.padEnd(NAME_WIDTH))}${what}`);
}

export function printAnswer({ status, lastError, message }: Fate, latencyMs: number | null): void {
  const isSent = status === 'sent' && message !== null;
  const fate = status === 'none' ? 'no answer' : status;
  const time = latencyMs === null ? '' : `${latencyMs.toFixed(1)} ms`;
  const left = `    ${fate.padEnd(10)}${time.padStart(9)}`.padEnd(NAME_WIDTH);
  console.log(`${styleText(isSent ? 'green' : 'red', left)}  ${message?.text ?? lastError ?? ''}`);
}

export function printSilence(isAnswered: boolean, because: string): void {
  const word = isAnswered ? styleText('red', '    answered') : styleText('dim', '    silent  ');
  console.log(`${word}${' '.repeat(NAME_WIDTH - 12)}  ${styleText('dim', `(${because})`)}`);
}

export function printNote(note: string): void {
  console.log(styleText('cyan', `  · ${note}`));
}

/** One line per platform and one for all. @returns whether everything came as it had to */
export function summarise(outcomes: ReadonlyMap<string, Outcome>): boolean {
  console.log('');
  const isComplete = [...outcomes].map(([title, outcome]) => summariseOne(title, outcome)).every(Boolean);
  const all = [...outcomes.values()];
  const delivered = all.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
  const expected = all.reduce((sum, outcome) => sum + outcome.expected, 0);
  console.log(`demo: ${delivered} of ${expected} replies delivered on ${all.length} platforms`);
  return isComplete;
}

function summariseOne(title: string, { expected, latenciesMs, problems }: Outcome): boolean {
  for (const problem of problems) console.log(styleText('red', `  missing: ${problem}`));
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const p50 = median === undefined ? '–' : median.toFixed(1);
  console.log(`demo: ${title}: ${latenciesMs.length} of ${expected} replies delivered, p50 ${p50} ms`);
  return problems.length === 0 && latenciesMs.length === expected;
}

export function printUrls({ stack, cast }: Stage, canType: boolean): void {
  const line = JSON.stringify({ streamer: cast.streamer, viewer: 'you', text: '!hello' });
  const rooms = [...stack.chats].flatMap(([id, { controlUrl, stageUrl }]) => [
    [id, ''],
    ['  worker', `${stack.workerUrls.get(id)}/readyz`],
    ['  worker’s metrics', `${stack.workerUrls.get(id)}/metrics`],
    ['  simulator', `${controlUrl}  (simulators/README.md)`],
    ['  say something', `curl -d '${line}' ${stageUrl}/say`],
  ]);
  const rows = [
    ['API', stack.apiUrl],
    ['  its description', `${stack.apiUrl}/docs`],
    ['  sign in', `${stack.apiUrl}/auth/twitch  (be ${cast.streamer} or ${cast.owner}; then /docs can try calls)`],
    ['  metrics', `${stack.apiUrl}/metrics`],
    ['database', stack.databaseUrl],
    ['is all well?', `npx pnpm@10 memalerts doctor --env ${stack.variablesFile}`],
    ...rooms,
  ];
  console.log('\nEverything goes on running until Ctrl-C.\n');
  for (const [name = '', value = ''] of rows) console.log(`  ${name.padEnd(20)}${value}`);
  console.log(
    canType
      ? '\nType a line to write it into the Twitch chat as "you": !hello, !clip, !time … or, for another platform: kick: !hello, vk: !hello\n'
      : '',
  );
}
