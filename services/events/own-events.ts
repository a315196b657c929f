/** Others are on call by a schedule than before. */
export const ON_CALL_CHANGED = 'oncall.changed'

/** What the service itself has to say: known also where unknown types are turned away. */
export const OWN_EVENTS: readonly string[] = [ON_CALL_CHANGED]
