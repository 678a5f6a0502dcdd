//! What the server does in one step: scripts in its Lua.
//!
//! A script that begins with `#!lua` may write, so a server that has become a replica refuses it. This goes for those that
//! only read as well: what a replica knows may be old.

use redis::Cmd;

/// A script with the number of its keys.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    keys: usize,
    text: &'static str,
}

/// A read, and the same that writes what it finds once more as it is: replicas can be waited for only after a write.
#[derive(Clone, Copy)]
pub(crate) struct Read {
    pub(crate) plain: Script,
    pub(crate) confirming: Script,
}

/// Returns version and value of an entry.
pub(crate) const LOAD: Read = Read {
    plain: Script {
        keys: 1,
        text: "#!lua
return redis.call('HMGET', KEYS[1], 'version', 'value')",
    },
    confirming: Script {
        keys: 1,
        text: "#!lua
local found = redis.call('HMGET', KEYS[1], 'version', 'value')
if found[1] then redis.call('HSET', KEYS[1], 'version', found[1]) end
return found",
    },
};

/// Writes an entry if the stored version is the expected one, or if none is expected and stored. Returns 1 if it did, 2 if
/// the same write had taken place before, else 0.
///
/// Versions are compared as texts: Lua's numbers end at 2^53. An entry without one is damaged, and is not written over.
pub(crate) const PUT: Script = Script {
    keys: 1,
    text: "#!lua
local stored = redis.call('HGET', KEYS[1], 'version') or ''
if stored == '' and redis.call('EXISTS', KEYS[1]) == 1 then
    return redis.error_reply('DAMAGED the entry has no version')
end
if stored == ARGV[2] then return 2 end
if stored ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'value', ARGV[3])
return 1",
};

/// Removes an entry of a version. Returns whether it did.
pub(crate) const REMOVE: Script = Script {
    keys: 1,
    text: "#!lua
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])",
};

/// Returns -1 if the lease is granted, else for how many milliseconds another holder has it.
pub(crate) const ACQUIRE: Script = Script {
    keys: 1,
    text: "#!lua
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return math.max(0, redis.call('PTTL', KEYS[1])) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return -1",
};

/// Does as [`ACQUIRE`], and returns after it version and value of the entry, or nothing: if another holder has the lease,
/// or if the entry's key holds something else, which ends no script once the lease is written.
pub(crate) const ACQUIRE_AND_LOAD: Script = Script {
    keys: 2,
    text: "#!lua
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {math.max(0, redis.call('PTTL', KEYS[1])), false} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local found = redis.pcall('HMGET', KEYS[2], 'version', 'value')
if found.err then found = false end
return {-1, found}",
};

/// Ends a lease of this holder.
pub(crate) const RELEASE: Script = Script {
    keys: 1,
    text: "#!lua
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])",
};

/// Returns the holder of a lease and its milliseconds.
pub(crate) const LEASE: Read = Read {
    plain: Script {
        keys: 1,
        text: "#!lua
return {redis.call('GET', KEYS[1]), math.max(0, redis.call('PTTL', KEYS[1]))}",
    },
    confirming: Script {
        keys: 1,
        text: "#!lua
local holder, left = redis.call('GET', KEYS[1]), math.max(0, redis.call('PTTL', KEYS[1]))
if holder then redis.call('SET', KEYS[1], holder, 'PX', math.max(1, left)) end
return {holder, left}",
    },
};

/// Adds a member to the indexes: of all, of those that are due, of those that need a person. Done before its entry is
/// written.
pub(crate) const ADD: Script = Script {
    keys: 4,
    text: "#!lua
redis.call('ZADD', KEYS[1], 0, ARGV[1])
if ARGV[2] ~= '' then
    local time = redis.call('TIME')
    local due = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
    redis.call('ZADD', KEYS[2], string.format('%.0f', due), ARGV[1])
end
if ARGV[3] == '1' then redis.call('ZADD', KEYS[3], 0, ARGV[1]) end
return 1",
};

/// Removes members from the indexes.
pub(crate) const DROP: Script = Script {
    keys: 4,
    text: "#!lua
for _, member in ipairs(ARGV) do
    for _, index in ipairs(KEYS) do redis.call('ZREM', index, member) end
end
return 1",
};

/// Notes members whose entry has another version, and takes those out that were noted long ago: a writer adds its member
/// before it writes the entry, and might still be about to.
pub(crate) const NOTE_STALE: Script = Script {
    keys: 4,
    text: "#!lua
local time = redis.call('TIME')
for at = 2, #ARGV do
    local noted = redis.call('ZSCORE', KEYS[4], ARGV[at])
    if not noted then
        redis.call('ZADD', KEYS[4], time[1], ARGV[at])
    elseif time[1] - noted > tonumber(ARGV[1]) then
        for _, index in ipairs(KEYS) do redis.call('ZREM', index, ARGV[at]) end
    end
end
return 1",
};

/// Returns members of an index in the order of their bytes.
pub(crate) const FIND: Script = Script {
    keys: 1,
    text: "#!lua
return redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[3])",
};

/// Returns the time in milliseconds, and members that are due with the times when they are.
pub(crate) const FIND_DUE: Script = Script {
    keys: 1,
    text: "#!lua
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = string.format('%.0f', now + ARGV[2])
local found = redis.call('ZRANGE', KEYS[1], ARGV[1], last, 'BYSCORE', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
return {string.format('%.0f', now), found}",
};

/// Returns the store's release, which the first one to open it sets.
pub(crate) const RELEASE_NUMBER: Script = Script {
    keys: 1,
    text: "#!lua
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])",
};

impl Script {
    /// Creates the command that runs the script.
    ///
    /// The whole text goes with each call: a script that the server knows by its digest may be gone after a restart or a
    /// failover, and would have to be sent once more.
    pub(crate) fn on<'k>(self, keys: impl IntoIterator<Item = &'k str>) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(self.text).arg(self.keys);
        for key in keys {
            command.arg(key);
        }
        command
    }
}
