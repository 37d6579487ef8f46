//! The answer of a web server to HTTP_GET, for pages with status codes, digests and
//! patterns: the verdict is the same in whatever pieces the answer comes, and none of
//! them is longer than the answer.
#![no_main]

use std::cell::RefCell;

use keepalived::check::checker::{HttpSettings, HttpVersion, Page, Pattern, SaidOfPages};
use keepalived::check::http::pattern::Patterns;
use keepalived::check::http::response::{Malformed, Part, Response};
use keepalived::check::kinds::http::Http;
use keepalived::check::probe::{Event, Outcome, Output, Probe};
use keepalived_fuzz::{PIECES, endpoint, now};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static PATTERNS: RefCell<Patterns> = RefCell::default();
}

fuzz_target!(|answer: &[u8]| {
    let whole = read(&[answer]);
    for size in PIECES {
        let pieces: Vec<&[u8]> = answer.chunks(size).collect();
        assert_eq!(read(&pieces), whole, "in pieces of {size}");
    }
    let verdicts = verdicts(&[answer]);
    for size in PIECES {
        let pieces: Vec<&[u8]> = answer.chunks(size).collect();
        assert_eq!(self::verdicts(&pieces), verdicts, "in pieces of {size}");
    }
});

/// Status, body, and how it ends.
type Read = (Option<u16>, Vec<u8>, Option<Result<(), Malformed>>);

fn read(pieces: &[&[u8]]) -> Read {
    let mut response = Response::default();
    let (mut status, mut body) = (None, Vec::new());
    for piece in pieces {
        let mut rest = *piece;
        loop {
            match response.next(&mut rest) {
                Ok(None) => break,
                Ok(Some(Part::Status(code))) => status = Some(code),
                Ok(Some(Part::Body(octets))) => body.extend_from_slice(octets),
                Ok(Some(Part::End)) => return (status, body, None),
                Err(why) => return (status, body, Some(Err(why))),
            }
        }
        assert!(rest.is_empty(), "left over");
    }
    let end = response.end();
    (status, body, Some(end))
}

fn verdicts(pieces: &[&[u8]]) -> Vec<Option<Outcome>> {
    let pattern = |text: &str, inverted| Pattern {
        text: text.into(),
        inverted,
        ..Pattern::default()
    };
    let pages = [
        Page {
            digest: Some(vec![7; 16]),
            ..Page::default()
        },
        Page {
            digest: Some(vec![7; 20]),
            statuses: vec![(100, 599)],
            ..Page::default()
        },
        Page {
            pattern: Some(pattern("a+b|^x.z$|up", false)),
            ..Page::default()
        },
        Page {
            pattern: Some(Pattern {
                options: vec!["caseless".to_owned(), "utf".to_owned()],
                min_offset: 3,
                max_offset: Some(40),
                ..pattern("do(?!wn)", true)
            }),
            statuses: vec![(0, u16::MAX)],
            ..Page::default()
        },
    ];
    PATTERNS.with_borrow_mut(|patterns| pages.map(|page| verdict(page, patterns, pieces)).into())
}

fn verdict(page: Page, patterns: &mut Patterns, pieces: &[&[u8]]) -> Option<Outcome> {
    let settings = HttpSettings {
        endpoint: endpoint(),
        tls: None,
        version: HttpVersion::V1_1,
        fast_recovery: false,
        pages: vec![page],
        said: SaidOfPages::default(),
    };
    let mut probe = Http::new(settings, patterns);
    let mut out = Output::default();
    probe.begin(now(), 1);
    assert_eq!(probe.on(now(), Event::Connected, &mut out), None);
    for piece in pieces {
        let outcome = probe.on(now(), Event::Received(piece), &mut out);
        if outcome.is_some() {
            return outcome;
        }
    }
    let outcome = probe.on(now(), Event::Ended, &mut out);
    assert!(outcome.is_some());
    outcome
}
