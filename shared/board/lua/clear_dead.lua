-- Forget the messages that nobody could read. Returns how many there were.
local count = redis.call('LLEN', key('dead'))
redis.call('DEL', key('dead'))
return count
