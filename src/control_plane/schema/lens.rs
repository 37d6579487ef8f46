//! Where a value goes, and where it is read again.

use crate::control_plane::source::Span;

/// Read and write access to one field of `T`, as the kind `K` of a row.
pub struct Lens<T: 'static, K: 'static> {
    /// The value, or nothing when it is unset.
    pub get: fn(&T) -> Option<K>,
    /// Set it; the span is that of the word.
    pub set: fn(&mut T, K, Span),
}

impl<T, K> Clone for Lens<T, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, K> Copy for Lens<T, K> {}

impl<T, K> std::fmt::Debug for Lens<T, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lens")
    }
}

impl<T, K> Lens<T, K> {
    /// For rows that are checked and not kept.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self {
            get: |_| None,
            set: |_, _, _| (),
        }
    }
}

/// The lens on a field, by path: `at!(given.priority)`.
macro_rules! at {
    ($($field:ident).+) => {
        $crate::control_plane::schema::Lens {
            get: |target| $crate::control_plane::value::Field::read(&target.$($field).+),
            set: |target, value, span| {
                target.$($field).+ = $crate::control_plane::value::Field::make(value, span);
            },
        }
    };
}
pub(crate) use at;
