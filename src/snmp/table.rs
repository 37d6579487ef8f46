//! Tables: columns of rows.

use std::fmt;

use scheduler::Instant;

use super::object::{Next, Object, Reading, SetError, Steps, Write};
use super::rows::Rows;
use crate::wire::agentx::{Oid, Value};

/// A column of a table whose rows are `R` in terms of the process `P`.
pub struct Column<P: 'static, R: 'static> {
    number: u32,
    name: &'static str,
    read: fn(&Reading<'_, P>, R) -> Option<Value>,
    refresh: Option<fn(&mut P, Instant, R)>,
    write: Option<Write<P, R>>,
}

impl<P, R> Column<P, R> {
    /// The column of this number; `None` of `read`: the value does not apply to the row,
    /// and is skipped.
    #[must_use]
    pub const fn new(number: u32, read: fn(&Reading<'_, P>, R) -> Option<Value>) -> Self {
        Self::named(number, "", read)
    }

    /// The same with the name that its MIB file gives it, so that it can be compared
    /// with that.
    #[must_use]
    pub const fn named(
        number: u32,
        name: &'static str,
        read: fn(&Reading<'_, P>, R) -> Option<Value>,
    ) -> Self {
        Self {
            number,
            name,
            read,
            refresh: None,
            write: None,
        }
    }

    /// Before it is read, the process looks whether what it knows is fresh enough. That
    /// must not wait for anything.
    #[must_use]
    pub const fn refreshed(mut self, refresh: fn(&mut P, Instant, R)) -> Self {
        self.refresh = Some(refresh);
        self
    }

    /// It can be set.
    #[must_use]
    pub const fn writable(mut self, write: Write<P, R>) -> Self {
        self.write = Some(write);
        self
    }
}

/// A table.
pub struct Table<P: 'static, R: 'static> {
    /// The name of its entry: those of its variables are this, the number of the
    /// column and the index of the row.
    pub entry: &'static [u32],
    /// Its columns, in ascending order; those that cannot be read are left out.
    pub columns: &'static [Column<P, R>],
    /// Its rows.
    pub rows: &'static dyn Rows<P, R>,
}

impl<P, R: Copy> Table<P, R> {
    fn column(&self, number: u32) -> Option<&Column<P, R>> {
        let place = self.columns.binary_search_by_key(&number, |c| c.number);
        self.columns.get(place.ok()?)
    }

    /// Column and row of a name.
    fn cell(&self, program: &P, name: &[u32]) -> Option<(&Column<P, R>, R)> {
        let (&number, index) = name.strip_prefix(self.entry)?.split_first()?;
        let column = self.column(number)?;
        Some((column, self.rows.find(program, index)?))
    }

    /// Where a search after `after` begins: a place among the columns, and the index
    /// after which a row is sought there.
    fn begin<'n>(&self, after: &'n [u32]) -> Option<(usize, &'n [u32])> {
        let Some(rest) = after.strip_prefix(self.entry) else {
            return (after < self.entry).then_some((0, &[]));
        };
        let Some((&number, index)) = rest.split_first() else {
            return Some((0, &[]));
        };
        let place = self.columns.partition_point(|c| c.number < number);
        let is_column = self.columns.get(place).is_some_and(|c| c.number == number);
        Some((place, if is_column { index } else { &[] }))
    }

    /// The first value of a column behind an index.
    fn next_in(
        &self,
        column: &Column<P, R>,
        program: &mut P,
        now: Instant,
        index: &[u32],
        steps: &mut Steps,
    ) -> Next {
        let mut name = [self.entry, &[column.number]].concat();
        let begin = name.len();
        name.extend(index);
        loop {
            let after = name.split_off(begin);
            let Some(row) = self.rows.next(program, &after, &mut name) else {
                return Next::End;
            };
            if let Some(refresh) = column.refresh {
                refresh(program, now, row);
            }
            if let Some(value) = (column.read)(&Reading::new(program, now), row) {
                return Next::Found(name.into(), value);
            }
            if !steps.take() {
                return Next::Pause(name.into());
            }
        }
    }
}

impl<P, R: Copy> Object<P> for Table<P, R> {
    fn root(&self) -> &'static [u32] {
        self.entry
    }

    fn names(&self) -> Vec<(Oid, &'static str)> {
        let columns = self.columns.iter();
        let named = columns.filter(|column| !column.name.is_empty());
        named
            .map(|column| (Oid::join(self.entry, &[column.number]), column.name))
            .collect()
    }

    fn get(&self, program: &mut P, now: Instant, name: &[u32]) -> Value {
        let rest = name.strip_prefix(self.entry).unwrap_or_default();
        if rest
            .first()
            .and_then(|&number| self.column(number))
            .is_none()
        {
            return Value::NoSuchObject;
        }
        let Some((column, row)) = self.cell(program, name) else {
            return Value::NoSuchInstance;
        };
        if let Some(refresh) = column.refresh {
            refresh(program, now, row);
        }
        (column.read)(&Reading::new(program, now), row).unwrap_or(Value::NoSuchInstance)
    }

    fn next(&self, program: &mut P, now: Instant, after: &[u32], steps: &mut Steps) -> Next {
        let Some((first, mut index)) = self.begin(after) else {
            return Next::End;
        };
        for column in self.columns.get(first..).unwrap_or_default() {
            match self.next_in(column, program, now, index, steps) {
                Next::End => index = &[],
                found @ (Next::Found(..) | Next::Pause(_)) => return found,
            }
        }
        Next::End
    }

    fn test(&self, program: &P, name: &[u32], value: &Value) -> Result<(), SetError> {
        let rest = name.strip_prefix(self.entry).unwrap_or_default();
        let column = rest.first().and_then(|&number| self.column(number));
        let column = column.ok_or(SetError::NotWritable)?;
        let write = column.write.ok_or(SetError::NotWritable)?;
        let (_, row) = self.cell(program, name).ok_or(SetError::NoCreation)?;
        (write.test)(program, row, value)
    }

    fn commit(
        &self,
        program: &mut P,
        now: Instant,
        name: &[u32],
        value: &Value,
    ) -> Result<(), SetError> {
        let (column, row) = self.cell(program, name).ok_or(SetError::CommitFailed)?;
        let write = column.write.ok_or(SetError::CommitFailed)?;
        (write.commit)(program, now, row, value)
    }
}

impl<P, R> fmt::Debug for Table<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

impl<P, R> fmt::Debug for Column<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
