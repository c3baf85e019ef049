-- Keep a token. Arguments: id, name, role, digest of its secret, lifetime in ms or ''. Returns 1, or
-- 0 where the name belongs to another one.
local id, name = ARGV[2], ARGV[3]
local taken = redis.call('HGET', key('token_names'), name)
if taken then
  return taken == id and 1 or 0
end
even_when_full()
redis.call('HSET', key('token_names'), name, id)
redis.call('HSET', key('token', id), 'name', name, 'role', ARGV[4], 'digest', ARGV[5], 'created', NOW)
if ARGV[6] ~= '' then
  redis.call('HSET', key('token', id), 'expires', NOW + ARGV[6])
end
return 1
