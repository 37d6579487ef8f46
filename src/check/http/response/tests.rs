//! Answers as servers send them, and as they do not.

use proptest::prelude::*;

use super::*;

/// What an answer comes down to.
#[derive(Debug, Eq, PartialEq)]
struct Read {
    status: Option<u16>,
    body: Vec<u8>,
    /// Complete before the connection ended.
    complete: bool,
    result: Result<(), Malformed>,
}

/// Read an answer that comes in pieces, to its end or that of the connection.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut response = Response::default();
    let mut read = Read {
        status: None,
        body: Vec::new(),
        complete: false,
        result: Ok(()),
    };
    for mut piece in pieces {
        loop {
            match response.next(&mut piece) {
                Ok(Some(Part::Status(status))) => read.status = Some(status),
                Ok(Some(Part::Body(body))) => read.body.extend_from_slice(body),
                Ok(Some(Part::End)) => read.complete = true,
                Ok(None) => break,
                Err(why) => {
                    read.result = Err(why);
                    return read;
                }
            }
        }
        assert!(response.line.len() <= HEAD_LIMIT && response.field.len() <= HEAD_LIMIT);
    }
    read.result = response.end();
    read
}

fn good(answer: &str, status: u16, body: &str, complete: bool) {
    let want = Read {
        status: Some(status),
        body: body.into(),
        complete,
        result: Ok(()),
    };
    let octets = answer.as_bytes();
    assert_eq!(read([octets]), want, "{answer:?}");
    assert_eq!(read(octets.chunks(1)), want, "{answer:?} octet by octet");
    for at in 0..octets.len() {
        let (first, second) = octets.split_at(at);
        assert_eq!(read([first, second]), want, "{answer:?} in two at {at}");
    }
}

fn bad(answer: &str, why: Malformed) {
    let octets = answer.as_bytes();
    assert_eq!(read([octets]).result, Err(why), "{answer:?}");
    assert_eq!(read(octets.chunks(1)).result, Err(why), "{answer:?}");
    for at in 0..octets.len() {
        let (first, second) = octets.split_at(at);
        assert_eq!(read([first, second]).result, Err(why), "{answer:?} at {at}");
    }
}

#[test]
fn a_body_until_the_connection_ends() {
    good("HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello", false);
    good("HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n", 404, "", false);
}

#[test]
fn a_body_of_known_length() {
    let ok = "HTTP/1.1 200 OK\r\nServer: x\r\n";
    good(
        &format!("{ok}Content-Length: 5\r\n\r\nhello"),
        200,
        "hello",
        true,
    );
    good(
        &format!("{ok}content-length:5\r\n\r\nhello and more"),
        200,
        "hello",
        true,
    );
    good(&format!("{ok}CONTENT-LENGTH: 0\r\n\r\n"), 200, "", true);
    good(
        &format!("{ok}Content-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab"),
        200,
        "ab",
        true,
    );
    bad(
        &format!("{ok}Content-Length: 5\r\n\r\nhell"),
        Malformed::BodyCut(4, Some(5)),
    );
    for value in ["five", "-1", "+5", "", "1, 2", "99999999999999999999"] {
        bad(
            &format!("{ok}Content-Length: {value}\r\n\r\nx"),
            Malformed::Length,
        );
    }
}

#[test]
fn chunks_are_put_together() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    good(
        &format!("{chunked}5\r\nhello\r\n0\r\n\r\n"),
        200,
        "hello",
        true,
    );
    good(
        &format!("{chunked}0A;name=\"v\"\r\n0123456789\r\n1 \r\n!\r\n00\r\nTrailer: x\r\n\r\nmore"),
        200,
        "0123456789!",
        true,
    );
    good(&format!("{chunked}3\nabc\n0\n\n"), 200, "abc", true);
    bad(
        &format!("{chunked}5\r\nhello\r\n0\r\n"),
        Malformed::BodyCut(5, None),
    );
    bad(&format!("{chunked}5\r\nhel"), Malformed::BodyCut(3, None));
    bad(
        &format!("{chunked}5\r\nhello!\r\n0\r\n\r\n"),
        Malformed::Chunk,
    );
    for size in ["", "x", "-1", "11112222333344445", ";a"] {
        bad(
            &format!("{chunked}{size}\r\nhello\r\n0\r\n\r\n"),
            Malformed::Chunk,
        );
    }
}

#[test]
fn codings_overrule_the_length() {
    good(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
         1\r\na\r\n0\r\n\r\n",
        200,
        "a",
        true,
    );
    good(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\
         Content-Length: 1\r\n\r\nabc",
        200,
        "abc",
        false,
    );
}

#[test]
fn lines_may_end_with_a_line_feed_alone() {
    good("HTTP/1.0 200 OK\nContent-Length: 2\n\nhi", 200, "hi", true);
}

#[test]
fn interim_answers_are_passed_over() {
    good(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        200,
        "hi",
        true,
    );
    bad("HTTP/1.1 100 Continue\r\n\r\n", Malformed::Nothing);
}

#[test]
fn some_answers_have_no_body() {
    for status in [101, 204, 304] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 7\r\n\r\n");
        good(&answer, status, "", true);
    }
}

#[test]
fn folded_fields_are_unfolded() {
    good(
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length:\r\n\t2\r\n\r\nhi",
        200,
        "hi",
        true,
    );
}

#[test]
fn what_is_no_field_is_passed_over() {
    good("HTTP/1.1 200 OK\r\nnonsense\r\n: x\r\n\r\n", 200, "", false);
}

#[test]
fn status_lines() {
    good("HTTP/1.1 200 \r\n\r\n", 200, "", false);
    good("HTTP/2 599 \r\n\r\n", 599, "", false);
    good("ICY 200 OK\r\n\r\n", 200, "", false);
    good("http/1.1 200 OK\r\n\r\n", 200, "", false);
    for line in [
        "\0\u{1}\u{2}\u{3} not http at all",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 20",
        "HTTP/1.1 200",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 20x OK",
        " 200 OK",
        "200 OK",
        "",
        "SSH-2.0-x",
    ] {
        bad(&format!("{line}\r\n\r\n"), Malformed::NotHttp);
    }
}

#[test]
fn a_connection_that_ends_too_early() {
    bad("", Malformed::Nothing);
    bad("HTTP/1.1 20", Malformed::HeadCut);
    bad("HTTP/1.1 200 OK\r\nServer: x\r\n", Malformed::HeadCut);
}

#[test]
fn a_head_without_an_end_is_given_up() {
    let line = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(HEAD_LIMIT));
    assert_eq!(
        read(line.as_bytes().chunks(1000)).result,
        Err(Malformed::HeadTooLong)
    );
    let lines = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(HEAD_LIMIT / 5));
    assert_eq!(read([lines.as_bytes()]).result, Err(Malformed::HeadTooLong));
    let size = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "0".repeat(HEAD_LIMIT + 1)
    );
    assert_eq!(
        read(size.as_bytes().chunks(7)).result,
        Err(Malformed::Chunk)
    );
}

/// Something like an answer.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.0 100 C",
        "HTTP/1.1 204 N",
        "\r\n",
        "\n",
        "\r\n\r\n",
        "\r",
        "Content-Length: 5",
        "Content-Length: 18446744073709551615",
        "Transfer-Encoding: chunked",
        "5",
        "0",
        "a",
        "ffffffffffffffff",
        " ",
        ":",
        ";x",
        "hello",
        "\0",
        "\u{ff}",
    ]);
    prop::collection::vec(word, 0..30).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #[test]
    fn pieces_do_not_matter(answer in answers(), sizes in prop::collection::vec(1..20usize, 1..20)) {
        let whole = read([&answer[..]]);
        let mut rest = &answer[..];
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            let (piece, later) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read(pieces), whole);
    }

    #[test]
    fn nothing_panics(octets in prop::collection::vec(any::<u8>(), 0..500), size in 1..50usize) {
        read(octets.chunks(size));
        let prefix = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        read([&prefix[..], &octets]);
    }
}
