import type { HookController } from '../controllers/hook-controller.ts'
import type { PreferenceController } from '../controllers/preference-controller.ts'
import {
  DefaultsBody,
  MuteBody,
  PreferencesBody,
  QuietHoursBody,
  UnmuteBody,
} from '../controllers/preference-fields.ts'
import {
  DevicesBody,
  MembersBody,
  PageQuery,
  UserBody,
  type UserController,
  UsersBody,
} from '../controllers/user-controller.ts'
import type { HttpGroup } from '../src/index.ts'

interface Controllers {
  readonly users: UserController
  readonly hooks: HookController
  readonly preferences: PreferenceController
}

/** Who can be told, and what each wants, under `/api`. */
export function peopleRoutes(api: HttpGroup<'/api'>, controllers: Controllers): void {
  userRoutes(api, controllers)
  preferenceRoutes(api, controllers)
  memberRoutes(api, controllers)
}

function userRoutes(api: HttpGroup<'/api'>, { users, hooks }: Controllers): void {
  const admin = { tags: ['people'], scope: 'admin' } as const
  const self = { tags: ['people'], scope: 'read' } as const
  api.on('GET', '/users', { ...admin, query: PageQuery, summary: 'Everybody' }, users.list)
  api.on(
    'PUT',
    '/users',
    { ...admin, body: UsersBody, summary: 'Create or change up to 500 users' },
    users.saveMany,
  )
  api.on('GET', '/users/{id}', { ...self, summary: 'A user' }, users.find)
  api.on(
    'PUT',
    '/users/{id}',
    { ...admin, body: UserBody, summary: 'Create or change a user' },
    users.save,
  )
  api.on(
    'GET',
    '/users/{id}/devices',
    { ...self, summary: 'Devices that take push notifications' },
    users.devices,
  )
  api.on(
    'PUT',
    '/users/{id}/devices',
    { ...self, body: DevicesBody, summary: 'Replace the list of devices' },
    users.saveDevices,
  )
  api.on(
    'GET',
    '/users/{id}/data',
    { ...self, summary: 'Everything that is kept of a user' },
    users.exportData,
  )
  api.on(
    'DELETE',
    '/users/{id}/data',
    { ...self, summary: 'Erase everything that is kept of a user' },
    users.eraseData,
  )
  api.on(
    'POST',
    '/users/{id}/hooks/{channel}/enable',
    { ...admin, summary: 'Call a disabled webhook URL again' },
    hooks.enable,
  )
}

function preferenceRoutes(api: HttpGroup<'/api'>, { preferences }: Controllers): void {
  const admin = { tags: ['people'], scope: 'admin' } as const
  api.on(
    'GET',
    '/preferences/defaults',
    { ...admin, summary: 'What people want who say nothing else' },
    preferences.defaults,
  )
  api.on(
    'PUT',
    '/preferences/defaults',
    {
      ...admin,
      body: DefaultsBody,
      summary: 'Say what people want who say nothing else; what is not named is as it was at first',
    },
    preferences.saveDefaults,
  )
  const self = { tags: ['people'], scope: 'read' } as const
  api.on(
    'GET',
    '/users/{id}/preferences',
    { ...self, summary: 'What a user wants' },
    preferences.find,
  )
  api.on(
    'PUT',
    '/users/{id}/preferences',
    { ...self, body: PreferencesBody, summary: 'Say what a user wants' },
    preferences.save,
  )
  api.on(
    'PUT',
    '/users/{id}/mutes',
    { ...self, body: MuteBody, summary: 'Hear nothing of one thread, for a time or for good' },
    preferences.mute,
  )
  api.on(
    'DELETE',
    '/users/{id}/mutes',
    { ...self, body: UnmuteBody, summary: 'Hear of it again' },
    preferences.unmute,
  )
  api.on(
    'GET',
    '/users/{id}/quiet-hours',
    { ...self, summary: 'When a user does not want to be disturbed' },
    preferences.quietHours,
  )
  api.on(
    'PUT',
    '/users/{id}/quiet-hours',
    { ...self, body: QuietHoursBody, summary: 'Say when a user does not want to be disturbed' },
    preferences.saveQuietHours,
  )
}

function memberRoutes(api: HttpGroup<'/api'>, { users }: Controllers): void {
  const admin = { tags: ['people'], scope: 'admin' } as const
  api.on('GET', '/groups/{id}/members', { ...admin, summary: 'Who is in a group' }, users.members)
  api.on(
    'POST',
    '/groups/{id}/members',
    { ...admin, body: MembersBody, summary: 'Put users into a group' },
    users.addMembers,
  )
  api.on(
    'DELETE',
    '/groups/{id}/members',
    { ...admin, body: MembersBody, summary: 'Take users out of a group' },
    users.removeMembers,
  )
  const onCall = { tags: ['alerts'], scope: 'operate' } as const
  api.on(
    'GET',
    '/oncall/{id}',
    { ...onCall, summary: 'Who is on call for a type of alert' },
    users.onCall,
  )
  api.on(
    'POST',
    '/oncall/{id}',
    { ...onCall, body: MembersBody, summary: 'Put users on call' },
    users.addOnCall,
  )
  api.on(
    'DELETE',
    '/oncall/{id}',
    { ...onCall, body: MembersBody, summary: 'Take users off call' },
    users.removeOnCall,
  )
}
