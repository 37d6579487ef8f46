//! As much of HTTP/1.1 as collectors of metrics need (RFC 9112): one request, one
//! answer, and the end of the connection.

/// Requests are not longer than this, in octets.
pub const REQUEST_MAX: usize = 8192;

/// What metrics are said to be.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Request {
    /// `GET /metrics`
    Metrics,
    /// Another page.
    Other,
    /// Another method than GET.
    Method,
    /// No request, or a longer one than anybody needs.
    Malformed,
}

/// The request in these octets; nothing while its end has not come.
#[must_use]
pub fn request(octets: &[u8]) -> Option<Request> {
    let end = |mark: &[u8]| octets.windows(mark.len()).any(|part| part == mark);
    if !end(b"\r\n\r\n") && !end(b"\n\n") {
        let is_too_long = octets.len() >= REQUEST_MAX;
        return is_too_long.then_some(Request::Malformed);
    }
    let line = octets.split(|octet| *octet == b'\n').next();
    let line = line.and_then(|line| std::str::from_utf8(line).ok());
    Some(line.map_or(Request::Malformed, |line| of_line(line.trim_end())))
}

fn of_line(line: &str) -> Request {
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Request::Malformed;
    };
    let is_method = !method.is_empty() && method.bytes().all(|octet| octet.is_ascii_uppercase());
    if !is_method || !version.starts_with("HTTP/1.") {
        return Request::Malformed;
    }
    let path = target.split('?').next();
    match (method, path) {
        ("GET", Some("/metrics")) => Request::Metrics,
        ("GET", _) => Request::Other,
        _ => Request::Method,
    }
}

/// What stands before so many octets of metrics.
#[must_use]
pub fn found(length: usize) -> String {
    head("200 OK", OPENMETRICS, "", length)
}

/// The whole answer to anything but a request for metrics.
#[must_use]
pub fn refusal(request: Request) -> String {
    let (status, more, text) = match request {
        Request::Metrics => ("503 Service Unavailable", "", "not now\n"),
        Request::Other => ("404 Not Found", "", "there is only /metrics\n"),
        Request::Method => ("405 Method Not Allowed", "Allow: GET\r\n", "GET only\n"),
        Request::Malformed => ("400 Bad Request", "", "not understood\n"),
    };
    let head = head(status, "text/plain; charset=utf-8", more, text.len());
    format!("{head}{text}")
}

fn head(status: &str, kind: &str, more: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\
         Connection: close\r\n\r\n"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_for() {
        let of = |text: &str| request(text.as_bytes());
        assert_eq!(of("GET /metrics HTTP/1.1\r\nHost: x\r\n"), None);
        let whole = "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
        assert_eq!(of(whole), Some(Request::Metrics));
        assert_eq!(of("GET /metrics?a=b HTTP/1.0\n\n"), Some(Request::Metrics));
        assert_eq!(of("GET / HTTP/1.1\r\n\r\n"), Some(Request::Other));
        assert_eq!(of("GET /metricsx HTTP/1.1\r\n\r\n"), Some(Request::Other));
        for method in ["HEAD", "POST", "DELETE"] {
            let text = format!("{method} /metrics HTTP/1.1\r\n\r\n");
            assert_eq!(of(&text), Some(Request::Method), "{method}");
        }
        for text in [
            "\r\n\r\n",
            "get / HTTP/1.1\n\n",
            "GET /\n\n",
            "GET / FTP/1\n\n",
            "\0\n\n",
        ] {
            assert_eq!(of(text), Some(Request::Malformed), "{text:?}");
        }
        let long = "x".repeat(REQUEST_MAX);
        assert_eq!(of(&long), Some(Request::Malformed));
    }

    #[test]
    fn answers_say_how_long_they_are() {
        for request in [Request::Other, Request::Method, Request::Malformed] {
            let answer = refusal(request);
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
            assert!(head.contains(&format!("Content-Length: {}", body.len())));
            assert_eq!(head.contains("Allow: GET"), request == Request::Method);
        }
        assert!(found(7).ends_with("Content-Length: 7\r\nConnection: close\r\n\r\n"));
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = request(&octets);
        }
    }
}
