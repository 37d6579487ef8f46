//! Blocks within blocks: one that fills a part of the value around it, and one that
//! fills a value of its own.

use super::diag::{Code, Diags};
use super::parse::Parser;
use super::schema::{Block, Call, Describe};
use super::show::{Frame, Sink};

/// A block within a block, whatever value it fills.
pub trait SubBlock<P>: Sync {
    /// Read the block behind `call`; its `{` has not been read yet.
    fn parse(&self, parent: &mut P, call: &Call<'_>, parser: &mut Parser<'_>);
    /// Print every block of this kind.
    fn show(&self, parent: &P, name: &str, out: &mut dyn Sink);
    /// Tell the rows.
    fn describe(&self, out: &mut dyn Describe);
    /// The words behind the keyword.
    fn usage(&self) -> &'static str;
}

/// A block that fills a part of the value around it, or that value itself.
pub struct Inner<P: 'static, C: 'static> {
    /// Its keywords.
    pub block: &'static Block<C>,
    /// The words behind the keyword, for the manual.
    pub usage: &'static str,
    /// The part it fills.
    pub part: fn(&P) -> &C,
    /// The same, to be changed.
    pub part_mut: fn(&mut P) -> &mut C,
    /// Checks those words; false skips the block.
    pub head: fn(&mut P, &Call<'_>, &mut Diags) -> bool,
}

impl<P, C> std::fmt::Debug for Inner<P, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.block.fmt(f)
    }
}

impl<P: 'static> Inner<P, P> {
    /// A block that fills the value around it.
    #[must_use]
    pub const fn same(
        block: &'static Block<P>,
        usage: &'static str,
        head: fn(&mut P, &Call<'_>, &mut Diags) -> bool,
    ) -> Self {
        Self {
            block,
            usage,
            part: |parent| parent,
            part_mut: |parent| parent,
            head,
        }
    }
}

impl<P: 'static, C: 'static> SubBlock<P> for Inner<P, C> {
    fn parse(&self, parent: &mut P, call: &Call<'_>, parser: &mut Parser<'_>) {
        if (self.head)(parent, call, parser.diags) {
            parser.sub_block(self.block, (self.part_mut)(parent), call);
        } else {
            parser.skip_block();
        }
    }

    fn show(&self, parent: &P, name: &str, out: &mut dyn Sink) {
        let mut frame = Frame::new(name, out);
        super::show::rows(self.block, (self.part)(parent), &mut frame);
        frame.finish();
    }

    fn describe(&self, out: &mut dyn Describe) {
        super::manual::describe(self.block, out);
    }

    fn usage(&self) -> &'static str {
        self.usage
    }
}

/// Refuses words between a keyword and its `{`.
pub fn no_head<P>(_: &mut P, call: &Call<'_>, diags: &mut Diags) -> bool {
    if let Some(word) = call.args.first() {
        let text = format!("only `{{` may follow `{}`", call.keyword.text);
        diags.error(Code::General, word.span, text);
    }
    true
}

/// Shows one value of a kind of block, with its name words.
pub type Show<'a, C> = &'a mut dyn FnMut(&[&str], &C);

/// A block that fills a value of its own, which its parent then takes.
pub struct Child<P: 'static, C: 'static> {
    /// Its keywords.
    pub block: &'static Block<C>,
    /// The words behind the keyword, for the manual.
    pub usage: &'static str,
    /// The value at the start, or nothing to skip the block.
    pub open: fn(&mut P, &Call<'_>, &mut Diags) -> Option<C>,
    /// Hands the value over.
    pub close: fn(&mut P, C),
    /// Shows every value with its name words.
    pub each: fn(&P, Show<'_, C>),
}

impl<P, C> std::fmt::Debug for Child<P, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.block.fmt(f)
    }
}

impl<P: 'static, C: 'static> SubBlock<P> for Child<P, C> {
    fn parse(&self, parent: &mut P, call: &Call<'_>, parser: &mut Parser<'_>) {
        match (self.open)(parent, call, parser.diags) {
            Some(mut child) => {
                parser.sub_block(self.block, &mut child, call);
                (self.close)(parent, child);
            }
            None => parser.skip_block(),
        }
    }

    fn show(&self, parent: &P, name: &str, out: &mut dyn Sink) {
        (self.each)(parent, &mut |words, child| {
            out.open(name, words);
            super::show::rows(self.block, child, out);
            out.close();
        });
    }

    fn describe(&self, out: &mut dyn Describe) {
        super::manual::describe(self.block, out);
    }

    fn usage(&self) -> &'static str {
        self.usage
    }
}
