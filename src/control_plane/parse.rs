//! The driver: looks each line up in the table of the block it stands in,
//! applies it, and carries on after mistakes so that one run finds several.
//!
//! Where the C daemon interprets the lines of an unknown block at the level
//! around it, this one skips them: one misspelt word is one message. The class
//! of the message, and with it the exit status, is the same.

mod statements;
#[cfg(test)]
mod tests;

use super::diag::{Code, Diag, Diags, Fix, Old, Severity};
use super::read;
use super::reader::Reader;
use super::schema::{Alias, AliasKind, Arg, Block, Call, Entries, Row};
use super::source::Span;
use super::words::{Item, Line, Word};

/// Where the lines and braces come from.
pub trait Items {
    /// The next item, `None` at the end of everything.
    fn next(&mut self, diags: &mut Diags) -> Option<Item>;
    /// The item that `next` will give.
    fn peek(&mut self, diags: &mut Diags) -> Option<&Item>;
    /// Take back a line that was handed out: nothing of it is needed any more.
    fn take_back(&mut self, line: Line);
    /// Change which problems of includes are errors.
    fn include_check(&mut self, words: &[Word], diags: &mut Diags);
    /// Start the sequence of random numbers anew.
    fn seed_random(&mut self, seed: u32);
}

impl Items for Reader<'_> {
    fn next(&mut self, diags: &mut Diags) -> Option<Item> {
        Reader::next(self, diags)
    }

    fn peek(&mut self, diags: &mut Diags) -> Option<&Item> {
        Reader::peek(self, diags)
    }

    fn take_back(&mut self, line: Line) {
        Reader::take_back(self, line);
    }

    fn include_check(&mut self, words: &[Word], diags: &mut Diags) {
        Reader::include_check(self, words, diags);
    }

    fn seed_random(&mut self, seed: u32) {
        Reader::seed_random(self, seed);
    }
}

/// Reads items into values by tables.
pub struct Parser<'a> {
    /// Where messages go.
    pub diags: &'a mut Diags,
    items: &'a mut dyn Items,
    /// Whether the end of the text inside a block has been told.
    ended: bool,
}

impl std::fmt::Debug for Parser<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parser")
    }
}

impl<'a> Parser<'a> {
    /// A parser at the start of the text.
    pub fn new(items: &'a mut dyn Items, diags: &'a mut Diags) -> Self {
        Self {
            diags,
            items,
            ended: false,
        }
    }

    /// Read everything by the table of the top level.
    pub fn top<T>(&mut self, block: &Block<T>, target: &mut T) {
        self.body(block, target, None);
        if let Some(finish) = block.finish {
            finish(target, Span::default(), self.diags);
        }
    }

    /// Read the block behind `call`, braces included.
    pub fn sub_block<T>(&mut self, block: &Block<T>, target: &mut T, call: &Call<'_>) {
        if self.opens(call, |word| block.find(word).is_some()) {
            self.body(block, target, Some(call.span()));
        }
        if let Some(finish) = block.finish {
            finish(target, call.keyword.span, self.diags);
        }
    }

    /// Pass over the block that follows, if one does.
    pub fn skip_block(&mut self) {
        if let Some(Item::Open(span)) = self.items.peek(self.diags) {
            let span = *span;
            self.items.next(self.diags);
            self.skip_rest(span);
        }
    }

    /// A brace that no keyword has opened is passed over, and what is in it read as if it
    /// stood outside. They are counted and not entered: a file may have any number of them.
    fn body<T>(&mut self, block: &Block<T>, target: &mut T, opened: Option<Span>) {
        let mut seen = Vec::new();
        let mut surplus = Vec::new();
        loop {
            match self.items.next(self.diags) {
                Some(Item::Line(line)) => {
                    self.line(block, target, &line, &mut seen);
                    self.items.take_back(line);
                }
                Some(Item::Open(span)) => {
                    self.unexpected_open(span);
                    surplus.push((span, std::mem::take(&mut seen)));
                }
                Some(Item::Close(span)) => match surplus.pop() {
                    Some((_, outside)) => seen = outside,
                    None if opened.is_some() => return,
                    None => {
                        let text = "unexpected `}`: no block is open here";
                        self.diags.error(Code::UnexpectedClose, span, text);
                    }
                },
                None => {
                    let inmost = surplus.last().map(|(span, _)| *span);
                    if let Some(span) = inmost.or(opened) {
                        self.missing_close(span);
                    }
                    return;
                }
            }
        }
    }

    /// A line, which may have more than one statement.
    fn line<T>(
        &mut self,
        block: &Block<T>,
        target: &mut T,
        line: &Line,
        seen: &mut Vec<&'static str>,
    ) {
        match self.several(block, line) {
            None => self.statement(block, target, line, seen),
            Some(lines) => {
                for line in &lines {
                    self.statement(block, target, line, seen);
                }
            }
        }
    }

    /// The statements of a line as lines of their own, with a warning; nothing if there is
    /// one, or if it is not clear what was meant.
    fn several<T>(&mut self, block: &Block<T>, line: &Line) -> Option<Vec<Line>> {
        // Most lines have a keyword and an argument.
        let (keyword, [_, ..]) = line.words.split_first()? else {
            return None;
        };
        let (row, _) = block
            .find(&keyword.text)
            .filter(|(row, _)| !row.arg.braces())?;
        let found = statements::several(block, row, line)?;
        if found.opens && !matches!(self.items.peek(self.diags), Some(Item::Open(_))) {
            return None;
        }
        self.diags.push(found.told(line));
        Some(found.lines(line))
    }

    fn statement<T>(
        &mut self,
        block: &Block<T>,
        target: &mut T,
        line: &Line,
        seen: &mut Vec<&'static str>,
    ) {
        let Some((keyword, args)) = line.words.split_first() else {
            return;
        };
        let call = Call {
            keyword,
            args,
            line,
        };
        match block.find(&keyword.text) {
            Some((row, _)) if row.meta.once && seen.contains(&row.name) => {
                let text = format!("`{}` is given a second time: the first one stays", row.name);
                self.diags.error(Code::General, call.span(), text);
                self.skip_block();
            }
            Some((row, alias)) => {
                if row.meta.once {
                    seen.push(row.name);
                }
                self.row(block, row, alias, target, &call);
            }
            None => self.unknown(block, keyword),
        }
    }

    fn unknown<T>(&mut self, block: &Block<T>, keyword: &Word) {
        let names = block
            .all()
            .flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().map(|a| a.name)));
        self.diags.push(
            Diag::new(
                Code::UnknownKeyword,
                Severity::Error,
                Some(keyword.span),
                format!("unknown keyword `{}`", keyword.text),
            )
            .with_help(read::did_you_mean(&keyword.text, names)),
        );
        self.skip_block();
    }

    fn row<T>(
        &mut self,
        block: &Block<T>,
        row: &'static Row<T>,
        alias: Option<&Alias>,
        target: &mut T,
        call: &Call<'_>,
    ) {
        self.remarks(row, alias, call);
        if let Arg::Lines(entries) = &row.arg {
            self.list(block, entries, target, call);
        } else if let Arg::Block(sub) = &row.arg {
            sub.parse(target, call, self);
        } else {
            let call = &self.one_statement(block, row, *call);
            read::row(row, target, call, self.diags);
            if let Some(hook) = row.meta.hook {
                hook(self.items, call.args, self.diags);
            }
        }
    }

    /// The call without what seems to be a second statement on its line. Where it is not clear
    /// what was meant it is told and ignored, as by the C daemon.
    fn one_statement<'c, T>(&mut self, block: &Block<T>, row: &Row<T>, call: Call<'c>) -> Call<'c> {
        let (_, most) = row.arg.arity();
        let second = call.args.get(most);
        let Some(second) = second.filter(|word| !word.quoted && block.find(&word.text).is_some())
        else {
            return call;
        };
        let text = format!(
            "`{}` stands on the line of `{}` and is ignored",
            second.text, call.keyword.text
        );
        self.diags.warn(Code::General, second.span, text);
        self.diags.help("put each statement on a line of its own");
        self.diags.lint("two-statements");
        Call {
            args: call.args.get(..most).unwrap_or(call.args),
            ..call
        }
    }

    fn remarks<T>(&mut self, row: &Row<T>, alias: Option<&Alias>, call: &Call<'_>) {
        let keyword = call.keyword;
        if let Some(old) = old_word(row, alias, call) {
            self.diags.old(keyword.span, old);
        }
    }

    /// Read the list behind `call`.
    pub fn list<T>(
        &mut self,
        block: &Block<T>,
        entries: &Entries<T>,
        target: &mut T,
        call: &Call<'_>,
    ) {
        if let Some(word) = call.args.first() {
            let text = format!("only `{{` may follow `{}`", call.keyword.text);
            self.diags.error(Code::General, word.span, text);
        }
        if !self.opens(call, |word| block.find(word).is_none()) {
            return;
        }
        (entries.open)(target, call.keyword.span);
        loop {
            match self.items.next(self.diags) {
                Some(Item::Line(line)) => {
                    self.entry(entries, target, &line);
                    self.items.take_back(line);
                }
                Some(Item::Open(span)) => {
                    self.unexpected_open(span);
                    self.skip_rest(span);
                }
                Some(Item::Close(_)) => return,
                None => return self.missing_close(call.span()),
            }
        }
    }

    /// A line of a list, which may have more than one entry.
    fn entry<T>(&mut self, entries: &Entries<T>, target: &mut T, line: &Line) {
        let Some(found) = statements::entries(entries, line) else {
            return (entries.set)(target, line, self.diags);
        };
        self.diags.push(found.told(line));
        for line in found.lines(line) {
            (entries.set)(target, &line, self.diags);
        }
    }

    /// Whether the inside of the block behind `call` follows. Without `{` it does
    /// when the next line belongs there.
    fn opens(&mut self, call: &Call<'_>, belongs: impl Fn(&str) -> bool) -> bool {
        let inside = match self.items.peek(self.diags) {
            Some(Item::Open(_)) => {
                self.items.next(self.diags);
                return true;
            }
            Some(Item::Line(line)) => line.words.first().is_some_and(|w| belongs(&w.text)),
            Some(Item::Close(_)) | None => false,
        };
        let text = format!("`{{` is missing behind `{}`", call.keyword.text);
        self.diags.error(Code::MissingOpen, call.span(), text);
        inside
    }

    fn skip_rest(&mut self, opened: Span) {
        let mut depth = 1_u32;
        while depth > 0 {
            match self.items.next(self.diags) {
                Some(Item::Line(_)) => (),
                Some(Item::Open(_)) => depth += 1,
                Some(Item::Close(_)) => depth -= 1,
                None => return self.missing_close(opened),
            }
        }
    }

    fn unexpected_open(&mut self, span: Span) {
        let text = "unexpected `{`: no keyword with a block stands before it";
        self.diags.error(Code::UnexpectedOpen, span, text);
    }

    fn missing_close(&mut self, opened: Span) {
        if !self.ended {
            self.ended = true;
            let text = "the block that begins here is never closed: `}` is missing";
            self.diags.error(Code::MissingClose, opened, text);
        }
    }
}

/// What is to be said if a statement has a word of an earlier version.
fn old_word<T>(row: &Row<T>, alias: Option<&Alias>, call: &Call<'_>) -> Option<Old> {
    let keyword = call.keyword;
    let newer = match (alias, row.meta.old, row.meta.replaced_by) {
        (_, Some(old), Some(_)) | (None, Some(old), None) => return old(call),
        (Some(alias), _, _) if alias.kind == AliasKind::Spelling => return None,
        (Some(_), _, _) => row.name,
        (None, None, newer) => newer?,
    };
    Some(Old {
        text: format!("`{}` is an old name of `{newer}`", keyword.text),
        help: None,
        deprecated: alias.is_none_or(|alias| alias.kind == AliasKind::Deprecated),
        fixes: vec![Fix::instead(keyword.span, newer)],
    })
}
