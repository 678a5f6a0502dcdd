//! The ways in which a store can be careless.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Looks at the version, and writes afterwards.
    LooksFirst,
    IgnoresVersion,
    RemovesAny,
    CreateReplaces,
    PutCreates,
    /// Each handle remembers what it has read.
    Cached,
    /// Reads come from a replica that is a write behind.
    Lags,
    /// Every fifth read comes from a replica that is a write behind, and knows every key.
    LagsAtTimes,
    /// Keys are compared without regard to case.
    NoCase,
    /// A version goes into a column of 32 bits.
    Signed32,
    /// A version becomes a floating-point number.
    Float,
    /// A value goes into a column of text.
    Text,
    /// A value has 64 KiB at most.
    Small,
    /// Version and value are written one after the other.
    Torn,
    /// Errors show the value.
    Shows,
    Unordered,
    /// `LIKE` without escapes.
    Wildcards,
    /// Pages begin at a number of rows.
    Offsets,
    DueUnordered,
    /// What is due stays in its index.
    DueStays,
    /// The time when an entry is due is reckoned by the caller's clock.
    DueByCaller,
    AttentionStays,
    GrantsAll,
    LastsForEver,
    NotAgain,
    ReleasesNothing,
    ReleasesAny,
    TellsNobody,
    OneLeaseAKey,
    /// A lease is an advisory lock: each keeps its connection, of which there are 16.
    PinsConnections,
    /// The end of a lease is reckoned by the caller's clock.
    LeaseByCaller,
    LeaseInProcess,
    PutEndsLease,
    /// A put is refused once another has the lease.
    Fenced,
    /// Reads, and acquires the lease afterwards.
    ReadsFirst,
    /// With a lease comes what a replica has that is a write behind.
    LeaseWithOld,
    /// A lease is granted, and nothing is said to be stored.
    LeaseWithNothing,
    /// Reads with a lease, and forgets to take it.
    ReadsAlone,
    /// Says that it wrote, and did not: the transaction was never committed.
    Loses,
    /// Lists from an index that is filled later.
    ListsLate,
    /// Each handle has a store of its own.
    SeparateHandles,
}
