//! What was read while a lease was acquired.

/// What a request for a lease has read of the entry beside it: the answer of
/// [`StoreBackend::acquire_and_load`](crate::StoreBackend::acquire_and_load).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth answer")]
pub enum Loaded<T> {
    /// Nothing was read, and nothing is known: load it.
    NotRead,
    /// It was read, and nothing is stored.
    Absent,
    /// It was read, and this is stored.
    Found(T),
}

/// What a read has returned.
impl<T> From<Option<T>> for Loaded<T> {
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::Absent, Self::Found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_never_taken_for_not_read() {
        assert_eq!(Loaded::from(Some(7)), Loaded::Found(7));
        assert_eq!(Loaded::<u8>::from(None), Loaded::Absent);
    }
}
