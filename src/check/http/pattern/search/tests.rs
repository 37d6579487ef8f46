//! Patterns in whole bodies and in bodies in pieces.

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern {
        text: text.to_owned(),
        ..Pattern::default()
    }
}

fn with(text: &str, options: &[&'static str]) -> Pattern {
    Pattern {
        options: options.iter().map(|&option| option.to_owned()).collect(),
        ..pattern(text)
    }
}

fn found(pattern: &Pattern, body: &[u8]) -> bool {
    in_pieces(pattern, body, body.len().max(1), WINDOW)
}

fn in_pieces(pattern: &Pattern, body: &[u8], size: usize, window: usize) -> bool {
    let mut program = compile(pattern).expect("a pattern");
    program.window = window;
    let mut search = Search::default();
    for piece in body.chunks(size) {
        search.feed(&program, piece);
        assert!(search.window.len() <= window, "{}", search.window.len());
    }
    search.finish(&program).expect("a search to the end")
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let error = compile(&pattern("a(b")).expect_err("no pattern");
    assert_eq!(
        error,
        "Invalid regex: 'a(b' at offset 3: missing closing parenthesis"
    );
    assert!(compile(&with("a", &["utf", "never_utf"])).is_err());
}

#[test]
fn an_empty_body_may_match() {
    assert!(found(&pattern("^$"), b""));
    assert!(!found(&pattern("x"), b""));
}

#[test]
fn each_option_has_its_effect() {
    let all: &[(&str, &str, &[u8], bool)] = &[
        ("allow_empty_class", "[]a]", b"a", false),
        ("alt_bsux", r"\x", b"x", true),
        ("alt_circumflex", r"(?m)a\n^\z", b"a\n", true),
        ("caseless", "abc", b"xABCx", true),
        ("dollar_endonly", "a$", b"a\n", false),
        ("dotall", "a.b", b"a\nb", true),
        ("extended", "a b", b"ab", true),
        ("firstline", "b", b"a\nb", false),
        ("match_unset_backref", r"(a)?\1b", b"b", true),
        ("multiline", "^b", b"a\nb", true),
        ("ungreedy", "^a+?$", b"aa", true),
        ("utf", "^.$", "ä".as_bytes(), true),
    ];
    for &(word, text, body, with_it) in all {
        assert_eq!(found(&with(text, &[word]), body), with_it, "{word}");
    }
    let different = all.iter().filter(|(word, ..)| *word != "ungreedy");
    for &(word, text, body, with_it) in different {
        let without = compile(&pattern(text)).is_ok_and(|_| found(&pattern(text), body));
        assert_ne!(without, with_it, "without {word}");
    }
    assert!(found(&with(r"^\w$", &["utf", "ucp"]), "ä".as_bytes()));
    assert!(!found(&with(r"^\w$", &["utf"]), "ä".as_bytes()));
    assert!(compile(&with("(?<n>a)(?<n>b)", &["dupnames"])).is_ok());
    assert!(compile(&with("(?<n>a)(?<n>b)", &[])).is_err());
    assert!(compile(&with(r"\C", &["never_backslash_c"])).is_err());
    assert!(compile(&with("(*UTF)a", &["never_utf"])).is_err());
    assert!(compile(&with("(*UCP)a", &["never_ucp"])).is_err());
    assert!(compile(&with(r"(a)\1", &["no_auto_capture"])).is_err());
    for word in [
        "alt_verbnames",
        "auto_callout",
        "no_auto_possess",
        "no_dotstar_anchor",
        "no_start_optimize",
        "use_offset_limit",
    ] {
        assert!(found(&with("b+c", &[word]), b"abbc"), "{word}");
    }
}

#[test]
fn offsets_count_in_the_body() {
    let within = |min_offset, max_offset| Pattern {
        min_offset,
        max_offset,
        ..pattern("needle")
    };
    let body = b"0123needle";
    for (least, most, want) in [
        (0, None, true),
        (4, None, true),
        (5, None, false),
        (400, None, false),
        (0, Some(4), true),
        (0, Some(3), false),
        (4, Some(4), true),
    ] {
        assert_eq!(found(&within(least, most), body), want, "{least} {most:?}");
    }
    let behind = Pattern {
        min_offset: 4,
        ..pattern("(?<=3)needle")
    };
    assert!(found(&behind, body));
    let start = Pattern {
        min_offset: 4,
        ..pattern("^needle")
    };
    assert!(!found(&start, body));
}

#[test]
fn offsets_count_in_a_body_longer_than_the_window() {
    let mut body = vec![b'.'; 1000];
    body.extend_from_slice(b"needle and more");
    for (least, most, want) in [
        (0, None, true),
        (1000, None, true),
        (1001, None, false),
        (0, Some(1000), true),
        (0, Some(999), false),
        (0, Some(10), false),
        (2000, None, false),
    ] {
        let pattern = Pattern {
            min_offset: least,
            max_offset: most,
            ..pattern("needle")
        };
        for size in [1, 7, 64, 2000] {
            assert_eq!(
                in_pieces(&pattern, &body, size, 64),
                want,
                "{least} {most:?} {size}"
            );
        }
    }
}

#[test]
fn a_match_may_lie_across_windows() {
    let body = [&vec![b'x'; 100][..], b"abcdef", &[b'y'; 100]].concat();
    for window in 16..80 {
        for text in [
            "abcdef",
            "x(?=abcdefy)",
            "(?<=xx)abc",
            r"\babcdef|fy",
            "f(?!z)",
        ] {
            assert!(
                in_pieces(&pattern(text), &body, 5, window),
                "{text} {window}"
            );
        }
        for text in ["^abc", "^y", r"\Ay", "def$", "y{101}", "x{101}"] {
            assert!(
                !in_pieces(&pattern(text), &body, 5, window),
                "{text} {window}"
            );
        }
        assert!(in_pieces(&pattern("y$"), &body, 5, window));
    }
}

#[test]
fn a_match_longer_than_half_a_window_is_cut() {
    let body = [&b"begin"[..], &vec![b'.'; 5000], b"end"].concat();
    assert!(in_pieces(&with("begin.*", &["dotall"]), &body, 100, 256));
    assert!(!in_pieces(
        &with("begin.*end", &["dotall"]),
        &body,
        100,
        256
    ));
    assert!(in_pieces(&with(r"end\z", &["dotall"]), &body, 100, 256));
}

#[test]
fn characters_are_not_torn() {
    let body = "äöü€😀".repeat(50) + "ende";
    for window in 32..64 {
        assert!(in_pieces(
            &with("€😀ende$", &["utf"]),
            body.as_bytes(),
            1,
            window
        ));
        assert!(!in_pieces(
            &with("[^äöü€😀ende]", &["utf"]),
            body.as_bytes(),
            1,
            window
        ));
        assert!(!in_pieces(
            &pattern("(*UTF)[^äöü€😀ende]"),
            body.as_bytes(),
            1,
            window
        ));
    }
}

#[test]
fn what_is_no_utf_8_only_does_not_match() {
    assert!(found(&with("abc", &["utf"]), b"\xff\xfeabc\x80"));
    assert!(!found(&with(".", &["utf"]), b"\xff"));
}

#[test]
fn a_costly_pattern_ends() {
    let program = compile(&pattern("(a+)+$")).expect("a pattern");
    let mut search = Search::default();
    search.feed(&program, &[b'a'; 40]);
    search.feed(&program, b"b");
    assert!(search.finish(&program).is_err());
}

#[test]
fn a_stack_of_its_own() {
    let mut nested = pattern(r"^(?:(a)|b)*$");
    nested.stack = Some((32 * 1024, 1024 * 1024));
    assert!(found(&nested, &[b'a'; 10_000]));
    nested.stack = None;
    assert!(found(&nested, &[b'a'; 10_000]));
}

proptest! {
    /// Searching in pieces finds what searching the whole finds, for matches that are
    /// short against the window.
    #[test]
    fn pieces_do_not_matter(
        body in prop::collection::vec(prop::sample::select(&b"aab\nc "[..]), 0..400),
        text in prop::sample::select(vec![
            "abc", "^a", "c$", r"\bc\b", "(?<=ab)c", "(?<!a)b\nc", "a(?=bc)", "a(?!b)\n",
            r"\Aab", r"c\z", "(?m)^ab$", "(?m)^$", "a{3}b", "[^a]{3}c", r"a\nb\nc", "b{2,5}a",
        ]),
        size in 1..50usize,
        window in 48..100usize,
    ) {
        let pattern = pattern(text);
        prop_assert_eq!(found(&pattern, &body), in_pieces(&pattern, &body, size, window));
    }

    /// No octets of a server and no words of an administrator do harm.
    #[test]
    fn nothing_panics(
        body in prop::collection::vec(any::<u8>(), 0..300),
        text in "[ab.*+?()\\[\\]{}|^$\\\\]{0,12}",
        utf in any::<bool>(),
        min_offset in 0..100usize,
        max_offset in prop::option::of(0..300usize),
        size in 1..40usize,
    ) {
        let options = if utf { vec!["utf".to_owned()] } else { vec![] };
        let pattern = Pattern { text, options, min_offset, max_offset, ..Pattern::default() };
        if let Ok(mut program) = compile(&pattern) {
            program.window = 64;
            let mut search = Search::default();
            for piece in body.chunks(size) {
                search.feed(&program, piece);
            }
            let _ = search.finish(&program);
        }
    }
}
