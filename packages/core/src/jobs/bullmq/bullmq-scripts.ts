import type { BullmqClient } from "./bullmq-library.ts";

// BullMQ has no cancelled state, no list over all states and no numbered log. These scripts add them, in one step
// each, on the keys of its queue: the job's hash, its log, and the lists and sets that it is in.
const STATE = `
  local function place(base, id)
    if redis.call("ZSCORE", base .. "completed", id) then return "completed" end
    if redis.call("ZSCORE", base .. "failed", id) then return "failed" end
    local delayed = redis.call("ZSCORE", base .. "delayed", id)
    if delayed then return "delayed", delayed end
    if redis.call("ZSCORE", base .. "prioritized", id) then return "waiting" end
    if redis.call("LPOS", base .. "active", id) then return "active" end
    return "waiting"
  end
  local function tell(base, ...) redis.call("XADD", base .. "events", "MAXLEN", "~", 10000, "*", ...) end`;

const SCRIPTS = {
  /** Jobs as they are: for each id false, or its place, when it is due, and the fields of its hash. */
  read: `${STATE}
    local jobs = {}
    for i, id in ipairs(ARGV) do
      local fields = redis.call("HGETALL", KEYS[1] .. id)
      if #fields == 0 then jobs[i] = false
      else
        local where, due = place(KEYS[1], id)
        jobs[i] = { where, due or "", fields }
      end
    end
    return jobs`,
  /** Enters a job into the list of all jobs, once. */
  index: `
    if not redis.call("ZSCORE", KEYS[1] .. "millrace", ARGV[1]) then
      redis.call("ZADD", KEYS[1] .. "millrace", redis.call("INCR", KEYS[1] .. "millrace-last"), ARGV[1])
    end`,
  /** Ids and numbers from that list, newest first; those of jobs that are gone are dropped from it. */
  page: `
    local found = redis.call("ZREVRANGEBYSCORE", KEYS[1] .. "millrace", ARGV[1], "-inf", "WITHSCORES", "LIMIT", 0, ARGV[2])
    for i = 1, #found, 2 do
      if redis.call("EXISTS", KEYS[1] .. found[i]) == 0 then redis.call("ZREM", KEYS[1] .. "millrace", found[i]) end
    end
    return found`,
  /** Cancels a job that waits, or asks the worker of one that runs to. */
  cancel: `${STATE}
    local id = ARGV[1]
    if redis.call("EXISTS", KEYS[1] .. id) == 0 then return end
    local waited = redis.call("LREM", KEYS[1] .. "wait", 1, id) + redis.call("LREM", KEYS[1] .. "paused", 1, id)
      + redis.call("ZREM", KEYS[1] .. "prioritized", id) + redis.call("ZREM", KEYS[1] .. "delayed", id)
    if waited > 0 then
      redis.call("HSET", KEYS[1] .. id, "finishedOn", ARGV[2], "failedReason", ARGV[3])
      redis.call("ZADD", KEYS[1] .. "failed", ARGV[2], id)
      tell(KEYS[1], "event", "failed", "jobId", id, "failedReason", ARGV[3], "prev", "waiting")
    elseif redis.call("LPOS", KEYS[1] .. "active", id) then
      redis.call("HSET", KEYS[1] .. id, "millraceCancel", 1)
      tell(KEYS[1], "event", "millrace-cancel", "jobId", id)
    end`,
  /** Whether somebody asked for a running job to be cancelled. */
  cancelling: `return redis.call("HEXISTS", KEYS[1] .. ARGV[1], "millraceCancel")`,
  /** Forgets what happened to a job, before it is tried afresh. */
  afresh: `redis.call("HDEL", KEYS[1] .. ARGV[1], "millraceCancel", "stc", "defa", "stacktrace")`,
  /** Appends a line to a log and keeps the newest ones. */
  log: `${STATE}
    local key = KEYS[1] .. ARGV[1]
    if redis.call("EXISTS", key) == 0 then return end
    local line = redis.call("HINCRBY", key, "millraceLines", 1)
    local entry = line .. " " .. ARGV[2] .. " " .. ARGV[3]
    redis.call("RPUSH", key .. ":logs", entry)
    redis.call("LTRIM", key .. ":logs", -tonumber(ARGV[4]), -1)
    if tonumber(ARGV[4]) == 0 then redis.call("DEL", key .. ":logs") end
    tell(KEYS[1], "event", "millrace-log", "jobId", ARGV[1], "entry", entry)`,
  /** Where the events of a queue end by now. */
  lastEvent: `
    local last = redis.call("XREVRANGE", KEYS[1] .. "events", "+", "-", "COUNT", 1)
    return last[1] and last[1][1] or "0-0"`,
};

/** Runs scripts of ours on the keys of one queue. */
export type RunScript = (
  name: keyof typeof SCRIPTS,
  ...values: readonly (string | number)[]
) => Promise<unknown>;

/** @param base - what the keys of the queue begin with */
export function scriptsOn(client: BullmqClient, base: string): RunScript {
  for (const [name, lua] of Object.entries(SCRIPTS)) {
    client.defineCommand(`millrace:${name}`, { numberOfKeys: 1, lua });
  }
  return (name, ...values) => client.runCommand(`millrace:${name}`, [base, ...values]);
}
