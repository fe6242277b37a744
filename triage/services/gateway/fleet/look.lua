-- The state for people, in seconds from now; writes nothing.
local function breaker()
  if (state.open_until or 0) == 0 then return 'closed' end
  if seconds_left('open_until') > 0 then return 'open' end
  return seconds_left('probe_until') > 0 and 'probing' or 'ready'
end

local function ahead_of_now(name)
  return seconds_left(name) > 0 and seconds_left(name) or nil
end

local view = {
  breaker = breaker(),
  open_since = breaker() ~= 'closed' and state.opened_at - now or nil,
  failures = state.failures or 0,
  paused_until = ahead_of_now('pause_until'),
  gone_until = ahead_of_now('gone_until'),
  waiting = redis.call('ZCOUNT', DUE, now - 1, '+inf'),
  latency_ms = state.latency_ms
}
for _, name in ipairs(NAMES) do view[name] = buckets[name] end
return cjson.encode(view)
