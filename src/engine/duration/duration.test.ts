import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LiveSnapshot } from '../live/live-view.ts';
import { answerDuration, renderDuration } from './answer.ts';
import { readDurationSettings } from './settings.ts';

const MINUTE = 60_000;
const now = new Date('2026-01-01T12:00:00Z');
const ago = (minutes: number) => new Date(now.getTime() - minutes * MINUTE);

function snapshot(isLive: boolean, onlineMinutes: number, segmentMinutes = 0): LiveSnapshot {
  return {
    isLive,
    onlineMs: onlineMinutes * MINUTE,
    segmentStartedAt: isLive ? ago(segmentMinutes) : null,
    knownAt: now,
  };
}

function settings(stored: Record<string, unknown> = {}) {
  return readDurationSettings(JSON.stringify({ enabled: true, trigger: '!time', ...stored }));
}

test('placeholders are hours, minutes without padding and all minutes, each as often as it is written', () => {
  const onlineMs = (2 * 60 + 5) * MINUTE + 59_999;
  expect(renderDuration('{hours}:{minutes} ({totalMinutes}) {hours}', onlineMs)).toBe('2:5 (125) 2');
});

test('unknown braces, other cases and what looks like a replacement pattern stay as typed', () => {
  expect(renderDuration('{Hours} {seconds} {{hours}} $& {', 0)).toBe('{Hours} {seconds} {0} $& {');
});

test('any template renders to text without white space at its ends', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (template, onlineMs) => {
      const text = renderDuration(template, onlineMs);
      expect(text).toBe(text.trim());
    }),
  );
});

test('a live channel is told the time so far, with the segments before a break', () => {
  expect(answerDuration(settings(), snapshot(true, 60, 65), now)).toEqual({
    kind: 'reply',
    text: 'Время стрима: 2ч 5м (125м)',
  });
});

test('after the stream the last total is told, unless only a live channel is to answer', () => {
  expect(answerDuration(settings({ responseTemplate: '{totalMinutes}' }), snapshot(false, 90), now)).toEqual({
    kind: 'reply',
    text: '90',
  });
  expect(answerDuration(settings({ onlyWhenLive: true }), snapshot(false, 90), now)).toEqual({ kind: 'silent' });
});

test('a channel without a known run is told 0', () => {
  const answer = answerDuration(
    settings({ responseTemplate: '{hours}/{minutes}/{totalMinutes}' }),
    snapshot(false, 0),
    now,
  );
  expect(answer).toEqual({ kind: 'reply', text: '0/0/0' });
});

test('silence when nobody knows whether the channel is live, and when the command is off', () => {
  expect(answerDuration(settings(), null, now)).toEqual({ kind: 'silent' });
  expect(answerDuration(settings({ enabled: false }), snapshot(true, 1), now)).toEqual({ kind: 'silent' });
});

test('a blank or missing template is the default one', () => {
  for (const responseTemplate of ['  ', null, 7]) {
    const answer = answerDuration(settings({ responseTemplate }), snapshot(false, 1), now);
    expect(answer).toEqual({ kind: 'reply', text: 'Время стрима: 0ч 1м (1м)' });
  }
});

test('unreadable settings and an empty trigger switch the command off', () => {
  for (const json of [null, '', '{', '[]', '7', '{"enabled":"yes"}', '{"enabled":true,"trigger":"  "}']) {
    expect(readDurationSettings(json).enabled).toBe(false);
  }
  expect(readDurationSettings('{"enabled":true}')).toMatchObject({ enabled: true, trigger: '!time' });
});

test('break credit is a whole number of minutes from 0 to 1440, else 60', () => {
  const read = (breakCreditMinutes: unknown) => settings({ breakCreditMinutes }).breakCreditMinutes;
  expect([0, 5.9, -3, 9999, '5', null].map(read)).toEqual([0, 5, 0, 1440, 60, 60]);
});
