//! What the tables say about themselves: the manual page and its index.

use super::schema::{Arg, Block, Describe, RowFacts};

/// Tell every row of a block, with those of the blocks inside.
pub fn describe<T>(block: &Block<T>, out: &mut dyn Describe) {
    for row in block.all() {
        let usage = row.arg.usage();
        out.row(&RowFacts {
            name: row.name,
            usage: &usage,
            domain: row.arg.domain(),
            aliases: row.aliases,
            doc: row.doc,
            meta: &row.meta,
            braces: row.arg.braces(),
        });
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
