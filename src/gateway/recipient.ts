import type { Inbox, Sessions } from './application.ts'
import type { Encoder } from './outbound.ts'
import type { Transport } from './transport.ts'

/** Who is brought what is in his session queue. */
export interface Recipient {
  readonly id: string
  readonly user: string
  readonly transport: Transport
  readonly protocol: Encoder
  readonly application: {
    readonly sessions: Sessions
    readonly inbox: Pick<Inbox, 'markDelivered'>
  }
}
