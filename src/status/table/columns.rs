//! Columns that are as wide as what is in them.

use super::Paint;

/// Blanks between columns.
const GAP: usize = 2;

/// What a colour says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tone {
    Plain,
    Good,
    Doubtful,
    Bad,
}

impl Tone {
    /// The number of the colour (ECMA-48, SGR).
    const fn colour(self) -> Option<u8> {
        match self {
            Self::Plain => None,
            Self::Good => Some(32),
            Self::Doubtful => Some(33),
            Self::Bad => Some(31),
        }
    }
}

/// What is in one place.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(super) fn toned(text: &str, tone: Tone) -> Self {
        Self {
            text: shown(text),
            tone,
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::toned(&text, Tone::Plain)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// Names and reasons may have been chosen by others: nothing in them moves the cursor.
pub(super) fn shown(text: &str) -> String {
    let show = |c: char| if c.is_control() { '?' } else { c };
    text.chars().map(show).collect()
}

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    titles: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

impl Columns {
    pub(super) const fn new(titles: &'static [&'static str]) -> Self {
        Self {
            titles,
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Behind a blank line; nothing if it has no row.
    pub(super) fn write(&self, paint: Paint, out: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let widths = self.widths();
        out.push('\n');
        let titles: Vec<Cell> = self.titles.iter().map(|title| Cell::from(*title)).collect();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let last = row.len().saturating_sub(1);
            for (place, (cell, width)) in row.iter().zip(&widths).enumerate() {
                push(cell, paint, out);
                if place < last {
                    let blanks = width.saturating_sub(cell.text.chars().count()) + GAP;
                    out.extend(std::iter::repeat_n(' ', blanks));
                }
            }
            let kept = out.trim_end_matches(' ').len();
            out.truncate(kept);
            out.push('\n');
        }
    }

    fn widths(&self) -> Vec<usize> {
        let titles = self.titles.iter().enumerate();
        let width = |(place, title): (usize, &&str)| {
            let cells = self.rows.iter().filter_map(|row| row.get(place));
            let widest = cells.map(|cell| cell.text.chars().count()).max();
            widest.unwrap_or_default().max(title.len())
        };
        titles.map(width).collect()
    }
}

fn push(cell: &Cell, paint: Paint, out: &mut String) {
    match (paint, cell.tone.colour()) {
        (Paint::Coloured, Some(colour)) => {
            out.push_str(&format!("\x1b[{colour}m{}\x1b[0m", cell.text));
        }
        (Paint::Plain, _) | (_, None) => out.push_str(&cell.text),
    }
}
