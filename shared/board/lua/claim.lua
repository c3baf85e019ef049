-- Claim an item. Arguments: batch, number, owner, lease in ms, nonce (the caller's name for this
-- very attempt: repeating it after a lost answer gives the same claim).
-- Returns {} or {spec, fence, deliveries, retries, strikes, etag or nil, size or nil, approved mask
-- or nil}.
local batch, number, owner, lease, nonce = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local flags = redis.call('HMGET', key('batch', batch), 'sealed', 'cancelled', 'lane', 'fence')
local spec = redis.call('HGET', key('specs', batch), number)
local item = key('item', batch, number)

local function granted()
  local fields = redis.call('HMGET', item,
    'fence', 'deliveries', 'retries', 'strikes', 'etag', 'size')
  local frozen = redis.call('HGET', key('frozen', batch), number)
  return {spec, fields[1], fields[2], fields[3] or '0', fields[4] or '0', fields[5], fields[6],
    frozen}
end

-- Why a batch may begin no more items, as a clause; false where it may.
local function spent_budget(batch)
  local names = {'cap_items', 'cap_device', 'n:done', 'n:failed', 'n:held', 'n:rejected',
    'n:running', 'base_begun', 'device', 'base_device'}
  local fields = redis.call('HMGET', key('batch', batch), unpack(names))
  for position = 3, #names do
    fields[position] = tonumber(fields[position] or 0)
  end
  local most, most_seconds, done, failed, held, rejected, running, begun, device, old =
    unpack(fields)
  if most and done + failed + held + rejected + running - begun >= tonumber(most) then
    return string.format('its cap of %s items is used up', most)
  end
  if most_seconds and device - old >= tonumber(most_seconds) then
    return string.format('its cap of %s device seconds is used up', most_seconds)
  end
  return false
end

if not flags[1] or not spec then
  return {}
end
local state = state_of(batch, number)
if state == 'running' and redis.call('HGET', item, 'nonce') == nonce then
  return granted()
end
if state ~= 'queued' then
  return {}
end
if flags[2] then
  move(batch, number, 'cancelled')
  return {}
end
local delayed = redis.call('ZSCORE', key('delayed'), member(batch, number))
if delayed then
  return {}
end
local spent = not is_halted(batch) and spent_budget(batch)
if spent then
  halt(batch, 'budget', spent)
end
if is_halted(batch) then
  redis.call('ZREM', key('published', flags[3]), member(batch, number))
  wait(batch, number)
  return {}
end
refuse_when_full()
move(batch, number, 'running')
redis.call('HSET', item, 'owner', owner, 'nonce', nonce)
if flags[4] then
  redis.call('HSETNX', item, 'fence', flags[4])
end
redis.call('HINCRBY', item, 'fence', 1)
redis.call('HINCRBY', item, 'deliveries', 1)
redis.call('ZADD', key('claims'), NOW + lease, member(batch, number))
redis.call('SADD', key('owned', owner), member(batch, number))
redis.call('HSETNX', key('batch', batch), 'first_claim', NOW)
return granted()
