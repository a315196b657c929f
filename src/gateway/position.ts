/** A place in a channel's history: events count up from 1 within an epoch. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** Where a client stands on channels with a history. */
export type Places = ReadonlyMap<string, Position>

const PLACE = /^(.{1,200}):([\w-]{1,64}):(\d{1,16})$/

/** What follows a session's number in the cursor that a client shows: `/<channel>:<epoch>:<offset>` each. */
export function placesText(places: Places): string {
  return [...places].map(([name, { epoch, offset }]) => `/${name}:${epoch}:${offset}`).join('')
}

/** `parts` are those of a cursor between its slashes; what is no place is left out. */
export function parsePlaces(parts: readonly string[]): Places {
  const places = new Map<string, Position>()
  for (const part of parts) {
    const [, channel, epoch = '', offset] = PLACE.exec(part) ?? []
    if (channel !== undefined) places.set(channel, { epoch, offset: Number(offset) })
  }
  return places
}
