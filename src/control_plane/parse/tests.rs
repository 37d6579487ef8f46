use std::collections::VecDeque;

use super::{Items, Parser};
use crate::control_plane::arg::{block, flag, int, lines};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::{self, Block, Inner, at, deprecated, no_head, old_name};
use crate::control_plane::source::Span;
use crate::control_plane::words::{Item, Line, Word};

type Row = schema::Row<Value>;

#[derive(Debug, Default)]
struct Value {
    number: u8,
    on: bool,
    names: Vec<String>,
}

static TOP: Block<Value> = Block {
    rows: &[&[
        Row::new("number", int(1, 9, "apples", at!(number)), "A number.")
            .aliases(&[old_name("count"), deprecated("amount")]),
        Row::new("on", flag(at!(on)), "A switch.").once(),
        Row::new("inner", block(&INNER), "A block."),
        Row::new(
            "names",
            lines(
                "NAME",
                |value: &mut Value, line, _| {
                    value
                        .names
                        .extend(line.words.iter().map(|word| word.text.clone()));
                },
                |_, _| (),
                |_| (),
            ),
            "A list.",
        ),
    ]],
    finish: None,
};

static INNER: Inner<Value, Value> = Inner::same(
    &Block {
        rows: &[&[Row::new("deep", int(1, 9, "", at!(number)), "A number.")]],
        finish: None,
    },
    "",
    no_head,
);

/// Lines by `;`, each brace an item of its own; spans count words.
struct Text(VecDeque<Item>);

impl Text {
    fn new(text: &str) -> Self {
        let mut items = VecDeque::new();
        let mut at = 0;
        let mut span = || {
            at += 1;
            Span { lo: at, hi: at + 1 }
        };
        for line in text.split(';') {
            let mut words = Vec::new();
            for word in line.split_whitespace() {
                let span = span();
                if word == "{" || word == "}" {
                    items.extend(Self::line(std::mem::take(&mut words)));
                    let brace = if word == "{" {
                        Item::Open(span)
                    } else {
                        Item::Close(span)
                    };
                    items.push_back(brace);
                } else {
                    words.push(Word {
                        text: word.into(),
                        span,
                        quoted: false,
                    });
                }
            }
            items.extend(Self::line(words));
        }
        Self(items)
    }

    fn line(words: Vec<Word>) -> Option<Item> {
        let span = words.first()?.span;
        Some(Item::Line(Line {
            words,
            raw: String::new(),
            span,
        }))
    }
}

impl Items for Text {
    fn next(&mut self, _: &mut Diags) -> Option<Item> {
        self.0.pop_front()
    }

    fn peek(&mut self, _: &mut Diags) -> Option<&Item> {
        self.0.front()
    }

    fn take_back(&mut self, _: Line) {}

    fn include_check(&mut self, _: &[Word], _: &mut Diags) {}

    fn seed_random(&mut self, _: u32) {}
}

/// The value of a text, and class and place (which word) of each message.
fn read(text: &str) -> (Value, Vec<(Code, u32)>) {
    let mut items = Text::new(text);
    let mut diags = Diags::default();
    let mut value = Value::default();
    Parser::new(&mut items, &mut diags).top(&TOP, &mut value);
    let told = diags
        .list
        .iter()
        .map(|diag| (diag.code, diag.span.unwrap_or_default().lo));
    (value, told.collect())
}

#[test]
fn keywords_fill_their_fields() {
    let (value, told) = read("number 3; on; names { a b; c }; inner { deep 4 }");
    assert_eq!((value.number, value.on), (4, true));
    assert_eq!(value.names, ["a", "b", "c"]);
    assert_eq!(told, []);
}

#[test]
fn a_bad_value_leaves_the_field_alone_and_is_told_at_the_word() {
    for bad in ["0", "10", "3x", "-1", "x"] {
        let (value, told) = read(&format!("number {bad}"));
        assert_eq!(value.number, 0, "{bad}");
        assert_eq!(told, [(Code::InvalidNumber, 2)], "{bad}");
    }
}

#[test]
fn a_missing_word_is_told_at_the_keyword_and_a_surplus_one_at_itself() {
    assert_eq!(read("number; on").1, [(Code::MissingParameter, 1)]);
    let (value, told) = read("number 3 4; on");
    assert_eq!((value.number, told), (3, vec![(Code::General, 3)]));
    assert!(read("on off").0.on);
    assert_eq!(read("on off").1, [(Code::General, 2)]);
}

#[test]
fn an_unknown_block_is_one_message_and_is_passed_over() {
    let (value, told) = read("innre { deep 5; x { y } }; number 2");
    assert_eq!(value.number, 2);
    assert_eq!(told, [(Code::UnknownKeyword, 1)]);
}

#[test]
fn several_mistakes_are_found_in_one_run() {
    let (value, told) = read("numbr 1; number 0; names { a }; onn");
    assert_eq!(value.names, ["a"]);
    let codes: Vec<Code> = told.iter().map(|(code, _)| *code).collect();
    assert_eq!(
        codes,
        [
            Code::UnknownKeyword,
            Code::InvalidNumber,
            Code::UnknownKeyword
        ]
    );
}

#[test]
fn a_missing_brace_is_supplied_where_the_next_line_belongs_inside() {
    let (value, told) = read("inner; deep 5 }; on");
    assert_eq!((value.number, value.on), (5, true));
    assert_eq!(told, [(Code::MissingOpen, 1)]);
    let (value, told) = read("inner; number 5; on");
    assert_eq!((value.number, value.on), (5, true));
    assert_eq!(told, [(Code::MissingOpen, 1)]);
    let (value, told) = read("names; a; b }; on");
    assert_eq!((value.names.len(), value.on), (2, true));
    assert_eq!(told, [(Code::MissingOpen, 1)]);
}

#[test]
fn braces_too_many_or_too_few_are_told_once() {
    let (value, told) = read("}; on");
    assert!(value.on);
    assert_eq!(told, [(Code::UnexpectedClose, 1)]);
    let (value, told) = read("{ on }; number 2");
    assert_eq!((value.on, value.number), (true, 2));
    assert_eq!(told, [(Code::UnexpectedOpen, 1)]);
    assert_eq!(read("inner { deep 5").1, [(Code::MissingClose, 1)]);
    assert_eq!(read("names { a { b").1.len(), 2);
}

#[test]
fn any_number_of_surplus_braces_is_told_and_passed_over() {
    let many = 100_000;
    let text = format!("{}\n{}", "{ ".repeat(many), "} ".repeat(many));
    let (_, told) = read(&text);
    let opened = |told: &&(Code, u32)| told.0 == Code::UnexpectedOpen;
    assert_eq!(told.iter().filter(opened).count(), many);
    assert_eq!(told.len(), many);
}

#[test]
fn old_names() {
    let (value, told) = read("count 3");
    assert_eq!((value.number, told), (3, vec![(Code::Ok, 1)]));
    let (value, told) = read("amount 4");
    assert_eq!((value.number, told), (4, vec![(Code::Deprecated, 1)]));
}

#[test]
fn what_may_stand_once_stays_as_it_was_first() {
    assert_eq!(read("on; on").1, [(Code::General, 2)]);
}

/// Which keywords the C daemon cannot do without an argument of, and which it skips.
#[test]
fn what_is_missing_ends_the_daemon_or_skips_the_line() {
    use crate::control_plane::files::Memory;
    use crate::control_plane::{AnyMachine, LoadOptions, load};
    const INSTANCE: &str = "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n";
    let routes = |line: &str| format!("{INSTANCE}virtual_routes {{\n{line}\n}}\n}}");
    let rules = |line: &str| format!("{INSTANCE}virtual_rules {{\n{line}\n}}\n}}");
    let cases = [
        (format!("{INSTANCE}priority\n}}"), 2),
        ("global_defs {\nsmtp_server\n}".into(), 2),
        (format!("{INSTANCE}notify_master\n}}"), 2),
        (routes("10.9.0.0/16 via"), 2),
        (routes("10.9.0.0/16 dev eth0 to"), 2),
        (routes("10.9.0.0/16 dev eth0 as"), 2),
        (rules("from 10.9.0.0/16 table 5 type"), 2),
        ("vrrp_script {\n}".into(), 2),
        ("global_defs {\nrouter_id\n}".into(), 5),
        ("global_defs {\nlvs_sync_daemon eth0 port\n}".into(), 5),
        ("instance".into(), 5),
        (format!("{INSTANCE}notify_master \"/bin/true\n}}"), 5),
        (routes("10.9.0.0/16 dev eth0 encap"), 5),
        (
            format!("{INSTANCE}virtual_ipaddress {{\n10.0.0.1 dev\n}}\n}}"),
            5,
        ),
        ("vrrp_instance {\n}".into(), 5),
    ];
    for (text, status) in cases {
        let files = Memory::with("/k.conf", &text);
        let path = std::path::Path::new("/k.conf");
        let loaded = load(
            &files,
            path,
            &LoadOptions::default(),
            &AnyMachine::default(),
        );
        assert_eq!(loaded.diags.exit_status(), status, "{text}");
        assert_eq!(loaded.diags.lacks_argument(), status == 2, "{text}");
    }
}
