import { countChannels } from './count-channels.ts'
import type { Answering } from './fleet/fleet-questions.ts'
import { listClients } from './list-clients.ts'
import type { SessionHub } from './session.ts'
import type { Sockets } from './sockets.ts'

/** What this process answers when the fleet is asked. */
export function answeringOf(hub: SessionHub, sockets: Sockets): Answering {
  return {
    channels: (question) => countChannels(hub, question),
    clients: (question) => listClients(sockets, question),
  }
}
