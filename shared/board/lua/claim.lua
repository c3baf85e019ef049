-- Claim an item. Arguments: batch, number, owner, lease in ms, nonce (the caller's name for this
-- very attempt: repeating it after a lost answer gives the same claim).
-- Returns {} or {spec, fence, deliveries, retries, strikes, etag or nil, size or nil}.
local batch, number, owner, lease, nonce = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local flags = redis.call('HMGET', key('batch', batch), 'sealed', 'cancelled', 'paused', 'lane', 'fence')
local spec = redis.call('HGET', key('specs', batch), number)
local item = key('item', batch, number)

local function granted()
  local fields = redis.call('HMGET', item,
    'fence', 'deliveries', 'retries', 'strikes', 'etag', 'size')
  return {spec, fields[1], fields[2], fields[3] or '0', fields[4] or '0', fields[5], fields[6]}
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
if flags[3] then
  redis.call('ZREM', key('published', flags[4]), member(batch, number))
  wait(batch, number)
  return {}
end
refuse_when_full()
move(batch, number, 'running')
redis.call('HSET', item, 'owner', owner, 'nonce', nonce)
if flags[5] then
  redis.call('HSETNX', item, 'fence', flags[5])
end
redis.call('HINCRBY', item, 'fence', 1)
redis.call('HINCRBY', item, 'deliveries', 1)
redis.call('ZADD', key('claims'), NOW + lease, member(batch, number))
redis.call('SADD', key('owned', owner), member(batch, number))
redis.call('HSETNX', key('batch', batch), 'first_claim', NOW)
return granted()
