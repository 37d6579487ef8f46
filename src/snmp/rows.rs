//! The rows of tables, in the order of their indexes.
//!
//! No request sorts anything. Rows that are numbered by their place are in order as they
//! are ([`Places`], [`Nested`], [`NestedTwice`]); others have an [`Index`] that the
//! process keeps, and makes again when its configuration changes ([`Kept`]).

use std::fmt;

/// Where the rows of a table are. `R` says which row it is, in terms of the process.
pub trait Rows<P, R>: fmt::Debug + Sync {
    /// The row with exactly this index.
    fn find(&self, program: &P, index: &[u32]) -> Option<R>;

    /// The first row whose index comes after `after` (nothing: the first of all); its
    /// index is appended to `name`.
    fn next(&self, program: &P, after: &[u32], name: &mut Vec<u32>) -> Option<R>;
}

/// Rows numbered from 1 by their place in a list.
pub struct Places<P> {
    /// How many there are.
    pub count: fn(&P) -> usize,
}

impl<P> Rows<P, usize> for Places<P> {
    fn find(&self, program: &P, index: &[u32]) -> Option<usize> {
        let [number] = index else { return None };
        place(*number).filter(|&place| place < (self.count)(program))
    }

    fn next(&self, program: &P, after: &[u32], name: &mut Vec<u32>) -> Option<usize> {
        let place = first_after(after);
        if place >= (self.count)(program) {
            return None;
        }
        name.push(number(place)?);
        Some(place)
    }
}

/// Rows numbered by the place of a list, and the place within it.
pub struct Nested<P> {
    /// How many lists there are.
    pub outer: fn(&P) -> usize,
    /// How long one of them is.
    pub inner: fn(&P, usize) -> usize,
}

impl<P> Rows<P, (usize, usize)> for Nested<P> {
    fn find(&self, program: &P, index: &[u32]) -> Option<(usize, usize)> {
        let [first, second] = index else { return None };
        let (first, second) = (place(*first)?, place(*second)?);
        let is_there = first < (self.outer)(program) && second < (self.inner)(program, first);
        is_there.then_some((first, second))
    }

    fn next(&self, program: &P, after: &[u32], name: &mut Vec<u32>) -> Option<(usize, usize)> {
        let (mut first, mut second) = begin(after);
        while first < (self.outer)(program) {
            if second < (self.inner)(program, first) {
                name.extend([number(first)?, number(second)?]);
                return Some((first, second));
            }
            (first, second) = (first + 1, 0);
        }
        None
    }
}

/// Rows numbered by three places.
pub struct NestedTwice<P> {
    /// How many lists there are.
    pub outer: fn(&P) -> usize,
    /// How long one of them is.
    pub middle: fn(&P, usize) -> usize,
    /// How long a list within it is.
    pub inner: fn(&P, usize, usize) -> usize,
}

impl<P> Rows<P, (usize, usize, usize)> for NestedTwice<P> {
    fn find(&self, program: &P, index: &[u32]) -> Option<(usize, usize, usize)> {
        let [first, second, third] = index else {
            return None;
        };
        let (first, second, third) = (place(*first)?, place(*second)?, place(*third)?);
        let is_there = first < (self.outer)(program)
            && second < (self.middle)(program, first)
            && third < (self.inner)(program, first, second);
        is_there.then_some((first, second, third))
    }

    fn next(
        &self,
        program: &P,
        after: &[u32],
        name: &mut Vec<u32>,
    ) -> Option<(usize, usize, usize)> {
        let (mut first, rest) = split(after);
        let (mut second, mut third) = begin(rest);
        while first < (self.outer)(program) {
            while second < (self.middle)(program, first) {
                if third < (self.inner)(program, first, second) {
                    name.extend([number(first)?, number(second)?, number(third)?]);
                    return Some((first, second, third));
                }
                (second, third) = (second + 1, 0);
            }
            (first, second, third) = (first + 1, 0, 0);
        }
        None
    }
}

/// Rows of an [`Index`] that the process keeps.
pub struct Kept<P, R: 'static> {
    /// Where it is.
    pub index: fn(&P) -> &Index<R>,
}

impl<P, R: Copy> Rows<P, R> for Kept<P, R> {
    fn find(&self, program: &P, index: &[u32]) -> Option<R> {
        (self.index)(program).find(index)
    }

    fn next(&self, program: &P, after: &[u32], name: &mut Vec<u32>) -> Option<R> {
        let (index, row) = (self.index)(program).next(after)?;
        name.extend(index);
        Some(row)
    }
}

/// Rows sorted by their indexes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Index<R> {
    /// Sorted, no index twice.
    rows: Vec<(Box<[u32]>, R)>,
}

impl<R> Default for Index<R> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<R: Copy> Index<R> {
    /// Sort rows. Of several with one index the first stays.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (Box<[u32]>, R)>) -> Self {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        rows.dedup_by(|(later, _), (earlier, _)| later == earlier);
        Self { rows }
    }

    /// The row with this index.
    #[must_use]
    pub fn find(&self, index: &[u32]) -> Option<R> {
        let place = self.rows.binary_search_by(|(own, _)| (**own).cmp(index));
        self.rows.get(place.ok()?).map(|(_, row)| *row)
    }

    /// The first row after an index.
    #[must_use]
    pub fn next(&self, after: &[u32]) -> Option<(&[u32], R)> {
        let place = self.rows.partition_point(|(own, _)| **own <= *after);
        self.rows.get(place).map(|(own, row)| (&**own, *row))
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The place that an index from 1 means.
fn place(number: u32) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}

fn number(place: usize) -> Option<u32> {
    u32::try_from(place + 1).ok()
}

/// The first place of a list whose index comes after `after`: `1` and `1.5` are both
/// followed by 2, nothing by 1.
fn first_after(after: &[u32]) -> usize {
    let number = after.first().copied().unwrap_or(0);
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The place of an outer list where a search begins, and the rest of the index there.
fn split(after: &[u32]) -> (usize, &[u32]) {
    match after.split_first() {
        None | Some((0, _)) => (0, &[]),
        Some((&number, rest)) => (place(number).unwrap_or(0), rest),
    }
}

/// Where a search in two levels begins.
fn begin(after: &[u32]) -> (usize, usize) {
    let (first, rest) = split(after);
    (first, first_after(rest))
}

macro_rules! debug_by_name {
    ($($name:ident<$($parameter:ident),*>;)*) => {
        $(impl<$($parameter),*> fmt::Debug for $name<$($parameter),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        })*
    };
}

debug_by_name! {
    Places<P>;
    Nested<P>;
    NestedTwice<P>;
    Kept<P, R>;
}
