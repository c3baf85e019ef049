-- Approve, reject or pick a slice of items. Arguments: batch, decision's id, action, its record
-- (JSON), variant or '', items passed over in earlier slices, 1 for the last slice, then numbers.
-- Returns 'unknown' for no such batch, {'over', changed, passed over} for a decision that was made
-- before, else {'made', changed here, passed over here}.
-- Where the record names a stage, items that are held at another are passed over: nobody saw them so.
-- A decision stands in the batch's hash under its place, from 1; so do the items that it changed, as
-- `number kind`, by slice: m a mask approved, r a result approved, x rejected, p picked (and what
-- was picked before).
local batch, id, action, record = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local variant, passed, is_last = ARGV[6], tonumber(ARGV[7]), ARGV[8] == '1'
local seen = cjson.decode(record).stage
local log, items = key('decisions', batch), key('batch', batch)
local flags = redis.call('HMGET', items, 'total', 'cancelled')
if not flags[1] then
  return 'unknown'
end
refuse_when_full()
local place = redis.call('HGET', log, 'id:' .. id)
if place then
  local made = redis.call('HMGET', log, place .. ':moved', place .. ':passed')
  if made[2] then
    return {'over', made[1] or '0', made[2]}
  end
else
  place = string.format('%.0f', redis.call('HINCRBY', log, 'newest', 1))
  redis.call('HSET', log, 'id:' .. id, place, place, record, place .. ':at', NOW)
end

local function approve(number, item, stage)
  if stage == 'mask' then
    local mask = cjson.decode(redis.call('HGET', key('outcomes', batch), number)).mask
    redis.call('HSET', key('frozen', batch), number, mask.sha256 .. ' ' .. mask.address)
    -- The claim that found the mask came to its end: it is none of those that tell poison.
    redis.call('HDEL', item, 'deliveries', 'retries')
    move(batch, number, 'queued')
    wait(batch, number)
    return 'm'
  end
  redis.call('HSET', item, 'approved', 1)
  redis.call('HINCRBY', items, 'publishing', 1)
  redis.call('ZADD', key('publishing'), NOW, member(batch, number))
  note_change(batch, number)
  return 'r'
end

local function pick(number, item, old)
  local outcome = cjson.decode(redis.call('HGET', key('outcomes', batch), number))
  local variants = (outcome.result or outcome).variants
  if tonumber(variant) > #variants then
    return false
  end
  redis.call('HSET', item, 'picked', variant)
  note_change(batch, number)
  return 'p' .. (old or '')
end

-- What was done to an item; false where there is nothing to do, nil where it was done before.
local function decide(number, item)
  local fields = redis.call('HMGET', item, 'state', 'stage', 'approved', 'unpublishing', 'picked',
    action == 'pick' and 'picker' or 'decision')
  local state, stage = fields[1], fields[2]
  if fields[6] == place then
    return nil
  end
  if action == 'pick' then
    local is_painted = state == 'done' or state == 'held' and stage == 'result'
    return is_painted and pick(number, item, fields[5])
  end
  if flags[2] or state ~= 'held' or fields[3] or fields[4] or seen and seen ~= stage then
    return false
  end
  if action == 'approve' then
    return approve(number, item, stage)
  end
  move(batch, number, 'rejected')
  return 'x'
end

local changed, begun = {}, false
for position = 9, #ARGV do
  local number = ARGV[position]
  local item = key('item', batch, number)
  local done = decide(number, item)
  if done then
    changed[#changed + 1] = number .. done
    begun = begun or done == 'm'
    redis.call('HSET', item, action == 'pick' and 'picker' or 'decision', place)
    note_decision(item, place)
  elseif done == false then
    passed = passed + 1
  end
end
if #changed > 0 then
  local slice = redis.call('HINCRBY', log, place .. ':slices', 1)
  redis.call('HSET', log, place .. '/' .. slice, table.concat(changed, ','))
end
local moved = redis.call('HINCRBY', log, place .. ':moved', #changed)
if is_last then
  redis.call('HSET', log, place .. ':passed', passed)
end
if begun then
  note_window(batch)
  -- What was a part of the pilot goes on as one.
  if batch_field(batch, 'paused') == 'pilot' then
    release(batch)
  end
end
return {'made', moved, passed}
