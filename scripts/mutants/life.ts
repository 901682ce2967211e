/** Mutants of proof of life: silent deaths of connections, subscriptions and workers, and quiet that is none (docs/diagnosis.md#proof-of-life). */
import type { Mutant } from './mutant.ts';

const CHAT_TEST = 'test/life/twitch-chat.test.ts';
const EVENTS_TEST = 'test/life/twitch-events.test.ts';
const KICK_TEST = 'test/life/kick.test.ts';
const KEEPER = 'src/platforms/kick/events/keeper.ts';
const LOOKS = 'src/engine/worker/looks.ts';
const LOOKS_TEST = 'src/engine/worker/looks.test.ts';
const JUDGE = 'src/engine/diagnosis/diagnose-channel.ts';
const JUDGE_TEST = 'src/engine/diagnosis/diagnose.test.ts';
const WATCH = 'src/api/routes/worker-watch.ts';
const WATCH_TEST = 'src/api/routes/worker-watch.test.ts';
const ASKED_TITLE = 'subscriptions that vanished without a word are made anew when somebody asks how the bot is';

export const life: readonly Mutant[] = [
  {
    guarantee: 'A chat connection that dies without a word is given up',
    file: 'src/platforms/twitch/irc/session.ts',
    find: 'this.#silentChecks >= CHECKS_UNTIL_DEAD)',
    replace: 'this.#silentChecks >= 100 * CHECKS_UNTIL_DEAD)',
    test: CHAT_TEST,
    title: 'a chat connection that dies without a word',
  },
  {
    guarantee: 'A room that Twitch forgot is found within a minute',
    file: 'src/platforms/twitch/irc/room-looks.ts',
    find: 'const QUIET_MS = 30_000;',
    replace: 'const QUIET_MS = 300_000;',
    test: CHAT_TEST,
    title: 'a room that Twitch forgot while it answers every PING is entered again within 60 s',
  },
  {
    guarantee: 'A room that may not be entered again is named',
    file: 'src/platforms/twitch/irc/rooms.ts',
    find: 'else if (this.#looks.isAsked(room) && !session.hasInFlight(room.name)) this.doubt(room.name);',
    replace: '',
    test: CHAT_TEST,
    title: 'a room that was forgotten and may not be entered again is named within 60 s, with the reason',
  },
  {
    guarantee: 'A room that somebody asks about is looked at first',
    file: 'src/platforms/twitch/irc/room-looks.ts',
    find: 'b.urgency - a.urgency || ',
    replace: '',
    test: CHAT_TEST,
    title: 'a room that somebody asks about is looked at before hundreds that the owner asks about',
  },
  {
    guarantee: 'A look at a quiet room changes nothing that is told of it',
    file: 'src/platforms/twitch/irc/room-looks.ts',
    find: 'session.write(`JOIN ${list}`);',
    replace: 'session.write(`PART ${list}\\r\\nJOIN ${list}`);',
    test: CHAT_TEST,
    title: 'eight quiet hours are no reason to say anything of a chat, to connect anew or to enter a room anew',
  },
  {
    guarantee: 'An event subscription that the platform ends is renewed at once',
    file: 'src/platforms/twitch/eventsub/webhook.ts',
    find: 'if (channelId !== null) lookSoon(channelId);',
    replace: '',
    test: EVENTS_TEST,
    title: 'a subscription that Twitch ends is made anew at once, and is active again',
  },
  {
    guarantee: 'A webhook that does not answer the challenge is named',
    file: 'src/platforms/twitch/eventsub/eventsub.ts',
    find: 'return isUnanswered ? { ...standing, reason: UNANSWERED } : standing;',
    replace: 'return isUnanswered ? { ...standing, reason: null } : standing;',
    test: 'src/platforms/twitch/eventsub/eventsub.test.ts',
    title: 'a webhook that does not answer the challenge stays named until it does',
  },
  {
    guarantee: 'Lost notifications are noticed within 20 s',
    file: 'src/db/listen.ts',
    find: 'const KEEPALIVE_MS = 15_000;',
    replace: 'const KEEPALIVE_MS = 25_000;',
    test: 'src/db/pooler.test.ts',
    title: 'notifications that get lost are told once within 20 s and polled for',
  },
  {
    guarantee: 'A diagnosis has the subscriptions of the channel compared',
    file: 'src/api/routes/diagnostics.ts',
    find: 'void context.askForLook({ provider: id, channelId });',
    replace: '',
    test: EVENTS_TEST,
    title: ASKED_TITLE,
  },
  {
    guarantee: 'A diagnosis of the installation has all subscriptions compared',
    file: 'src/api/routes/owner-diagnostics.ts',
    find: 'void context.askForLook({ provider: null, channelId: null });',
    replace: '',
    test: EVENTS_TEST,
    title: 'subscriptions that vanished without a word are made anew when the owner asks how the installation is',
  },
  {
    guarantee: 'A stream that begins has the subscriptions of its channel compared',
    file: 'src/db/migrations/0025-look-when-a-stream-begins.sql',
    find: 'array_agg("channelId") FILTER (WHERE "isLive") AS begun',
    replace: 'array_agg("channelId") FILTER (WHERE NOT "isLive") AS begun',
    test: EVENTS_TEST,
    title: 'subscriptions that vanished without a word are made anew when a stream begins',
  },
  {
    guarantee: 'A subscription of Kick that vanished is found within ten minutes',
    file: KEEPER,
    find: 'const LOOK_AGAIN_MS = 9.5 * 60_000;',
    replace: 'const LOOK_AGAIN_MS = 12 * 60_000;',
    test: KICK_TEST,
    title: 'subscriptions that vanished without a word are made anew within ten minutes, whatever the jitter',
  },
  {
    guarantee: 'A diagnosis has the subscriptions of a channel of Kick compared',
    file: KEEPER,
    find: 'if (kept !== undefined && !this.#isClosed) this.#lookAt(kept);',
    replace: '',
    test: KICK_TEST,
    title: ASKED_TITLE,
  },
  {
    guarantee: 'A subscription of Kick that was listed and is no more is gone, and not only late',
    file: 'src/platforms/kick/events/subscriptions.ts',
    find: '      this.#listed.add(`${channelId} ${event}`);\n',
    replace: '',
    test: KICK_TEST,
    title: 'a subscription that vanished soon after it was made is named at the next look',
  },
  {
    guarantee: 'A silent channel is looked at once',
    file: LOOKS,
    find: 'if (!before.has(channelId)) this.want(channelId);',
    replace: 'this.want(channelId);',
    test: LOOKS_TEST,
    title: 'a channel that is silent during its stream is looked at once for each silence',
  },
  {
    guarantee: 'Silence without a stream is no reason to look',
    file: LOOKS,
    find: ` and live."isLive"`,
    replace: '',
    test: LOOKS_TEST,
    title: 'silence without a stream, or of a reader that is not well, is no reason to look',
  },
  {
    guarantee: 'A wish that comes too soon is fulfilled later',
    file: 'src/lib/paced-wishes.ts',
    find: 'this.#planned.set(',
    replace: 'new Map<K, Timer>().set(',
    test: 'src/lib/paced-wishes.test.ts',
    title: 'a wish is fulfilled at once, and any number that come too soon once more when its time has come',
  },
  {
    guarantee: 'A subscription that is being renewed is not called broken',
    file: 'src/platforms/causes/reach.ts',
    find: "subscription_gone: {\n    verdict: 'waiting',",
    replace: "subscription_gone: {\n    verdict: 'broken',",
    test: JUDGE_TEST,
    title: 'what has to be mended comes first',
  },
  {
    guarantee: 'A subscription that does not come back is called broken after half an hour',
    file: JUDGE,
    find: 'return isRenewed ? gone :',
    replace: 'return isRenewed || true ? gone :',
    test: JUDGE_TEST,
    title: 'what has to be mended comes first',
  },
  {
    guarantee: 'Quiet is a suspicion and nothing is broken by it',
    file: 'src/platforms/causes/channels.ts',
    find: "chat_quiet: {\n    verdict: 'ok',",
    replace: "chat_quiet: {\n    verdict: 'broken',",
    test: JUDGE_TEST,
    title: 'eight quiet hours of a stream are told of, and nothing is broken by them',
  },
  {
    guarantee: 'A killed worker is noticed by whoever watches a channel',
    file: WATCH,
    find: 'if (isNews) this.#deps.changed();',
    replace: '',
    test: WATCH_TEST,
    title: 'a worker whose process is gone is noticed two seconds later, and told once',
  },
  {
    guarantee: 'A worker that is cut off is noticed when its heartbeat is overdue',
    file: WATCH,
    find: '...(workers ?? []).map((worker) => worker.leftMs + MARGIN_MS)',
    replace: '...(workers ?? []).map(() => EVERY_MS)',
    test: WATCH_TEST,
    title: 'a worker that is cut off is noticed when its heartbeat is overdue, and not at the look after that',
  },
];
