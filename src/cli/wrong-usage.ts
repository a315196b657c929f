/** A command that was called in the wrong way: exit code 2. */
export class WrongUsage extends Error {}
