/** Mutants of the proof of life: connections that die without a word, subscriptions that are forgotten, lines that do not come. */
import type { Mutant } from './mutant.ts';

const VK_TEST = 'src/platforms/vkvideo/reading/silent-deaths.test.ts';
const VK_CHECKS = 'src/platforms/vkvideo/reading/subscription-checks.ts';
const VK_CHAT = 'src/platforms/vkvideo/reading/chat.ts';
const TROVO_TEST = 'src/platforms/trovo/chat/silent-deaths.test.ts';
const YOUTUBE_TEST = 'src/platforms/youtube/silent-deaths.test.ts';

export const silence: readonly Mutant[] = [
  {
    guarantee: 'A mute connection of VK Video is found within a minute, however rarely its server pings',
    file: VK_CHECKS,
    find: 'return this.#looksWaited < ANSWER_LOOKS;',
    replace: 'return true;',
    test: VK_TEST,
    title: 'a connection %s is found within a minute and replaced within two',
  },
  {
    guarantee: 'A subscription that VK Video has forgotten is found within a minute',
    file: VK_CHECKS,
    find: 'if (due.length > 0) this.#ask(due);',
    replace: '',
    test: VK_TEST,
    title: 'a subscription that the server has forgotten is found within a minute',
  },
  {
    guarantee: 'A subscription that the question itself has made is taken back',
    file: VK_CHECKS,
    find: 'if (errorCode === null) this.#deps.send(JSON.stringify({ id: this.#id(), unsubscribe: { channel: name } }));',
    replace: '',
    test: VK_TEST,
    title: 'a subscription that the server has forgotten is found within a minute',
  },
  {
    guarantee: 'A server that ends the connection over the question is not asked again',
    file: 'src/platforms/vkvideo/pubsub-client.ts',
    find: 'this.#options.trust.isGood = false;',
    replace: '',
    test: VK_TEST,
    title: 'a server that ends the connection over the question is not asked again',
  },
  {
    guarantee: 'A server that never says 105 is not believed for ever',
    file: VK_CHECKS,
    find: 'if (losses > LOSSES_BELIEVED) this.#deps.trust.isGood = false;',
    replace: '',
    test: VK_TEST,
    title: 'is believed three times',
  },
  {
    guarantee: 'Lines that VK Video keeps and does not deliver are found while the stream runs',
    file: 'src/platforms/vkvideo/reading/reader.ts',
    find: 'if (info.isLive) chat.whileLive();',
    replace: '',
    test: VK_TEST,
    title: 'lines that VK keeps and does not deliver are fetched, named, and cost one new connection',
  },
  {
    guarantee: 'What another connection has not helped against costs no more of them',
    file: VK_CHAT,
    find: 'if (this.#withheldLooks === 1) withheld(this);',
    replace: 'withheld(this);',
    test: VK_TEST,
    title: 'lines that VK keeps and does not deliver are fetched, named, and cost one new connection',
  },
  {
    guarantee: 'A quiet chat is looked up ever more rarely',
    file: 'src/platforms/quiet.ts',
    find: 'this.#patienceMs = Math.min(2 * this.#patienceMs, this.#limits.longestMs);',
    replace: '',
    test: VK_TEST,
    title: 'eight quiet hours of a stream bring no finding',
  },
  {
    guarantee: 'A mute connection of Trovo is found within a minute, whatever distance of PINGs its server asks for',
    file: 'src/platforms/trovo/chat/session.ts',
    find: 'const LONGEST_GAP_S = 40;',
    replace: 'const LONGEST_GAP_S = 120;',
    test: TROVO_TEST,
    title: 'a connection %s is found within a minute and replaced within two',
  },
  {
    guarantee: 'A connection that Trovo gives no lines is found while the stream runs',
    file: 'src/platforms/trovo/live-status.ts',
    find: 'if (fact.isLive) isLive(channelId);',
    replace: '',
    test: TROVO_TEST,
    title: 'a server that gives a living connection no lines is found out by another look',
  },
  {
    guarantee: 'A quiet chat of Trovo costs no connection',
    file: 'src/platforms/trovo/chat/connection.ts',
    find: 'if (!isStill() || missed === null || missed === 0) return;',
    replace: 'if (!isStill() || missed === null) return;',
    test: TROVO_TEST,
    title: 'eight quiet hours %s bring no finding and no new connection',
  },
  {
    guarantee: 'A mute connection of YouTube is found within a minute',
    file: 'src/platforms/youtube/chat/lines.ts',
    find: '} else this.close(grpcStatus.UNAVAILABLE);',
    replace: '}',
    test: YOUTUBE_TEST,
    title: 'a %s connection of an endless answer is found within a minute and replaced within two',
  },
  {
    guarantee: 'Doubt about a quiet stream of YouTube costs no units before the hour',
    file: 'src/platforms/youtube/chat/live-chat.ts',
    find: 'const QUIET_MS = 60 * 60_000;',
    replace: 'const QUIET_MS = 60_000;',
    test: YOUTUBE_TEST,
    title: 'a stream that brings nothing on a living connection costs no units before the hour',
  },
  {
    guarantee: 'A message that does not come back from a chat where nothing else does is no finding that is broken',
    file: 'src/platforms/youtube/chat/echo-watch.ts',
    find: 'else this.#lose(channelId);',
    replace: 'else this.#miss(channelId);',
    test: 'src/platforms/youtube/sending.test.ts',
    title: 'a message that does not come back from a chat where nothing else does is judged when the next line comes',
  },
  {
    guarantee: 'A line without any text is credited',
    file: 'src/engine/pipeline/pipeline.ts',
    find: "if (message.author.platformUserId === '' || message.author.displayName === '') return false;",
    replace:
      "if (message.author.platformUserId === '' || message.author.displayName === '' || message.text === '') return false;",
    test: 'src/engine/pipeline/pipeline.test.ts',
    title: 'a line without any text, as of stickers alone, is credited and triggers nothing',
  },
  {
    guarantee: 'Parts that show nothing do not make the mention of the bot the second word',
    file: 'src/platforms/vkvideo/chat-message.ts',
    find: 'parts.slice(Math.max(firstAt, 0));',
    replace: 'parts;',
    test: 'src/platforms/vkvideo/chat-message.test.ts',
    title: 'parts that show nothing, before the mention of the bot, do not make it the second word',
  },
];
