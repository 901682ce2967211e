import { expect, test } from 'vitest';
import { meaningOf, reasonOf } from './refusal.ts';

const envelope = (error: object) => ({ error: { code: 403, message: 'no', ...error } });
const first = (reason: string, more: object = {}) => envelope({ errors: [{ domain: 'youtube', reason }], ...more });

test.for([
  [403, first('quotaExceeded'), 'quota'],
  [403, first('dailyLimitExceeded'), 'quota'],
  [403, first('rateLimitExceeded'), 'too_fast'],
  [429, first('userRequestsExceedRateLimit'), 'too_fast'],
  [403, first('liveChatEnded'), 'chat_ended'],
  [404, first('liveChatNotFound'), 'chat_ended'],
  [403, first('liveChatDisabled'), 'chat_disabled'],
  [403, first('forbidden', { status: 'PERMISSION_DENIED' }), 'forbidden'],
  [403, first('insufficientPermissions'), 'scope'],
  [400, first('messageTextInvalid', { status: 'INVALID_ARGUMENT' }), 'other'],
  [401, first('required', { status: 'UNAUTHENTICATED' }), 'unauthorized'],
  [403, envelope({ details: [{ '@type': 'x' }, { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }] }), 'scope'],
  [403, envelope({ status: 'PERMISSION_DENIED', details: [{ reason: 'SERVICE_DISABLED' }] }), 'not_enabled'],
  [503, envelope({ status: 'UNAVAILABLE' }), 'outage'],
  [403, [first('liveChatEnded')], 'chat_ended'],
] as const)('%i %j means %s', ([status, body, meaning]) => {
  expect(meaningOf(status, reasonOf(status, body))).toBe(meaning);
});

test.for([
  [401, 'unauthorized'],
  [408, 'outage'],
  [429, 'too_fast'],
  [500, 'outage'],
  [418, 'other'],
] as const)('an answer without a word is known by its status: %i is %s', ([status, meaning]) => {
  for (const body of [null, '', '<html>', {}, { error: 'text' }, [], { error: { errors: 'none' } }]) {
    expect(meaningOf(status, reasonOf(status, body))).toBe(meaning);
    expect(reasonOf(status, body)).toBe(`http_${status}`);
  }
});
