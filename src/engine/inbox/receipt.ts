/** What a chat line from the inbox carries along, so that it is marked exactly when nothing is owed for it any more. */

export interface Receipt {
  /** Its place in the inbox. */
  readonly seq: number;
  /**
   * Called once, when the line has had its effect or will never have one.
   *
   * @param isMarked whether the mark was written together with an answer; if not, it is still to be written
   */
  done(isMarked: boolean): void;
}
