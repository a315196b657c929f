import Echo from 'laravel-echo'
import Pusher from 'pusher-js'
import { url, userId } from '../where.ts'
import { Dashboard } from './dashboard.ts'

const { hostname, port, protocol } = new URL(url)
const isSecure = protocol === 'https:'
const wsPort = Number(port || (isSecure ? 443 : 80))

const me = `user_id=${encodeURIComponent(userId)}`

// Nothing of Belfry's own in here: Laravel Echo as it is, pointed at the service.
const echo = new Echo({
  broadcaster: 'pusher',
  Pusher,
  key: 'belfry',
  cluster: '',
  wsHost: hostname,
  wsPort,
  wssPort: wsPort,
  forceTLS: isSecure,
  enabledTransports: ['ws', 'wss'],
  disableStats: true,
  authEndpoint: `${url}/broadcasting/auth?${me}`,
  userAuthentication: {
    endpoint: `${url}/broadcasting/user-auth?${me}`,
    transport: 'ajax',
    headers: {},
  },
})

const dashboard = new Dashboard()

echo
  .channel('admin-dashboard')
  .listen('.donation.large', dashboard.onLargeDonation)
  .listen('.campaign.milestone', dashboard.onProgress)
  .listen('.campaign.progress', dashboard.onProgress)
  .listen('.campaign.approval_needed', dashboard.onApprovalNeeded)
echo.private(`user.notifications.${userId}`).listen('.notification.created', dashboard.onPersonal)

// A public name that only super administrators may hear: after saying who we are, each time.
const { pusher } = echo.connector
pusher.bind('pusher:signin_success', () => {
  echo.leaveChannel('security-alerts')
  echo.channel('security-alerts').listen('.security.alert', dashboard.onSecurityAlert)
})
pusher.signin()
