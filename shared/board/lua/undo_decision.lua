-- Take a slice of a decision back. Arguments: batch, decision's id, the undo's id, its record (JSON).
-- Returns 'unknown' for no such batch, 'missing' for no such decision (an undo is none), else {items
-- taken back so far, items too late so far, 1 while there is more to do}.
-- An item is taken back if nothing has been made of the decision: an approved mask is not being
-- painted, and nobody decided otherwise since.
local batch, id, mine, record = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local log, items = key('decisions', batch), key('batch', batch)
local flags = redis.call('HMGET', items, 'total', 'cancelled')
if not flags[1] then
  return 'unknown'
end
refuse_when_full()
local place = redis.call('HGET', log, 'id:' .. id)
if not place or redis.call('HGET', log, place .. ':undoes') then
  return 'missing'
end

-- Its own place; a second undo of the same decision goes on with the first.
local function begin()
  local own = string.format('%.0f', redis.call('HINCRBY', log, 'newest', 1))
  redis.call('HSET', log, 'id:' .. mine, own, own, record, own .. ':at', NOW,
    own .. ':undoes', place, place .. ':undone', own)
  -- A decision that was interrupted is not gone on with.
  redis.call('HSETNX', log, place .. ':passed', 0)
  return own
end

local own = redis.call('HGET', log, place .. ':undone') or begin()

local function unpublish(number, item)
  move(batch, number, 'held')
  redis.call('HSET', item, 'unpublishing', 'result')
  redis.call('ZADD', key('unpublishing'), NOW, member(batch, number))
  return true
end

-- By kind of change; each returns whether it was taken back.
local BACK = {}

function BACK.m(number, item, fields)
  if fields[1] ~= 'queued' or not redis.call('HGET', key('outcomes', batch), number) then
    return false
  end
  redis.call('HDEL', key('frozen', batch), number)
  return move(batch, number, 'held')
end

function BACK.r(number, item, fields)
  if fields[1] == 'done' then
    return unpublish(number, item)
  end
  if fields[4] then
    withdraw(batch, number)
    note_change(batch, number)
  end
  return fields[4]
end

function BACK.x(number, item, fields)
  return fields[1] == 'rejected' and move(batch, number, 'held')
end

function BACK.p(number, item, fields, old)
  if old ~= '' then
    redis.call('HSET', item, 'picked', old)
  else
    redis.call('HDEL', item, 'picked')
  end
  note_change(batch, number)
  return true
end

local function take_back(entry)
  local number, kind, old = string.match(entry, '^(%d+)(%a)(%d*)$')
  local item = key('item', batch, number)
  local fields = redis.call('HMGET', item, 'state', 'decision', 'picker', 'approved')
  local by = kind == 'p' and 3 or 2
  if flags[2] or fields[by] ~= place or not BACK[kind](number, item, fields, old) then
    return false
  end
  redis.call('HDEL', item, by == 3 and 'picker' or 'decision')
  note_decision(item, own)
  return true, FINAL[fields[1]] and kind ~= 'p'
end

local slices = tonumber(redis.call('HGET', log, place .. ':slices') or 0)
local next = tonumber(redis.call('HGET', log, own .. ':next') or 1)
local back, late, revived = 0, 0, false
for entry in string.gmatch(redis.call('HGET', log, place .. '/' .. next) or '', '[^,]+') do
  local done, was_final = take_back(entry)
  back, late = back + (done and 1 or 0), late + (done and 0 or 1)
  revived = revived or was_final
end
if revived then
  -- Rows that were written before this are written again.
  redis.call('HINCRBY', items, 'revision', 1)
end
if next <= slices then
  redis.call('HSET', log, own .. ':next', next + 1)
end
return {redis.call('HINCRBY', log, own .. ':moved', back),
  redis.call('HINCRBY', log, own .. ':late', late), next < slices and 1 or 0}
