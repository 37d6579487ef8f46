//! Values with their places, and the bridge between fields and rows.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::source::Span;
use crate::model::{IfName, Priority, Vrid};

/// A value with the place it was written at. Equality is that of the values, so
/// that a moved line is no change of the configuration.
#[derive(Clone, Copy, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The word it comes from.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value and its place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

/// A place means nothing without the text, so the value alone is handed over.
impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(to)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(|value| Self::new(value, Span::default()))
    }
}

impl<T: fmt::Debug> fmt::Debug for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// A value that two configurations may have in common. Who changes it gets a value of
/// their own; what is in common is equal without a look at it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Shared<T>(Rc<T>);

impl<T> Shared<T> {
    /// A value that nobody shares yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Rc::new(value))
    }

    /// Whether the other one is this very value, not only an equal one.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Rc::make_mut(&mut self.0)
    }
}

/// A field that a row of kind `K` can fill.
pub trait Field<K>: Sized {
    /// The value, or nothing when it is unset.
    fn read(&self) -> Option<K>;
    /// The value of a word.
    fn make(value: K, span: Span) -> Self;
}

impl<K, F: Field<K>> Field<K> for Option<F> {
    fn read(&self) -> Option<K> {
        self.as_ref().and_then(Field::read)
    }

    fn make(value: K, span: Span) -> Self {
        Some(F::make(value, span))
    }
}

impl<K, F: Field<K>> Field<K> for Spanned<F> {
    fn read(&self) -> Option<K> {
        self.value.read()
    }

    fn make(value: K, span: Span) -> Self {
        Self::new(F::make(value, span), span)
    }
}

macro_rules! plain {
    ($($kind:ty),+) => { $(
        impl Field<Self> for $kind {
            fn read(&self) -> Option<Self> {
                Some(self.clone())
            }

            fn make(value: Self, _: Span) -> Self {
                value
            }
        }
    )+ };
}

plain!(bool, Duration, String, IfName, IpAddr, Ipv4Addr, Ipv6Addr);

macro_rules! integer {
    ($($kind:ty),+) => { $(
        impl Field<i64> for $kind {
            fn read(&self) -> Option<i64> {
                Some(i64::from(*self))
            }

            /// The row's range keeps the number within the field's.
            fn make(value: i64, _: Span) -> Self {
                Self::try_from(value).unwrap_or(if value < 0 { Self::MIN } else { Self::MAX })
            }
        }
    )+ };
}

integer!(u8, u16, u32, i8, i16, i32);

impl Field<i64> for Priority {
    fn read(&self) -> Option<i64> {
        self.0.read()
    }

    fn make(value: i64, span: Span) -> Self {
        Self(Field::make(value, span))
    }
}

impl Field<i64> for Vrid {
    fn read(&self) -> Option<i64> {
        self.0.read()
    }

    fn make(value: i64, span: Span) -> Self {
        Self(Field::make(value, span))
    }
}
