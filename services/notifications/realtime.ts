/** Tells a user's live sessions, on whatever process they are, what was just stored for them. */
export interface Realtime {
  /**
   * `seq` is the number that the stored entry got (0: nobody is connected);
   * `data` is JSON text and goes out as it is.
   */
  publish(user: string, seq: number, type: string, data: string): void
}
