-- Shared by every script: keys, time, and the one way in which an item changes its state.
-- The renderer puts three tables before this text: MOVES and FINAL (shared/states.py) and
-- KEY (shared/keys.py). ARGV[1] is the prefix of all keys; a script's own arguments follow.
-- Keys are built here, not passed in KEYS: one Redis, not a cluster.

local PREFIX = ARGV[1]
-- Turns are multiples of this over a batch's weight: exact for every weight from 1 to 10.
local STRIDE = 2520

local function key(name, ...)
  return string.format(KEY[name], PREFIX, ...)
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local NOW = now_ms()

-- A Redis over its maxmemory refuses the first write of a script if it is one that may need memory,
-- and after a first write that needs none refuses nothing. Both of these change nothing; the first
-- is for reports of work that is done and must not be thrown away, the second for new work.
local function even_when_full()
  redis.call('ZREM', key('claims'), '')
end

local function refuse_when_full()
  redis.call('ZADD', key('claims'), 'XX', 0, '')
end

-- `batch/number`, as the sets over all batches name an item; batch ids hold no slash.
local function member(batch, number)
  return batch .. '/' .. number
end

local function split(name)
  return string.match(name, '^(.-)/(%d+)$')
end

local function batch_field(batch, field)
  return redis.call('HGET', key('batch', batch), field)
end

local function state_of(batch, number)
  return redis.call('HGET', key('item', batch, number), 'state') or 'queued'
end

-- Whether a batch gives out no items now: somebody or something paused it, or its window is closed.
local function is_halted(batch)
  local fields = redis.call('HMGET', key('batch', batch), 'paused', 'opens', 'closes')
  local closed = fields[3] and (NOW < tonumber(fields[2]) or NOW >= tonumber(fields[3]))
  return fields[1] or closed
end

-- Put a batch into its lane's round, not before the round's present turn: no credit for waiting.
local function join_lane(batch)
  local fields = redis.call('HMGET', key('batch', batch), 'lane', 'turn', 'sealed', 'cancelled')
  local lane = fields[1]
  if not fields[3] or fields[4] or is_halted(batch)
    or redis.call('ZSCORE', key('lane', lane), batch) then
    return
  end
  local present = tonumber(redis.call('HGET', key('turns'), lane) or 0)
  redis.call('ZADD', key('lane', lane), math.max(present, tonumber(fields[2] or 0)), batch)
end

-- The order in which a batch's items are given out: by number, those of its pilot before all others
-- (below zero). A pilot of n items is spread over the batch: the last of each of n equal parts.
local function rank(number, total, pilot)
  if not pilot then
    return number
  end
  -- Whole numbers are multiplied before anything is divided: a rounded step loses items.
  local before, after = math.floor(number * pilot / total), math.floor((number + 1) * pilot / total)
  return after > before and number - total or number
end

local function add_waiting(batch, number)
  local fields = redis.call('HMGET', key('batch', batch), 'total', 'pilot')
  local place = rank(tonumber(number), tonumber(fields[1]), tonumber(fields[2]))
  redis.call('ZADD', key('waiting', batch), place, number)
end

local function wait(batch, number)
  add_waiting(batch, number)
  join_lane(batch)
end

-- Let a batch give out no more items; published ones leave the window to others at once.
local function halt(batch, reason, note)
  local record = key('batch', batch)
  local lane = redis.call('HGET', record, 'lane')
  redis.call('HSET', record, 'paused', reason, 'pause_note', note, 'paused_at', NOW)
  redis.call('ZREM', key('lane', lane), batch)
  for _, name in ipairs(redis.call('ZRANGE', key('published', lane), 0, -1)) do
    local of, number = split(name)
    if of == batch then
      redis.call('ZREM', key('published', lane), name)
      add_waiting(batch, number)
    end
  end
end

-- From here on a batch's caps and its breaker count anew.
local function count_anew(batch)
  local record = key('batch', batch)
  local names = {'n:done', 'n:failed', 'n:held', 'n:rejected', 'n:running', 'flagged', 'device'}
  local counts = redis.call('HMGET', record, unpack(names))
  for position = 1, #names do
    counts[position] = tonumber(counts[position] or 0)
  end
  local done, failed, held, rejected, running, flagged, device = unpack(counts)
  local ended = done + failed + held + rejected
  redis.call('HSET', record, 'base_ended', ended, 'base_bad', failed + flagged,
    'base_begun', ended + running, 'base_device', tostring(device))
end

local judge

-- Go on with a halted batch; one whose pilot is over halts once more.
local function release(batch)
  redis.call('HDEL', key('batch', batch), 'paused', 'pause_note', 'paused_at')
  count_anew(batch)
  if redis.call('ZCARD', key('waiting', batch)) > 0 then
    join_lane(batch)
  end
  judge(batch)
end

-- The rest of a batch follows its pilot.
local function promote(batch)
  redis.call('HDEL', key('batch', batch), 'pilot')
  release(batch)
end

-- An approved result that is not to be published any more. Where a steward has begun to copy, what it
-- copied is removed: at the latest when its lease is over, until when it may still be copying.
local function withdraw(batch, number)
  local item, name = key('item', batch, number), member(batch, number)
  if redis.call('HDEL', item, 'approved') == 0 then
    return
  end
  local lease = redis.call('ZSCORE', key('publishing'), name) or NOW
  redis.call('ZREM', key('publishing'), name)
  redis.call('HINCRBY', key('batch', batch), 'publishing', -1)
  if redis.call('HDEL', item, 'copying') > 0 then
    redis.call('HSET', item, 'unpublishing', 'copies')
    redis.call('ZADD', key('unpublishing'), math.max(NOW, tonumber(lease)), name)
  end
end

local function leave(batch, number, old)
  redis.call('ZREM', key('in_state', batch, old), number)
  local name, item = member(batch, number), key('item', batch, number)
  if old == 'queued' then
    redis.call('ZREM', key('waiting', batch), number)
    redis.call('ZREM', key('published', batch_field(batch, 'lane')), name)
    redis.call('ZREM', key('delayed'), name)
  elseif old == 'running' then
    redis.call('ZREM', key('claims'), name)
    redis.call('SREM', key('owned', redis.call('HGET', item, 'owner')), name)
    redis.call('HDEL', item, 'nonce')
  elseif old == 'held' then
    withdraw(batch, number)
  end
end

local function open_items(batch)
  local counts = redis.call('HMGET', key('batch', batch), 'n:queued', 'n:running', 'n:held')
  return (counts[1] or 0) + (counts[2] or 0) + (counts[3] or 0)
end

-- When its window opens, a batch takes part in its lane's round.
local function note_window(batch)
  local opens = redis.call('HGET', key('batch', batch), 'opens')
  if opens then
    redis.call('ZADD', key('windows'), opens, batch)
  end
end

-- A batch of which all that is open is held: its results so far can be written.
local function note_settled(batch, open)
  local held = tonumber(batch_field(batch, 'n:held') or 0)
  if open > 0 and held == open then
    redis.call('ZADD', key('settled'), NOW, batch)
  else
    redis.call('ZREM', key('settled'), batch)
  end
end

-- A batch whose items are all final waits for the steward; a retry takes it back.
local function note_end(batch, old, new)
  local record = key('batch', batch)
  local open = open_items(batch)
  note_settled(batch, open)
  if FINAL[new] then
    redis.call('HSET', record, 'last_report', NOW)
  end
  if open == 0 then
    redis.call('SADD', key('ending'), batch)
  elseif FINAL[old] then
    redis.call('SREM', key('ending'), batch)
    redis.call('HDEL', record, 'ended')
    redis.call('SADD', key('unended'), batch)
    redis.call('ZREM', key('ended'), batch)
  end
end

-- A pilot whose items have all ended: the rest follows by itself, or waits for a person.
local function judge_pilot(batch, pilot, share, done, ended)
  if ended < pilot then
    return
  end
  if share and done >= share * pilot then
    promote(batch)
  else
    halt(batch, 'pilot', string.format('%.0f of the pilot of %.0f are done', done, pilot))
  end
end

-- Stop a batch that goes wrong, or whose pilot is over.
function judge(batch)
  local names = {'n:queued', 'n:done', 'n:failed', 'n:held', 'n:rejected', 'pilot', 'pilot_share',
    'breaker_share', 'breaker_least', 'base_ended', 'base_bad', 'paused', 'cancelled', 'flagged'}
  local read, fields = redis.call('HMGET', key('batch', batch), unpack(names)), {}
  for position, name in ipairs(names) do
    fields[name] = read[position]
  end
  local function number(name)
    return tonumber(fields[name] or 0)
  end
  if fields['paused'] or fields['cancelled'] or number('n:queued') == 0 then
    return
  end
  local ended = number('n:done') + number('n:failed') + number('n:held') + number('n:rejected')
  local since, bad = ended - number('base_ended'), number('n:failed') + number('flagged')
  bad = bad - number('base_bad')
  local least, share = tonumber(fields['breaker_least']), tonumber(fields['breaker_share'])
  if least and since >= least and bad > share * since then
    halt(batch, 'breaker', string.format('%.0f of %.0f items failed or were held', bad, since))
  elseif fields['pilot'] then
    judge_pilot(batch, number('pilot'), tonumber(fields['pilot_share']), number('n:done'), ended)
  end
end

-- The feed: an item stands there once, under the number of its newest change.
local function note_change(batch, number)
  local cursor = redis.call('HINCRBY', key('batch', batch), 'cursor', 1)
  redis.call('ZADD', key('changes', batch), cursor, number)
end

-- Counts held items whose masks the gate complains about: the batch may be going wrong.
local function note_flagged(batch, number, new)
  local fields = redis.call('HMGET', key('item', batch, number), 'stage', 'why')
  if fields[1] == 'mask' and fields[2] then
    redis.call('HINCRBY', key('batch', batch), 'flagged', new == 'held' and 1 or -1)
  end
end

-- Keeps counts, state sets and indices in step.
local function change(batch, number, old, new)
  leave(batch, number, old)
  redis.call('HSET', key('item', batch, number), 'state', new)
  redis.call('ZADD', key('in_state', batch, new), number, number)
  redis.call('HINCRBY', key('batch', batch), 'n:' .. old, -1)
  redis.call('HINCRBY', key('batch', batch), 'n:' .. new, 1)
  if old == 'held' or new == 'held' then
    note_flagged(batch, number, new)
  end
  note_change(batch, number)
  note_end(batch, old, new)
end

-- The one way in which an item of a sealed batch changes its state. Refuses what the table does not
-- allow, before anything is written.
local function move(batch, number, new)
  local old = state_of(batch, number)
  if not MOVES[old][new] then
    return false
  end
  change(batch, number, old, new)
  if FINAL[new] or new == 'held' then
    judge(batch)
  end
  return true
end

-- Fail a running item for a reason that no worker reported.
local function fail(batch, number, code, failure)
  move(batch, number, 'failed')
  redis.call('HSET', key('item', batch, number), 'code', code)
  redis.call('HSET', key('outcomes', batch), number, failure)
end

-- Whether an item is running under this very fence.
local function holds(batch, number, fence)
  local fields = redis.call('HMGET', key('item', batch, number), 'state', 'fence')
  return fields[1] == 'running' and fields[2] == fence
end

-- An item's newest decisions by their places, in few enough characters for a small hash.
local function note_decision(item, place)
  local places = (redis.call('HGET', item, 'history') or '') .. ' ' .. place
  if #places > 60 then
    places = string.gsub(places, '^ %d+', '', 1)
  end
  redis.call('HSET', item, 'history', places)
end
