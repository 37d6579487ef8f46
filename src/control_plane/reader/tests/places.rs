//! Where words stand, whatever was read.

use proptest::prelude::*;

use super::{MAIN, options, run, tree};
use crate::control_plane::files::Memory;
use crate::control_plane::reader::*;
use crate::control_plane::render;

#[test]
fn places_lead_to_what_was_written() {
    let files = tree("$A=x\ninclude wrong.conf\n  a\tb${A} \"c d\"\n$M= \\\n  m $A\n  $M\n");
    let mut diags = Diags::default();
    let mut reader = Reader::open(&files, Path::new(MAIN), options(), &mut diags).unwrap();
    let mut places = Vec::new();
    let mut origins = Vec::new();
    while let Some(item) = reader.next(&mut diags) {
        let spans = match &item {
            Item::Line(line) => line.words.iter().map(|word| word.span).collect(),
            Item::Open(span) | Item::Close(span) => vec![*span],
        };
        for span in spans {
            let place = reader.map().place(span);
            let (text, columns) = reader.map().line_text(span);
            let marked: String = text
                .chars()
                .skip(columns.start)
                .take(columns.len())
                .collect();
            let file = place.file.trim_start_matches("/etc/keepalived/").to_owned();
            places.push(format!("{file}:{}:{} {marked}", place.line, place.column));
            origins.extend(reader.map().origins(span));
        }
    }
    let expected = [
        "wrong.conf:1:1 x",
        "wrong.conf:1:3 {",
        "keepalived.conf:3:3 a",
        "keepalived.conf:3:5 b${A}",
        "keepalived.conf:3:11 \"c d\"",
        "keepalived.conf:5:3 m",
        "keepalived.conf:5:5 $A",
    ];
    assert_eq!(places, expected);
    assert!(
        origins
            .iter()
            .any(|origin| matches!(origin, Origin::Included(_)))
    );
    assert!(
        origins
            .iter()
            .any(|origin| matches!(origin, Origin::Used(_)))
    );
    assert!(
        origins
            .iter()
            .any(|origin| matches!(origin, Origin::Defined(_)))
    );
    let text = render::full(&diags.list[0], reader.map());
    assert_eq!(
        text,
        "/etc/keepalived/wrong.conf:2:3: error: `NONE` is not defined\n      ${NONE}\n      ^^^^^^^\n\
         /etc/keepalived/keepalived.conf:2:9: note: the file was included here\n"
    );
}

#[test]
fn foreign_letters() {
    let marked = run(b"\xef\xbb\xbfa\nb");
    assert_eq!(
        (marked.items.join(" "), marked.diags.exit_status()),
        ("a b".into(), 5)
    );
    let latin = run(b"a \xe9\nb # \xe9");
    assert_eq!(latin.items, ["a|\u{fffd}", "b"]);
    assert_eq!(latin.diags.list[0].severity, Severity::Warning);
    let text = run("ä ü ${N}");
    assert_eq!(text.told, ["1:5 `N` is not defined"]);
}

#[test]
fn the_end_is_at_the_last_letter() {
    let files = Memory::with(MAIN, "a\n{ b\n\n");
    let mut diags = Diags::default();
    let reader = Reader::open(&files, Path::new(MAIN), options(), &mut diags).unwrap();
    let place = reader.map().place(reader.end());
    assert_eq!((place.line, place.column), (2, 3));
}

/// Text made of what the reader has rules for.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let scrap = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\n$A=".to_vec()),
        Just(b" \\\n".to_vec()),
        Just(b"${A}".to_vec()),
        Just(b"$A".to_vec()),
        Just(b"\n~SEQ(A,1,3) ".to_vec()),
        Just(b"\n~LST({A,B},{1,2},3)".to_vec()),
        Just(b"\n@main ".to_vec()),
        Just(b"\ninclude *.conf\n".to_vec()),
        Just(b"\nincludea {one,d/a}.conf".to_vec()),
        Just(b"${_ENV HOME}".to_vec()),
        Just(b"${_RANDOM 1 2}".to_vec()),
        Just(b"${_HASH}".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"'".to_vec()),
        Just(b"{".to_vec()),
        Just(b"}".to_vec()),
        Just(b" # ".to_vec()),
        Just(b"\\#".to_vec()),
        Just(b"word ".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
}

fn spans_are_inside(text: &[u8]) {
    let files = tree("").and(MAIN, text);
    let mut diags = Diags::default();
    let Some(mut reader) = Reader::open(&files, Path::new(MAIN), options(), &mut diags) else {
        return;
    };
    let mut spans = Vec::new();
    while let Some(item) = reader.next(&mut diags) {
        match item {
            Item::Line(line) => {
                assert!(!line.words.is_empty());
                assert!(
                    line.words
                        .iter()
                        .all(|word| line.span.lo <= word.span.lo && word.span.hi <= line.span.hi)
                );
                if let Ok(words) = crate::control_plane::words::script_words(&line) {
                    spans.extend(words.iter().map(|word| word.span));
                }
                spans.extend(line.words.iter().map(|word| word.span));
                spans.push(line.span);
            }
            Item::Open(span) | Item::Close(span) => spans.push(span),
        }
    }
    spans.extend(diags.list.iter().filter_map(|diag| diag.span));
    for span in spans {
        assert!(reader.map().contains(span), "{span:?}");
        assert!(reader.map().place(span).line > 0, "{span:?}");
        let (line, columns) = reader.map().line_text(span);
        assert!(columns.end <= line.chars().count() + 1, "{span:?}");
        let _ = reader.map().origins(span);
    }
    for diag in &diags.list {
        let _ = render::full(diag, reader.map());
        let _ = render::log_line(diag, reader.map());
    }
}

proptest! {
    #[test]
    fn any_octets_are_read(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        spans_are_inside(&text);
    }

    #[test]
    fn any_scraps_are_read(text in scraps()) {
        spans_are_inside(&text);
    }
}
