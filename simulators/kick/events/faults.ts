/** What the next deliveries suffer; each counter goes down with every one hit. */

export interface DeliveryFaults {
  /** Never sent. */
  lost: number;
  /** Delivered twice, with the same message id. */
  duplicates: number;
  /** Delivered a second time under another id, as through a second subscription. */
  duplicatesWithNewId: number;
  /** Held back until this many have gathered, then delivered last one first. */
  reordered: number;
  /** Delivered `delayMs` later, with the time and signature of when it happened; others overtake it. */
  delayed: number;
  delayMs: number;
  /** One bit of the signature is wrong. */
  corruptSignatures: number;
  /** Signed by somebody else. */
  forged: number;
  /** The date stands twice in the timestamp header; the signature covers that text. */
  doubledDates: number;
  /** Without the header `headerName`. */
  withoutHeader: number;
  headerName: string;
}

export function countingFaults(): DeliveryFaults {
  return {
    lost: 0,
    duplicates: 0,
    duplicatesWithNewId: 0,
    reordered: 0,
    delayed: 0,
    delayMs: 300_000,
    corruptSignatures: 0,
    forged: 0,
    doubledDates: 0,
    withoutHeader: 0,
    headerName: 'Kick-Event-Message-Id',
  };
}
