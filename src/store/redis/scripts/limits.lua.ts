/**
 * Counts calls against sliding windows. `ARGV[1]` is the time (epoch ms, empty:
 * the server's); then, for each limit: how many windows, the limit, the window in
 * ms, in how many ms the calls are made, and of each window its key and the calls wanted. Replies with granted,
 * remaining and the moment at which more fits, of each.
 *
 * A window is a text: how many calls it holds, in how many entries; the moments
 * of the oldest, the last but one and the latest, and the calls of the latest;
 * then the entries before the latest, oldest first, each as
 * `<ms since the one before>:<calls>,`. So a call changes the head and at most
 * adds an entry, and what has left the window is cut off at the front.
 *
 * Up to 64 entries are exact; beyond, calls that are closer together than a 64th
 * of the window share the moment of the latest. So a call is never forgotten
 * before it has left the window, and an entry is at most a 64th of the window late.
 */
export const hitScript = `
local p, A, call = KEYS[1], ARGV, redis.call
local match, format = string.match, string.format
local now
if A[1] ~= '' then now = tonumber(A[1]) else
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local EXACT = 64

-- Reads a window without what is not after \`start\`; nothing when all of it has left.
local function read(text, start)
  local used, size, oldest, previous, latest, calls, at =
    match(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) ()')
  latest = tonumber(latest)
  if latest <= start then return end
  oldest = tonumber(oldest)
  while oldest <= start do
    local count, next, gap = match(text, '^%d+:(%d+),()(%d*)', at)
    used, size, at = used - count, size - 1, next
    oldest = gap == '' and latest or oldest + gap
  end
  return tonumber(used), tonumber(size), oldest, tonumber(previous), latest, calls, string.sub(text, at)
end

local function hit(key, limit, window, ahead, wanted)
  local text = call('GET', key)
  local used, size, oldest, previous, latest, calls, before
  if text then used, size, oldest, previous, latest, calls, before = read(text, now - window) end
  if not used then used, size, oldest, previous, latest, calls, before = 0, 0, now + ahead, 0, 0, 0, '' end
  local granted = math.max(0, math.min(wanted, limit - used))
  if granted > 0 then
    -- A clock that went back must not put a call before those that are there.
    local moment = math.max(now + ahead, latest)
    if latest == moment or (size >= EXACT and moment - previous <= window / EXACT) then
      calls = calls + granted
    else
      if size > 0 then
        before = format('%s%d:%d,', before, size == 1 and 0 or latest - previous, calls)
      end
      size, calls, previous = size + 1, granted, latest
    end
    used = used + granted
    call('SET', key, format('%d %d %d %d %d %d %s', used, size, oldest, previous, moment, calls, before),
      'PX', format('%d', window + moment - now))
  end
  local remaining = math.max(0, limit - used)
  return granted, remaining, remaining > 0 and now or oldest + window
end

local reply, i = {}, 2
while i <= #A do
  local count, limit, window, ahead = tonumber(A[i]), tonumber(A[i + 1]), tonumber(A[i + 2]), tonumber(A[i + 3])
  i = i + 4
  for n = i, i + 2 * count - 1, 2 do
    local r = #reply
    reply[r + 1], reply[r + 2], reply[r + 3] = hit(p .. A[n], limit, window, ahead, tonumber(A[n + 1]))
  end
  i = i + 2 * count
end
return reply
`
