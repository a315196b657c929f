/** A client that sends faster than it is served is not read any further. */
const MOST_WAITING = 64

/** A client that is listened to. */
export interface Listening {
  readonly transport: { pause(): void; resume(): void }
  /** Messages not handled yet, oldest first; `null` while there are none, as with most of many clients. */
  waiting: string[] | null
  /** Whether messages are handled already. */
  readonly isReady: boolean
  /** Handles one message. Never rejects. */
  handle(text: string): Promise<void>
}

/** Takes a message of a client's: they are handled one after the other, once it is ready. */
export function hear(client: Listening, text: string): void {
  if (client.waiting === null) {
    client.waiting = [text]
    if (client.isReady) void handleWaiting(client)
    return
  }
  client.waiting.push(text)
  if (client.waiting.length === MOST_WAITING) client.transport.pause()
}

/** The client has become ready: handles what came before. */
export async function handleWaiting(client: Listening): Promise<void> {
  for (let text = take(client); text !== undefined; text = take(client)) {
    await client.handle(text)
  }
  client.waiting = null
}

function take({ waiting, transport }: Listening): string | undefined {
  if (waiting?.length === MOST_WAITING) transport.resume()
  return waiting?.shift()
}
