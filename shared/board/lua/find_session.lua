-- The token of a session, which lasts anew. Arguments: digest of the session's id, lifetime in ms,
-- ms between two notes of its use. Returns {token's id, its fields, the time}, nothing where there is
-- no such session (any more).
local session = key('session', ARGV[2])
local kept = redis.call('GET', session)
if not kept then
  return {}
end
local used, id = string.match(kept, '^(%d+) (.*)$')
local fields = redis.call('HGETALL', key('token', id))
if #fields == 0 then
  return {}
end
if NOW - used >= tonumber(ARGV[4]) then
  even_when_full()
  redis.call('SET', session, string.format('%.0f %s', NOW, id), 'PX', ARGV[3])
  redis.call('HSET', key('token', id), 'used', NOW)
end
return {id, fields, string.format('%.0f', NOW)}
