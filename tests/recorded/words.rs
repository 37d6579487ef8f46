//! The words of a line.

use std::net::IpAddr;
use std::time::Duration;

pub(crate) type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

pub(crate) fn parse<T: std::str::FromStr>(word: Option<&str>) -> Result<T, String> {
    let word = word.ok_or("a value?")?;
    word.parse()
        .map_err(|_| format!("a value instead of {word}?"))
}

pub(crate) fn time(words: &mut Words<'_>) -> Result<Duration, String> {
    let word = words.next().ok_or("a time?")?;
    let seconds = word.strip_suffix('s').unwrap_or(word);
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let nanos: u32 = parse(Some(&format!("{fraction:0<9}")))?;
    Ok(Duration::new(parse(Some(whole))?, nanos))
}

pub(crate) fn address(word: Option<&str>) -> Result<Option<IpAddr>, String> {
    match word {
        Some("none") => Ok(None),
        word => parse(word).map(Some),
    }
}
