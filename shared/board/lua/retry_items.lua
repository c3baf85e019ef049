-- Queue a slice of failed items again. Arguments: batch, after, limit, length of the choice, the
-- choice ('all', or 'these' and numbers), the codes ('any', or 'these' and codes).
-- Returns 'unknown', 'cancelled', or {items moved, items seen, last number seen}.
local batch, after, limit, length = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local record = key('batch', batch)
local fields = redis.call('HMGET', record, 'total', 'cancelled')
if not fields[1] then
  return 'unknown'
end
if fields[2] then
  return 'cancelled'
end

refuse_when_full()
local codes, any = {}, ARGV[6 + length] == 'any'
for position = 7 + length, #ARGV do
  codes[ARGV[position]] = true
end

local function wanted(number)
  return state_of(batch, number) == 'failed'
    and (any or codes[redis.call('HGET', key('item', batch, number), 'code')])
end

-- Its approved mask fits the picture no more, or is gone: a new one is to be found, and looked at.
local MASK_IS_LOST = {source_changed = true, frozen_mask_lost = true}

local function retry(number)
  local item = key('item', batch, number)
  if MASK_IS_LOST[redis.call('HGET', item, 'code')] then
    redis.call('HDEL', key('frozen', batch), number)
  end
  move(batch, number, 'queued')
  redis.call('HDEL', item, 'deliveries', 'retries', 'strikes', 'code', 'owner')
  -- An approved mask fits the very picture that it was approved for, and no later one.
  if not redis.call('HGET', key('frozen', batch), number) then
    redis.call('HDEL', item, 'size')
    -- Empty, not absent: it also overrides the ETag that the submission's listing told.
    redis.call('HSET', item, 'etag', '')
  end
  redis.call('HDEL', key('outcomes', batch), number)
  wait(batch, number)
end

local numbers = {}
if ARGV[6] == 'all' then
  numbers = redis.call('ZRANGEBYSCORE', key('in_state', batch, 'failed'), '(' .. after, '+inf',
    'LIMIT', 0, limit)
else
  for position = 7, 5 + length do
    numbers[#numbers + 1] = ARGV[position]
  end
end
local moved = 0
for _, number in ipairs(numbers) do
  if wanted(number) then
    retry(number)
    moved = moved + 1
  end
end
if moved > 0 then
  redis.call('HINCRBY', record, 'revision', 1)
  note_window(batch)
  -- What is begun again counts again; what failed before is no sign of what comes.
  local begun, device = redis.call('HINCRBY', record, 'base_begun', -moved),
    batch_field(batch, 'base_device') or '0'
  count_anew(batch)
  redis.call('HSET', record, 'base_begun', begun, 'base_device', device)
  if batch_field(batch, 'paused') == 'pilot' then
    release(batch)
  end
end
return {moved, #numbers, numbers[#numbers] or after}
