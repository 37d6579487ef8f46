//! Reading JSON (RFC 8259): a text as a tree of what it says.

use std::borrow::Cow;

/// Deeper than any text of ours.
const DEPTH_MAX: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    /// `null`, and whatever is not there.
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// A string.
    Text(Cow<'a, str>),
    /// `[ ... ]`
    List(Vec<Self>),
    /// `{ ... }`
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Node<'a> {
    /// What a text says; nothing if it is no JSON.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let node = reader.value(DEPTH_MAX)?;
        reader.skip_blanks();
        reader.rest.is_empty().then_some(node)
    }

    /// A member of an object; [`Node::Null`] if there is none.
    #[must_use]
    pub fn member(&self, key: &str) -> &Self {
        let Self::Object(members) = self else {
            return &Node::Null;
        };
        let found = members.iter().find(|(known, _)| known == key);
        found.map_or(&Node::Null, |(_, node)| node)
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Node<'a>> {
        let depth = depth.checked_sub(1)?;
        self.skip_blanks();
        match self.rest.chars().next()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            '"' => self.string().map(Node::Text),
            't' => self.word("true", Node::Flag(true)),
            'f' => self.word("false", Node::Flag(false)),
            'n' => self.word("null", Node::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node<'a>> {
        let mut members = Vec::new();
        self.items('}', |reader| {
            reader.skip_blanks();
            let key = reader.string()?;
            reader.expect(':')?;
            members.push((key, reader.value(depth)?));
            Some(())
        })?;
        Some(Node::Object(members))
    }

    fn list(&mut self, depth: usize) -> Option<Node<'a>> {
        let mut list = Vec::new();
        self.items(']', |reader| {
            list.push(reader.value(depth)?);
            Some(())
        })?;
        Some(Node::List(list))
    }

    /// What is between an opening mark and the closing one, with commas between.
    fn items(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.skip(1);
        if self.expect(close).is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            if self.expect(',').is_none() {
                return self.expect(close);
            }
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let inside = self.rest.strip_prefix('"')?;
        let plain = inside.find(['"', '\\'])?;
        let (text, after) = inside.split_at_checked(plain)?;
        if let Some(rest) = after.strip_prefix('"') {
            self.rest = rest;
            return Some(text.into());
        }
        self.rest = after;
        self.escaped(text.to_owned()).map(Cow::Owned)
    }

    /// The rest of a string from its first escape on.
    fn escaped(&mut self, mut text: String) -> Option<String> {
        loop {
            let at = self.rest.find(['"', '\\'])?;
            let (plain, mark) = self.rest.split_at_checked(at)?;
            text.push_str(plain);
            self.rest = mark;
            self.skip(1);
            if mark.starts_with('"') {
                return Some(text);
            }
            let escape = self.rest.chars().next()?;
            self.rest = self.rest.get(escape.len_utf8()..)?;
            text.push(match escape {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => self.code_point()?,
                '"' | '\\' | '/' => escape,
                _ => return None,
            });
        }
    }

    /// Behind `\u`: four digits, and as many again for a pair of surrogates.
    fn code_point(&mut self) -> Option<char> {
        let unit = |reader: &mut Self| {
            let digits = reader.rest.get(..4)?;
            reader.rest = reader.rest.get(4..)?;
            u16::from_str_radix(digits, 16).ok()
        };
        let first = unit(self)?;
        if let Some(c) = char::from_u32(first.into()) {
            return Some(c);
        }
        self.rest = self.rest.strip_prefix("\\u")?;
        let second = unit(self)?;
        char::decode_utf16([first, second]).next()?.ok()
    }

    fn number(&mut self) -> Option<Node<'a>> {
        let in_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let end = self.rest.find(|c| !in_number(c));
        let (number, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest;
        number.parse::<f64>().ok()?;
        Some(Node::Number(number))
    }

    fn word(&mut self, word: &str, node: Node<'a>) -> Option<Node<'a>> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(node)
    }

    fn expect(&mut self, mark: char) -> Option<()> {
        self.skip_blanks();
        self.rest = self.rest.strip_prefix(mark)?;
        Some(())
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn skip(&mut self, octets: usize) {
        self.rest = self.rest.get(octets..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dump::json::Json;

    #[test]
    fn a_text_is_read_as_it_says() {
        let node = Node::parse(
            " { \"a\" : [1, -2.5e3, true, false, null], \"b\\/\\u00e9\": \"x\\n\\ud83d\\ude00\" } ",
        );
        let node = node.expect("JSON");
        let Node::List(list) = node.member("a") else {
            panic!("{node:?}");
        };
        let expected = [
            Node::Number("1"),
            Node::Number("-2.5e3"),
            Node::Flag(true),
            Node::Flag(false),
            Node::Null,
        ];
        assert_eq!(list, &expected);
        assert_eq!(node.member("b/é"), &Node::Text("x\n😀".into()));
        assert_eq!(node.member("c"), &Node::Null);
        assert_eq!(Node::parse("[]"), Some(Node::List(vec![])));
        assert_eq!(Node::parse("{}"), Some(Node::Object(vec![])));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let wrong = [
            "",
            "{",
            "[1",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "nul",
            "1 2",
            "-",
            "[] x",
            "\"\\u12\"",
        ];
        for text in wrong {
            assert_eq!(Node::parse(text), None, "{text}");
        }
        assert_eq!(Node::parse(&"[".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "\\PC*|[\\x00-\\x1f\"\\\\/]*") {
            let mut out = Json::default();
            out.array(|out| out.string(&text));
            let written = out.finish();
            prop_assert_eq!(Node::parse(&written), Some(Node::List(vec![Node::Text(text.into())])));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:\\\\u0-9a-f.e+ -]*|\\PC*") {
            let _ = Node::parse(&text);
        }
    }
}
