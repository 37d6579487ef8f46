//! Checks of pages against servers that are played.

use proptest::prelude::*;

use super::super::testing::endpoint;
use super::*;
use crate::check::checker::{HttpVersion, Pattern, SaidOfPages, TlsSettings};

fn page(path: &str) -> Page {
    Page {
        path: path.to_owned(),
        ..Page::default()
    }
}

fn settings(pages: Vec<Page>) -> HttpSettings {
    HttpSettings {
        endpoint: endpoint(),
        tls: None,
        version: HttpVersion::default(),
        fast_recovery: false,
        pages,
        said: SaidOfPages::default(),
    }
}

fn made(settings: HttpSettings) -> Http {
    Http::new(settings, &mut Patterns::default())
}

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

/// One attempt whose answer comes at once, in pieces, and ends with the connection.
/// What was asked, and how it went.
fn attempt(probe: &mut Http, answer: &[u8], size: usize) -> (String, Outcome) {
    let mut out = Output::default();
    probe.begin(at(0), 0);
    if let Some(outcome) = probe.on(at(0), Event::Connected, &mut out) {
        return (String::new(), outcome);
    }
    let asked = String::from_utf8(std::mem::take(&mut out.send)).expect("text");
    for piece in answer.chunks(size) {
        if let Some(outcome) = probe.on(at(0), Event::Received(piece), &mut out) {
            return (asked, outcome);
        }
    }
    let outcome = probe.on(at(0), Event::Ended, &mut out);
    (asked, outcome.expect("an outcome at the end"))
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// How the one page is judged.
fn judged(page: &Page, answer: &[u8]) -> Result<(), String> {
    let mut verdict = None;
    for size in [1, 3, answer.len().max(1)] {
        let mut probe = made(settings(vec![page.clone()]));
        let next = match attempt(&mut probe, answer, size).1 {
            Outcome::Failed(why) => Err(why.into_owned()),
            Outcome::Passed(None) => Ok(()),
            Outcome::Passed(Some(_)) | Outcome::Proceed { .. } => panic!("one page, no weight"),
        };
        assert_eq!(
            verdict.get_or_insert_with(|| next.clone()),
            &next,
            "pieces of {size}"
        );
    }
    verdict.expect("a verdict")
}

fn failed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(_))
}

#[test]
fn the_request_names_host_and_path() {
    let named = Page {
        host: Some("www.example".to_owned()),
        ..page("/a")
    };
    let mut probe = made(settings(vec![named, page("/b")]));
    let asked = attempt(&mut probe, &answer(200, ""), 100).0;
    assert!(asked.starts_with("GET /a HTTP/1.0\r\n"), "{asked}");
    assert!(asked.contains("\r\nHost: www.example\r\n"), "{asked}");
    let asked = attempt(&mut probe, &answer(200, ""), 100).0;
    assert!(asked.starts_with("GET /b HTTP/1.0\r\n"), "{asked}");
    assert!(asked.contains("\r\nHost: 192.0.2.1:7\r\n"), "{asked}");
}

#[test]
fn statuses() {
    for status in [200, 204, 299] {
        assert_eq!(judged(&page("/"), &answer(status, "")), Ok(()), "{status}");
    }
    assert_eq!(
        judged(&page("/"), &answer(503, "")),
        Err("url(/): HTTP status code error, status 503, wanted 200-299".to_owned())
    );
    let listed = Page {
        statuses: vec![(200, 204), (500, 504), (401, 401)],
        ..page("/")
    };
    assert_eq!(judged(&listed, &answer(503, "")), Ok(()));
    assert_eq!(
        judged(&listed, &answer(402, "")),
        Err("url(/): HTTP status code error, status 402, wanted 200-204 500-504 401".to_owned())
    );
}

#[test]
fn a_bad_status_needs_no_body() {
    let mut probe = made(settings(vec![page("/")]));
    let mut out = Output::default();
    probe.begin(at(0), 0);
    probe.on(at(0), Event::Connected, &mut out);
    let head = b"HTTP/1.1 500 X\r\n\r\n";
    let outcome = probe.on(at(0), Event::Received(head), &mut out);
    assert!(failed(&outcome.expect("an outcome")));
}

#[test]
fn digests() {
    let hex = |text: &str| -> Vec<u8> {
        let digit = |d: u8| u8::try_from((d as char).to_digit(16).expect("hex")).expect("small");
        let pairs = text.as_bytes().chunks(2);
        pairs.map(|p| digit(p[0]) << 4 | digit(p[1])).collect()
    };
    for digest in [
        "900150983cd24fb0d6963f7d28e17f72",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
    ] {
        let wanted = Page {
            digest: Some(hex(digest)),
            ..page("/")
        };
        assert_eq!(judged(&wanted, &answer(200, "abc")), Ok(()));
        assert_eq!(judged(&wanted, b"HTTP/1.0 200 OK\r\n\r\nabc"), Ok(()));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            1\r\na\r\n2\r\nbc\r\n0\r\n\r\n";
        assert_eq!(judged(&wanted, chunked), Ok(()));
        let why = judged(&wanted, &answer(200, "abd")).expect_err("another body");
        assert!(why.contains("digest error"), "{why}");
    }
}

#[cfg(feature = "regex")]
#[test]
fn patterns_and_digest_have_to_be_right_both() {
    let pattern = |text: &str, inverted| Pattern {
        text: text.to_owned(),
        inverted,
        ..Pattern::default()
    };
    let with = |pattern, digest| Page {
        pattern: Some(pattern),
        digest,
        ..page("/")
    };
    let md5 = |body: &[u8]| {
        let mut digest = BodyDigest::new(Algorithm::Md5);
        digest.feed(body);
        Some(digest.finish())
    };
    let green = answer(200, "GREEN");
    assert_eq!(judged(&with(pattern("GR", false), None), &green), Ok(()));
    assert_eq!(judged(&with(pattern("RED", true), None), &green), Ok(()));
    assert!(judged(&with(pattern("RED", false), None), &green).is_err());
    assert!(judged(&with(pattern("GR", true), None), &green).is_err());
    assert_eq!(
        judged(&with(pattern("GR", false), md5(b"GREEN")), &green),
        Ok(())
    );
    assert!(judged(&with(pattern("GR", false), md5(b"RED")), &green).is_err());
    assert!(judged(&with(pattern("RED", false), md5(b"GREEN")), &green).is_err());
    assert_eq!(
        judged(&with(pattern("^$", false), None), &answer(200, "")),
        Ok(())
    );
    let why = judged(&with(pattern("(", false), None), &green).expect_err("no pattern");
    assert!(why.starts_with("Invalid regex: '(' at offset 1"), "{why}");
}

#[test]
fn an_answer_cut_short_fails() {
    for (answer, why) in [
        (&b""[..], "url(/): no data received"),
        (b"HTTP/1.1 20", "url(/): the answer ended within its head"),
        (
            b"\0\x01 not http at all\r\n\r\n",
            "url(/): the answer is not HTTP",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "url(/): the body ended after 3 of 9 octets",
        ),
    ] {
        assert_eq!(judged(&page("/"), answer), Err(why.to_owned()));
    }
}

#[test]
fn a_complete_answer_is_enough() {
    let mut probe = made(settings(vec![page("/")]));
    let mut out = Output::default();
    probe.begin(at(0), 0);
    probe.on(at(0), Event::Connected, &mut out);
    let octets = answer(200, "abc");
    let outcome = probe.on(at(0), Event::Received(&octets), &mut out);
    assert_eq!(outcome, Some(Outcome::Passed(None)));
}

#[test]
fn a_slow_body_has_an_end() {
    let mut probe = made(settings(vec![page("/")]));
    let mut out = Output::default();
    assert_eq!(probe.begin(at(0), 0).patience, Duration::from_secs(5));
    probe.on(at(1), Event::Connected, &mut out);
    assert_eq!(out.extend.take(), Some(Duration::from_secs(5)));
    let mut waits = Vec::new();
    for second in [4, 8, 12, 15] {
        let piece = if second == 4 {
            &b"HTTP/1.0 200 OK\r\n\r\n"[..]
        } else {
            b"x"
        };
        assert_eq!(probe.on(at(second), Event::Received(piece), &mut out), None);
        waits.push(out.extend.take().map(|d| d.as_secs()));
    }
    assert_eq!(waits, [Some(5), Some(5), Some(4), Some(1)]);
    let outcome = probe.on(at(16), Event::Expired, &mut out);
    let why = "url(/): timeout, no end of the answer after 15s";
    assert_eq!(outcome, Some(Outcome::Failed(why.into())));
}

#[test]
fn what_a_timeout_was_waiting_for() {
    let mut probe = made(settings(vec![page("/")]));
    let mut out = Output::default();
    probe.begin(at(0), 0);
    let outcome = probe.on(at(5), Event::Expired, &mut out);
    assert_eq!(
        outcome,
        Some(Outcome::Failed("timeout, no connection".into()))
    );
    probe.begin(at(10), 0);
    probe.on(at(11), Event::Connected, &mut out);
    let outcome = probe.on(at(16), Event::Expired, &mut out);
    assert_eq!(
        outcome,
        Some(Outcome::Failed("url(/): timeout HTTP read".into()))
    );
}

/// The paths asked in turn, when those in `bad` fail, and the outcomes.
fn turn(probe: &mut Http, bad: &[&str]) -> (String, Outcome) {
    let path = |asked: &str| asked.split(' ').nth(1).expect("a path").to_owned();
    let mut peek = Output::default();
    probe.begin(at(0), 0);
    probe.on(at(0), Event::Connected, &mut peek);
    let path = path(&String::from_utf8(peek.send).expect("text"));
    let status = if bad.contains(&path.as_str()) {
        500
    } else {
        200
    };
    let (_, outcome) = attempt(probe, &answer(status, ""), 100);
    (path, outcome)
}

fn three(fast_recovery: bool) -> Http {
    made(HttpSettings {
        fast_recovery,
        ..settings(vec![page("/a"), page("/b"), page("/c")])
    })
}

#[test]
fn one_page_an_attempt() {
    let mut probe = three(false);
    let proceed = Outcome::Proceed { at_once: false };
    for _ in 0..2 {
        assert_eq!(turn(&mut probe, &[]), ("/a".to_owned(), proceed.clone()));
        assert_eq!(turn(&mut probe, &[]), ("/b".to_owned(), proceed.clone()));
        assert_eq!(
            turn(&mut probe, &[]),
            ("/c".to_owned(), Outcome::Passed(None))
        );
        probe.settled(true);
    }
}

#[test]
fn a_retry_asks_the_failed_page() {
    let mut probe = three(false);
    probe.settled(true);
    assert!(!failed(&turn(&mut probe, &[]).1));
    let (path, outcome) = turn(&mut probe, &["/b"]);
    assert!(path == "/b" && failed(&outcome));
    // The retry does well: on with the next page.
    let proceed = Outcome::Proceed { at_once: false };
    assert_eq!(turn(&mut probe, &[]), ("/b".to_owned(), proceed));
    assert_eq!(
        turn(&mut probe, &[]),
        ("/c".to_owned(), Outcome::Passed(None))
    );
}

#[test]
fn the_failed_page_is_remembered_until_it_does_well() {
    let mut probe = three(false);
    probe.settled(true);
    turn(&mut probe, &[]);
    assert_eq!(probe.remembers(), None);
    for up in [true, false] {
        turn(&mut probe, &["/b"]);
        probe.settled(up);
        turn(&mut probe, &["/b", "/a"]);
        assert!(matches!(probe.remembers(), Some(Memory::FailedPage(_))));
        turn(&mut probe, &[]);
        assert_eq!(probe.remembers(), None);
    }
}

#[test]
fn while_down_the_failed_page_and_then_all() {
    let mut probe = three(false);
    probe.settled(true);
    turn(&mut probe, &[]);
    turn(&mut probe, &["/b"]);
    probe.settled(false);
    for _ in 0..3 {
        let (path, outcome) = turn(&mut probe, &["/b"]);
        assert!(path == "/b" && failed(&outcome));
    }
    let asked: Vec<_> = (0..4).map(|_| turn(&mut probe, &[])).collect();
    let paths: Vec<_> = asked.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/b", "/a", "/b", "/c"]);
    assert_eq!(asked.last().map(|(_, o)| o), Some(&Outcome::Passed(None)));
}

#[test]
fn the_only_page_is_all_of_them() {
    let mut probe = made(settings(vec![page("/")]));
    probe.settled(false);
    assert!(failed(&turn(&mut probe, &["/"]).1));
    let proceed = Outcome::Proceed { at_once: false };
    assert_eq!(turn(&mut probe, &[]).1, proceed);
    assert_eq!(turn(&mut probe, &[]).1, Outcome::Passed(None));
    assert_eq!(turn(&mut probe, &[]).1, Outcome::Passed(None));
}

#[test]
fn fast_recovery_is_for_starting_and_recovering() {
    let mut probe = three(true);
    let at_once = |probe: &mut Http| turn(probe, &[]).1 == Outcome::Proceed { at_once: true };
    assert!(at_once(&mut probe) && at_once(&mut probe));
    assert_eq!(turn(&mut probe, &[]).1, Outcome::Passed(None));
    assert!(!at_once(&mut probe));
    turn(&mut probe, &["/b"]);
    probe.settled(false);
    assert!(at_once(&mut probe));
}

#[test]
fn tls_has_the_name_of_the_page() {
    let named = Page {
        sni: Some("inner.example".to_owned()),
        ..page("/")
    };
    let mut probe = made(HttpSettings {
        tls: Some(TlsSettings { compliant: true }),
        ..settings(vec![named])
    });
    let opening = probe.begin(at(0), 0);
    assert!(matches!(
        opening.transport,
        Transport::Tls(_, Some("inner.example"), true)
    ));
}

proptest! {
    #[test]
    fn any_answer_has_an_outcome(octets in prop::collection::vec(any::<u8>(), 0..300), size in 1..40usize) {
        let mut probe = made(settings(vec![Page {
            digest: Some(vec![0; 20]),
            pattern: cfg!(feature = "regex").then(|| Pattern { text: "a".into(), ..Pattern::default() }),
            ..page("/")
        }]));
        attempt(&mut probe, &octets, size);
        let head = b"HTTP/1.1 200 OK\r\n\r\n";
        let (_, outcome) = attempt(&mut probe, &[&head[..], &octets].concat(), size);
        prop_assert!(failed(&outcome));
    }
}
