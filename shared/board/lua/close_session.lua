-- End a session; one that is over stays so. Argument: digest of the session's id.
local session = key('session', ARGV[2])
local kept = redis.call('GET', session)
if kept then
  redis.call('ZREM', key('sessions', string.match(kept, ' (.*)$')), ARGV[2])
  redis.call('DEL', session)
end
