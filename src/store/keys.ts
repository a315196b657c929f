/**
 * Every key name, in one place: the names of the seed, so that ops scripts that
 * know them work (contract §7). A cluster's partition tag and `REDIS_PREFIX` are
 * put before them by the adapter, a tenant's prefix here.
 */
export class Keys {
  /** What a tenant's keys begin with; empty for the default tenant. */
  readonly scope: string

  constructor(tenant = '') {
    this.scope = tenant === '' ? '' : `t:${tenant}:`
  }

  /** Counts the changes of a set of documents. */
  version = (all: string) => `${all}:version`

  /** What every key of a user's own begins with. */
  user = (user: string) => `${this.scope}user:${user}:`

  // Notifications and inboxes
  notification = (id: string) => `${this.scope}notification:${id}`
  inbox = (user: string) => `${this.scope}user:${user}:notifications`
  unread = (user: string) => `${this.scope}user:${user}:unread`
  unreadCount = (user: string) => `${this.scope}user:${user}:unread_notifications`
  idempotency = (scope: string, key: string) => `${this.scope}idempotency:${scope}:${key}`
  snoozed = () => `${this.scope}notifications:snoozed`
  scheduled = (notificationId: string) => `${this.scope}scheduled:${notificationId}`
  /** Never written: the record of a write that creates none. */
  never = () => `${this.scope}never`
  packet = (id: string) => `${this.scope}packet:${id}`
  collapse = (user: string, key: string) => `${this.scope}user:${user}:collapse:${key}`
  /** Why something was never a notification, or not one of its own. */
  trace = (id: string) => `${this.scope}trace:${id}`

  // What a message may ask for: digests, throttles, repetition, receipts
  digest = (user: string, hash: string) => `${this.scope}user:${user}:digest:${hash}`
  digestLast = (user: string, hash: string) => `${this.scope}user:${user}:digest_last:${hash}`
  digestEvents = (id: string) => `${this.scope}digest:${id}:events`
  digestCount = (id: string) => `${this.scope}digest:${id}:count`
  throttle = (user: string, hash: string) => `${this.scope}user:${user}:throttle:${hash}`
  /** What waits under a tag or a transaction, by its moment. */
  label = (name: string) => `${this.scope}waiting:${name}`
  recurrence = (id: string) => `${this.scope}recurrence:${id}`
  recurrences = () => `${this.scope}recurrences`
  receipt = (id: string) => `${this.scope}receipt:${id}`
  receiptAcks = (id: string) => `${this.scope}receipt:${id}:acks`
  statNames = (day: string) => `${this.scope}stats:${day}`
  stat = (day: string, name: string) => `${this.scope}stats:${day}:${name}`

  // Directory
  users = () => `${this.scope}users`
  profile = (user: string) => `${this.scope}user:${user}:profile`
  /** Time zones that somebody lives by, and who lives by one. */
  timezones = () => `${this.scope}timezones`
  timezoneUsers = (zone: string) => `${this.scope}timezone:${zone}:users`
  /** That somebody was erased, by a digest of his id. */
  erased = (hash: string) => `${this.scope}erased:${hash}`
  preferences = (user: string) => `${this.scope}user:${user}:notification_preferences`
  contactMethods = (user: string) => `${this.scope}user:${user}:contact_methods`
  notificationRules = (user: string) => `${this.scope}user:${user}:notification_rules`
  pushTokens = (user: string) => `${this.scope}user:${user}:push_tokens`
  hook = (user: string, channel: string) => `${this.scope}user:${user}:hook:${channel}`
  role = (role: string) => `${this.scope}users:${role}`
  groups = () => `${this.scope}groups`
  groupMembers = (group: string) => `${this.scope}group:${group}:members`
  onCall = (alertType: string) => `${this.scope}oncall:${alertType}`
  /** Types of alert for which somebody was put on call. */
  onCallTypes = () => `${this.scope}oncall_types`
  schedule = (id: string) => `${this.scope}schedule:${id}`
  schedules = () => `${this.scope}schedules`
  /** Who was on call by a schedule when somebody looked last. */
  lastOnCall = (id: string) => `${this.scope}schedule_oncall:${id}`
  escalationPolicy = (id: string) => `${this.scope}escalation_policy:${id}`
  alertRouting = (id: string) => `${this.scope}alert_routing:${id}`
  alertRoutings = () => `${this.scope}alert_routings`
  escalationPolicies = () => `${this.scope}escalation_policies`

  // Sessions
  session = (user: string, session: string) => `${this.scope}websocket:${user}:${session}`
  sessions = (user: string) => `${this.scope}websocket:user:${user}:sessions`
  sessionQueue = (user: string, session: string) =>
    `${this.scope}websocket:queue:${user}:${session}`
  sessionSeq = (user: string) => `${this.scope}websocket:seq:${user}`
  connectedUsers = () => `${this.scope}websocket:users`

  // Gateways and broadcast channels
  gatewayNodes = () => 'gateway:nodes'
  gatewayNode = (node: string) => `gateway:node:${node}`
  /** Which members of presence channels a process holds. */
  presenceOfNode = (node: string) => `gateway:presence:${node}`
  presence = (channel: string) => `${this.scope}presence:${channel}`
  /** A channel's name holds no slash; whoever signs a member may call him anything. */
  presenceMember = (channel: string, user: string) =>
    `${this.scope}presence:${channel}/${encodeURIComponent(user)}`
  presenceVersion = (channel: string) => `${this.scope}presence_version:${channel}`
  channelCache = (channel: string) => `${this.scope}channel_cache:${channel}`
  /** The last events of a user's own channel, and where they end. */
  channelHistory = (channel: string) => `${this.scope}channel_history:${channel}`
  channelPosition = (channel: string) => `${this.scope}channel_position:${channel}`

  // Broadcasts, alerts, status
  broadcast = (id: string) => `${this.scope}broadcast:${id}`
  broadcastLog = () => `${this.scope}broadcasts:log`
  broadcastProgress = (id: string) => `${this.scope}broadcast:${id}:progress`
  alert = (id: string) => `${this.scope}alert:${id}`
  alertCount = (id: string) => `${this.scope}alert:${id}:count`
  alertSeen = (id: string) => `${this.scope}alert:${id}:seen`
  alertLog = (id: string) => `${this.scope}alert:${id}:log`
  alertTold = (id: string) => `${this.scope}alert:${id}:told`
  /** That what people want to hear later of a step was planned, for some of them. */
  alertPlanned = (id: string, who: string) => `${this.scope}alert:${id}:planned:${who}`
  alertDedup = (hash: string) => `${this.scope}alerts:dedup:${hash}`
  criticalAlerts = () => `${this.scope}alerts:critical`
  openAlerts = () => `${this.scope}alerts:open`
  recentAlerts = () => `${this.scope}alerts:recent`
  systemStatus = (component: string) => `${this.scope}system:status:${component}`
  systemComponents = () => `${this.scope}system:status`
  maintenance = (id: string) => `${this.scope}maintenance:${id}`

  // What keeps alerts quiet
  silence = (id: string) => `${this.scope}silence:${id}`
  silences = () => `${this.scope}silences`
  inhibitionRule = (id: string) => `${this.scope}inhibition_rule:${id}`
  inhibitionRules = () => `${this.scope}inhibition_rules`
  /** Open alerts that keep others quiet, by rule and equal labels. */
  inhibiting = (name: string) => `${this.scope}alerts:inhibiting:${name}`
  alertFlap = (dedup: string) => `${this.scope}alerts:flap:${dedup}`
  unansweredAlerts = (origin: string) => `${this.scope}alerts:unanswered:${origin}`
  /** When a group of alerts was told last. */
  alertGroup = (group: string) => `${this.scope}alerts:group:${group}`
  /** Which alerts of a group people know of. */
  groupFiring = (group: string) => `${this.scope}alerts:group:${group}:firing`
  /** Which are to be told next. */
  groupWaiting = (group: string) => `${this.scope}alerts:group:${group}:waiting`
  /** The work that says of an alert that it is resolved. */
  resolvedIn = (id: string) => `${this.scope}alert:${id}:resolved_in`
  /** Jobs of the alert queue that wait for quiet to end. */
  heldAlertJobs = () => `${this.scope}alerts:held`
  // Rules and monitors
  /** The state of one thing that a rule or a monitor watches. */
  watched = (key: string) => `${this.scope}watched:${key}`
  heartbeat = (id: string) => `${this.scope}heartbeat:${id}`
  heartbeats = () => `${this.scope}heartbeats`
  /** Monitored things by the moment (epoch ms) until which they must be heard of. */
  heartbeatsDue = () => `${this.scope}heartbeats:due`
  /** That beats are being looked at, and since when. */
  heartbeatsWatched = () => `${this.scope}heartbeats:watched`

  /** That an alert was answered by what works once, such as a link. */
  answered = (hash: string) => `${this.scope}link:${hash}`

  // Events
  event = (id: string) => `${this.scope}event:${id}`
  eventLog = () => `${this.scope}events:log`
  eventTypes = () => `${this.scope}event_types`
  notifiableEvent = (id: string) => `${this.scope}notifiable_event:${id}`

  // Templates
  template = (id: string) => `${this.scope}template:${id}`
  templateName = (name: string) => `${this.scope}template_name:${name}`
  templateVersions = (id: string) => `${this.scope}template:${id}:versions`
  templates = () => `${this.scope}templates`

  // Deliveries
  /** `email` → `email_queue`; the adapter derives `…:<priority>`, `…:scheduled`, `…:leases`. */
  queue = (channel: string) => `${this.scope}${channel}_queue`
  /** What a tenant's people want who say nothing else. */
  preferenceDefaults = () => `${this.scope}preference_defaults`
  /** The names of queues that an application put jobs into. */
  queueNames = () => `${this.scope}queue_names`
  mailLog = () => `${this.scope}mail_logs`
  smsOptOut = (hash: string) => `${this.scope}sms:opt_out:${hash}`
  smsConversation = (hash: string) => `${this.scope}sms:last:${hash}`
  smsCodes = (hash: string) => `${this.scope}sms:codes:${hash}`
  smsLog = () => `${this.scope}sms_logs`
  outbox = () => `${this.scope}outbox`
  deadLetters = () => `${this.scope}dead_letters`
  auditLog = () => `${this.scope}audit`
  auditEntry = (id: string) => `${this.scope}audit:${id}`
  deadLetterCount = () => `${this.scope}dead_letters:evicted`

  // Access
  apiKey = (hash: string) => `${this.scope}api_key:${hash}`
  apiKeys = () => `${this.scope}api_keys`
  ticket = (hash: string) => `${this.scope}ticket:${hash}`
  setting = (name: string) => `${this.scope}setting:${name}`
  rate = (who: string) => `${this.scope}rate:${who}`
  /** Names of the tenants that were ever served. */
  tenants = () => 'tenants'
}

const TENANTS_KEPT = 1_000
const ofTenants = new Map<string, Keys>()

/** The keys of a tenant (empty: the default one), made once. */
export function keysOfTenant(tenant: string): Keys {
  let keys = ofTenants.get(tenant)
  if (keys === undefined) {
    if (ofTenants.size >= TENANTS_KEPT) ofTenants.clear()
    keys = new Keys(tenant)
    ofTenants.set(tenant, keys)
  }
  return keys
}

/** Whose keys begin with `t:acme:`; empty: the default tenant's. */
export function tenantOfScope(scope: string): string {
  return scope === '' ? '' : scope.slice(2, -1)
}

/** The keys of a tenant by their scope, `t:acme:`. */
export function keysOfScope(scope: string): Keys {
  const keys = keysOfTenant(tenantOfScope(scope))
  if (keys.scope === scope) return keys
  throw new TypeError(`${JSON.stringify(scope)} is no scope of a tenant`)
}

/** Written over and over to find out whether a store takes writes. */
export const PROBE = { key: 'setting:probe', ttlMs: 60_000 } as const

/** The keys of one queue, as both adapters name them. */
export const queueKeys = {
  ready: (queue: string, priority: string) => `${queue}:${priority}`,
  scheduled: (queue: string) => `${queue}:scheduled`,
  leases: (queue: string) => `${queue}:leases`,
  takes: (queue: string) => `${queue}:takes`,
  failed: (queue: string) => `${queue}:failed`,
  paused: (queue: string) => `${queue}:paused`,
  /** `email_queue` and an id → `email_job:<id>`. */
  job: (queue: string, id: string) => `${queue.replace(/_queue$/, '')}_job:${id}`,
}
