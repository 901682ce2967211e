/** The inbox of a worker whose platform has one. */
import type { Credentials } from '../../accounts/credentials.ts';
import type { WebhookInbox } from '../../platforms/worker-side.ts';
import { InboxReader, type InboxReaderDeps } from './inbox-reader.ts';

interface OpenDeps extends Omit<InboxReaderDeps, 'inbox' | 'knowsOwnAccounts'> {
  readonly credentials: Pick<Credentials, 'ownAccountIds' | 'onDefaultSenderChanged'>;
}

/** @param inbox absent where nothing is delivered by webhook */
export function openInbox(inbox: WebhookInbox | undefined, deps: OpenDeps): InboxReader | null {
  if (inbox === undefined) return null;
  // An installation without any account hears that there is none.
  let isTold = false;
  deps.credentials.onDefaultSenderChanged(() => {
    isTold = true;
  });
  const knowsOwnAccounts = () => isTold || deps.credentials.ownAccountIds().size > 0;
  return new InboxReader({ ...deps, inbox, knowsOwnAccounts });
}
