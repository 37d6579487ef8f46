//! What the tables say about themselves: the manual page and its index.

use super::schema::{Arg, Block, Describe, Row, RowFacts};

/// Tell every row of a block, with those of the blocks inside.
pub fn describe<T>(block: &Block<T>, out: &mut dyn Describe) {
    for row in block.all() {
        facts(row, out);
        match &row.arg {
            Arg::Lines(entries) => {
                out.open();
                (entries.describe)(out);
                out.close();
            }
            Arg::Block(sub) => {
                out.open();
                sub.describe(out);
                out.close();
            }
            _ => (),
        }
    }
}

/// Tell the option words of a list entry.
pub fn describe_options<T>(tables: &[&'static [Row<T>]], out: &mut dyn Describe) {
    for row in tables.iter().flat_map(|rows| rows.iter()) {
        facts(row, out);
    }
}

fn facts<T>(row: &'static Row<T>, out: &mut dyn Describe) {
    let usage = row.arg.usage();
    out.row(&RowFacts {
        name: row.name,
        usage: &usage,
        domain: row.arg.domain(),
        samples: row.arg.samples(),
        aliases: row.aliases,
        doc: row.doc,
        meta: &row.meta,
        braces: row.arg.braces(),
    });
}
