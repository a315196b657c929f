import { type Server, WebSocketServer } from 'ws'
import { GatewaySocket } from './connection.ts'
import { SUBPROTOCOL } from './credential.ts'
import { ignoreError, type Upgrade } from './upgrade.ts'

const MAX_MESSAGE_BYTES = 64 * 1024
const CLOSE_PATIENCE_MS = 2000

/** Completes WebSocket handshakes, with the same limits whatever protocol is spoken then. */
export class Handshakes {
  readonly #server: Server<typeof GatewaySocket>

  /** `compression`: whether to offer permessage-deflate. */
  constructor({ compression }: { readonly compression: boolean }) {
    const options = {
      noServer: true,
      clientTracking: false,
      autoPong: false, // `Connection` answers: ws would keep a closure for it in each socket
      maxPayload: MAX_MESSAGE_BYTES,
      closeTimeout: CLOSE_PATIENCE_MS,
      WebSocket: GatewaySocket,
      handleProtocols: (offered: Set<string>): string | false =>
        offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false,
      perMessageDeflate: compression && {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
      },
    }
    this.#server = new WebSocketServer(options)
  }

  /** `false`: the handshake was wrong, and ws has said so. */
  accept({ request, socket, head }: Upgrade, onOpen: (ws: GatewaySocket) => void): boolean {
    // A smaller window would need bytes of its own; such clients get plain frames.
    if (request.headers['sec-websocket-extensions']?.includes('server_max_window_bits')) {
      delete request.headers['sec-websocket-extensions']
    }
    let isOpen = false
    socket.off('error', ignoreError) // from here on ws listens
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      isOpen = true
      onOpen(ws)
    })
    return isOpen
  }
}
