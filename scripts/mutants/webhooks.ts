/** Mutants of what comes from outside unasked: signatures, replay windows, deduplication of deliveries, request limits. */
import type { Mutant } from './mutant.ts';

const TWITCH_PROOF = 'src/platforms/twitch/eventsub/signature.ts';
const TWITCH_PROOF_TEST = 'src/platforms/twitch/eventsub/signature.test.ts';
const EVENTSUB_TEST = 'src/platforms/twitch/eventsub/webhook.test.ts';
const FOLLOW = 'src/platforms/twitch/eventsub/follow.ts';
const KICK_PROOF = 'src/platforms/kick/webhook/proof.ts';
const KICK_PROOF_TEST = 'src/platforms/kick/webhook/signature.test.ts';
const RELAY = 'src/api/plugins/internal-callers.ts';
const RELAY_TEST = 'src/api/routes/internal-credits.test.ts';
const RELAY_TITLE = 'a signature that is wrong, old, early, made for another body or no signature at all is refused';
const INBOX = 'src/db/webhook-inbox.ts';
const INBOX_TEST = 'src/engine/inbox/inbox.test.ts';
const LIMITS = 'src/api/plugins/limits.ts';
const LIMITS_TEST = 'src/api/plugins/limits.test.ts';

export const webhooks: readonly Mutant[] = [
  {
    guarantee: 'Processes that subscribe at the same moment leave one subscription',
    file: 'src/platforms/kick/events/subscriptions.ts',
    find: 'if (remoteId !== id) await this.#delete([{ id }]);',
    replace: '',
    test: 'src/platforms/kick/events/subscriptions.test.ts',
    title: 'processes that create the same event at the same moment leave one, and agree on it',
  },
  {
    guarantee: 'A rerun begins no stream',
    file: 'src/platforms/twitch/eventsub/webhook.ts',
    find: `if (isLive && (parsed.data.type ?? LIVE) !== LIVE) return 'Not a live stream, ignoring';`,
    replace: '',
    test: EVENTSUB_TEST,
    title: 'a rerun, a premiere or a stream that Twitch has an error about begins no stream; one without a type does',
  },
  {
    guarantee: 'A delivery of Twitch is believed by its signature alone',
    file: TWITCH_PROOF,
    find: 'secret === null || !isEqual(signature, sign(secret, id, timestamp, rawBody))',
    replace: 'secret === null || signature.length !== sign(secret, id, timestamp, rawBody).length',
    test: TWITCH_PROOF_TEST,
    title: "a delivery is believed when its signature is Twitch's own over id, timestamp and the exact bytes",
  },
  {
    guarantee: 'A delivery of Twitch is refused after ten minutes',
    file: TWITCH_PROOF,
    find: 'if (Math.abs(now.getTime() - sentAt.getTime()) > REPLAY_WINDOW_MS)',
    replace: 'if (sentAt.getTime() - now.getTime() > REPLAY_WINDOW_MS)',
    test: TWITCH_PROOF_TEST,
    title: 'a delivery from more than ten minutes away, either way, is refused',
  },
  {
    guarantee: 'A delivery of Twitch is not believed from the future',
    file: TWITCH_PROOF,
    find: 'if (Math.abs(now.getTime() - sentAt.getTime()) > REPLAY_WINDOW_MS)',
    replace: 'if (now.getTime() - sentAt.getTime() > REPLAY_WINDOW_MS)',
    test: TWITCH_PROOF_TEST,
    title: 'a delivery from more than ten minutes away, either way, is refused',
  },
  {
    guarantee: 'A challenge is answered only as JSON',
    file: 'src/platforms/twitch/eventsub/webhook.ts',
    find: `!parsed.success || !isJson(request.headers['content-type'])`,
    replace: `!parsed.success || (isJson(request.headers['content-type']) && false)`,
    test: EVENTSUB_TEST,
    title: 'a challenge is echoed as plain text, only signed and only as JSON, and proves the subscription',
  },
  {
    guarantee: 'A stream event is recorded once',
    file: 'src/platforms/twitch/eventsub/webhook.ts',
    find: `if (await wasHandled(db, 'stream', messageId)) return 'Duplicate event ignored';`,
    replace: '',
    test: EVENTSUB_TEST,
    title: 'a stream event is recorded once, with the time Twitch gives, and again when recording failed',
  },
  {
    guarantee: 'A follower is greeted once in 24 hours',
    file: FOLLOW,
    find: `.where('ChatBotEventDedup.createdAt', '<=', yesterday),`,
    replace: `.where('ChatBotEventDedup.createdAt', '<=', yesterday && now),`,
    test: EVENTSUB_TEST,
    title: 'a follow is greeted once: not again for the same delivery, nor for the same follower within 24 hours',
  },
  {
    guarantee: 'A delivery of Kick is believed by its signature alone',
    file: KICK_PROOF,
    find: `if (isSignedBy(key, signature, parts)) return { kind: 'genuine', messageId, sentAt };`,
    replace: `if (isSignedBy(key, signature, parts) || signature.length > 0) return { kind: 'genuine', messageId, sentAt };`,
    test: 'src/platforms/kick/webhook/webhook.test.ts',
    title: 'who cannot prove to be Kick is told nothing, stores nothing, and is counted, not told of each time',
  },
  {
    guarantee: 'The signature of Kick covers id and time of a delivery',
    file: 'src/platforms/kick/webhook/signature.ts',
    find: 'Buffer.from(`${parts.messageId}.${parts.timestamp}.`)',
    replace: 'Buffer.from(`${parts.messageId}.`)',
    test: KICK_PROOF_TEST,
    title: 'the published vector verifies; one byte more anywhere, and it does not',
  },
  {
    guarantee: 'A delivery of Kick is refused after its replay window',
    file: KICK_PROOF,
    find: 'if (Math.abs(ageMs) > windowMs)',
    replace: 'if (-ageMs > windowMs)',
    test: KICK_PROOF_TEST,
    title: 'headers that are missing, odd or old are refused with the reason, before any key is asked for',
  },
  {
    guarantee: 'A delivery is stored once by its id',
    file: INBOX,
    find: `select \${provider}, \${channelId}, "messageId", \${businessKey}, \${eventType},`,
    replace: `select \${provider}, \${channelId}, "messageId" || now()::text, \${businessKey} || now()::text, \${eventType},`,
    test: INBOX_TEST,
    title: 'a delivery is stored once: by its id, and by what happened under another id',
  },
  {
    guarantee: 'What happened is stored once, also under another delivery id',
    file: INBOX,
    find: `select \${provider}, \${channelId}, "messageId", \${businessKey}, \${eventType},`,
    replace: `select \${provider}, \${channelId}, "messageId", nullif(\${businessKey}, \${businessKey}), \${eventType},`,
    test: INBOX_TEST,
    title: 'a delivery is stored once: by its id, and by what happened under another id',
  },
  {
    guarantee: 'A relayed chatter is believed by the signature of its sender',
    file: RELAY,
    find: ' || !timingSafeEqual(signature, expected)) return false;',
    replace: ' || (timingSafeEqual(signature, expected) && false)) return false;',
    test: RELAY_TEST,
    title: RELAY_TITLE,
  },
  {
    guarantee: 'A relayed chatter is refused after five minutes',
    file: RELAY,
    find: 'Math.abs(clock.now().getTime() - Number(timestamp)) <= SIGNATURE_WINDOW_MS',
    replace: 'Number(timestamp) - clock.now().getTime() <= SIGNATURE_WINDOW_MS',
    test: RELAY_TEST,
    title: RELAY_TITLE,
  },
  {
    guarantee: 'Nobody is a caller of this machine through a proxy',
    file: 'src/lib/loopback.ts',
    find: ' && FORWARDING_HEADERS.every((header) => headers[header] === undefined)',
    replace: ' && FORWARDING_HEADERS.every((header) => headers[header] !== null)',
    test: 'src/lib/loopback.test.ts',
    title: 'a proxy on this machine speaks for somebody else',
  },
  {
    guarantee: 'A neighbour on the network cannot invent addresses',
    file: 'src/api/plugins/proxies.ts',
    find: 'return hop === 0 && NEAR.check',
    replace: 'return hop >= 0 && NEAR.check',
    test: LIMITS_TEST,
    title: 'a neighbour on the private network cannot invent addresses either: one proxy is believed, nobody before it',
  },
  {
    guarantee: 'A person is limited per minute',
    file: LIMITS,
    find: 'if (result.isExceeded) refuse(',
    replace: 'if (result.isExceeded && max < 0) refuse(',
    test: LIMITS_TEST,
    title: 'a signed-in person is limited per minute, wherever they call from, and others are not for it',
  },
  {
    guarantee: 'Made-up API tokens are looked up only as often as an address may ask',
    file: LIMITS,
    find: 'if (isWorthless) ofAddress.misses += 1;',
    replace: 'if (isWorthless) ofAddress.misses += 0;',
    test: 'src/api/plugins/door.test.ts',
    title: 'made-up tokens of tools are looked up only as often as an address may ask',
  },
];
