import { z } from 'zod'
import { CHANNELS, ownChannels } from '../deliveries/channel-policy.ts'
import { type ChannelSwitches, WISHES } from '../directory/preferences.ts'
import { flowFields } from '../flows/flow-fields.ts'
import { PayloadSchemaField } from './payload-schema.ts'
import { ConditionsField, type WrittenCondition } from './type-conditions.ts'
import { DelayField } from './type-delay.ts'

/** At most for a year. */
const MOST_RETENTION_HOURS = 365 * 24

const RETENTION = `must be more than 0 and at most ${MOST_RETENTION_HOURS} hours`

const words = Object.keys(WISHES) as (keyof typeof WISHES)[]
const known: readonly string[] = [...CHANNELS, 'database', 'mail']

/** One of ours, or one that the application has added. */
const Channel = z
  .string()
  .refine((name) => known.includes(name) || ownChannels.has(name), {
    error: `is no channel; there are ${known.join(', ')}`,
  })
  .transform((name) => (name === 'mail' ? 'email' : name))

/** Channels by name, or one of seed 003's words. */
const Switches = z
  .union([z.enum(words), z.record(Channel, z.boolean())], {
    error: `must be channels, or one of ${words.join(', ')}`,
  })
  .transform((given): ChannelSwitches => (typeof given === 'string' ? WISHES[given] : given))

/** For one channel; `false`: never. */
const OfChannel = z
  .union([z.literal(false), z.array(z.unknown())], {
    error: 'must be a list of conditions, or false: never',
  })
  .superRefine((given, check) => {
    const { error } = ConditionsField.safeParse(given === false ? [] : given)
    for (const { path, message } of error?.issues ?? []) {
      check.addIssue({ code: 'custom', path, message })
    }
  })
  .transform((given) => given as readonly WrittenCondition[] | false)

/**
 * What is said of a type of events, and of the messages of that type. What is not
 * said is as the application defined it, else ours.
 */
export const EventTypeBody = z.strictObject({
  display_name: z.string().trim().min(1).max(200).nullish(),
  category: z.string().trim().min(1).max(50).nullish(),
  retention_hours: z.number().gt(0, RETENTION).max(MOST_RETENTION_HOURS, RETENTION).nullish(),
  critical: z.boolean().nullish().describe('It reaches people whatever they prefer, at any hour'),
  needs_preferences: z
    .boolean()
    .nullish()
    .describe('It tells only people who have said what they want'),
  preferences: Switches.nullish().describe('Channels wanted by those who have said nothing'),
  channels: z
    .array(Channel)
    .min(1)
    .max(20)
    .nullish()
    .describe('Where it goes unless the message says it, whatever its priority'),
  conditions: ConditionsField.nullish(),
  channel_conditions: z
    .record(Channel, OfChannel)
    .nullish()
    .describe('Conditions for one channel, or false: never; database is the inbox'),
  delay: DelayField.nullish(),
  schema: PayloadSchemaField.nullish(),
  ...flowFields,
})

export type WrittenEventType = z.output<typeof EventTypeBody>
