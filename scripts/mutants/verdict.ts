/** Decides from two test runs, without a change and with it, whether the tests notice the change. */

/** The part of Vitest's JSON report that counts here. */
export interface Report {
  readonly testResults: readonly { readonly message?: string; readonly assertionResults: readonly TestResult[] }[];
}

interface TestResult {
  readonly fullName: string;
  /** `passed`, `failed`, or another word for a test that did not run. */
  readonly status: string;
  readonly failureMessages?: readonly string[] | null;
}

export type Verdict =
  | { kind: 'killed' }
  /** The tests pass with the change: one is missing. */
  | { kind: 'survived'; why: string }
  /** The tests say nothing: they fail without the change too, or for a reason that any broken code would give. */
  | { kind: 'unclear'; why: string };

/** Such a failure shows that the change is no running program, or that something never came, not that a promise is broken. */
const NO_FINDING = /^(?:\w+: )?(?:SyntaxError|TypeError|ReferenceError|Error: (?:Test|Hook) timed out)/;

/** @param changed null when the run ended without a report */
export function judge(title: string, unchanged: Report | null, changed: Report | null): Verdict {
  const before = testsOf(unchanged, title);
  if (before.length === 0) return { kind: 'unclear', why: 'without the change no such test runs' };
  const failedBefore = before.find(({ status }) => status === 'failed');
  if (failedBefore) return { kind: 'unclear', why: `fails without the change too: ${firstLine(failedBefore)}` };
  const after = testsOf(changed, title);
  if (after.length === 0) {
    return { kind: 'unclear', why: changed?.testResults[0]?.message?.slice(0, 500) || 'with the change no test runs' };
  }
  const failures = after.filter(({ status }) => status === 'failed');
  if (failures.length === 0) return { kind: 'survived', why: `all tests pass that are called "${title}"` };
  const finding = failures.find(({ failureMessages }) => failureMessages?.some((message) => !NO_FINDING.test(message)));
  return finding ? { kind: 'killed' } : { kind: 'unclear', why: failures.map(firstLine).join('; ') };
}

function testsOf(report: Report | null, title: string): readonly TestResult[] {
  const tests = report?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? [];
  return tests.filter(({ fullName, status }) => fullName.includes(title) && ['passed', 'failed'].includes(status));
}

function firstLine({ failureMessages }: TestResult): string {
  return failureMessages?.[0]?.split('\n')[0] ?? 'no reason told';
}
