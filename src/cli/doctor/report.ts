/** Findings as people read them on a terminal, and the one verdict over all of them. */
import type { Finding } from '../../engine/diagnosis/present.ts';
import type { Snapshot } from '../../engine/diagnosis/snapshot.ts';
import type { Language, Verdict } from '../../platforms/causes/cause.ts';

export interface Report {
  readonly verdict: Verdict;
  /** In the order of cure. */
  readonly findings: readonly Finding[];
  readonly platforms: Snapshot['platforms'];
  readonly apiUrl: string;
}

type Words = Readonly<Record<Language, string>>;

const HEADINGS: readonly (readonly [Verdict, Words])[] = [
  ['broken', { en: 'Broken', ru: 'Сломано' }],
  ['unknown', { en: 'Could not be looked at', ru: 'Не удалось посмотреть' }],
  ['waiting', { en: 'Waits, and heals by itself', ru: 'Ждёт и наладится само' }],
  ['off', { en: 'Switched off', ru: 'Выключено' }],
  ['ok', { en: 'Well', ru: 'В порядке' }],
];

const SUMMARIES: Readonly<Record<Verdict, Words>> = {
  broken: { en: 'Something is broken. Mend what stands first.', ru: 'Есть поломка. Начните с того, что стоит первым.' },
  unknown: {
    en: 'Not everything could be looked at, so nothing is certain.',
    ru: 'Посмотреть удалось не всё, поэтому точно сказать нельзя.',
  },
  waiting: {
    en: 'Nothing is broken. Something waits and heals by itself.',
    ru: 'Поломок нет. Что-то ждёт и наладится само.',
  },
  off: { en: 'Nothing is broken.', ru: 'Поломок нет.' },
  ok: { en: 'All is well.', ru: 'Всё в порядке.' },
};

/**
 * `unknown` where the database could not be asked: what is known without it is no whole picture. Else what is worst;
 * what is switched off takes nothing from `ok`.
 */
export function verdictOfAll({ at }: Pick<Snapshot, 'at'>, findings: readonly Finding[]): Verdict {
  if (at === null) return 'unknown';
  const verdicts = new Set(findings.map(({ verdict }) => verdict));
  return (['broken', 'unknown', 'waiting'] as const).find((verdict) => verdicts.has(verdict)) ?? 'ok';
}

/** 0 well, 1 broken, 2 could not look. */
export function exitCodeOf(verdict: Verdict): number {
  switch (verdict) {
    case 'ok':
    case 'off':
    case 'waiting':
      return 0;
    case 'broken':
      return 1;
    case 'unknown':
      return 2;
  }
}

export function reportOf(report: Report, language: Language): string {
  const blocks = HEADINGS.flatMap(([heading, words]) => {
    const lines = linesOf({ ...report, findings: report.findings.filter(({ verdict }) => verdict === heading) });
    return lines.length === 0 ? [] : [[`${words[language]}:`, ...lines].join('\n')];
  });
  return [...blocks, SUMMARIES[report.verdict][language]].join('\n\n');
}

/** What is said of several platforms in the same words is said once. */
function linesOf({ findings, platforms, apiUrl }: Report): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { scope, text, data, command, url } of findings) {
    const title = platforms.find(({ id }) => id === scope.provider)?.title;
    const place = [title, scope.slug].filter(Boolean).join(' · ');
    const isUntold = typeof data.detail === 'string' && !text.includes(data.detail);
    const cure = command ?? (url === undefined ? undefined : apiUrl + url);
    const lines = [
      text,
      ...(isUntold ? [`    (${data.detail})`] : []),
      ...(cure === undefined ? [] : [`    → ${cure}`]),
    ];
    const key = lines.join('\n');
    places.set(key, [...(places.get(key) ?? []), ...(place === '' ? [] : [place])]);
  }
  return [...places].map(([text, where]) => `  - ${where.length === 0 ? '' : `[${where.join(', ')}] `}${text}`);
}
