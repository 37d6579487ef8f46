//! The command line: options to what is to be done.
//!
//! [`options`] is the one table; [`parse`] reads words by it, [`text`] makes help
//! and manual from it. [`main`] does the one-shot tasks itself (version, help,
//! signal numbers, configuration test) and hands everything else to the watchdog
//! as its settings. Only this folder and `control_plane::expand` read the
//! environment.
#![forbid(unsafe_code)]

pub mod options;
pub mod parse;
pub mod signum;
pub mod text;

use std::io::Write as _;
use std::process::ExitCode;

use options::OPTIONS;
use parse::Parsed;

/// Exit status: bad command line or fatal error.
const FATAL: u8 = 1;

/// Run the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|w| w.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_else(|| "keepalived".to_owned());
    let words: Vec<String> = words.collect();
    ExitCode::from(run(&program, &words))
}

fn run(program: &str, words: &[String]) -> u8 {
    let parsed = match parse::parse(words) {
        Ok(parsed) => parsed,
        Err(mistake) => return complain(&mistake.to_string()),
    };
    if let Some(status) = one_shot(program, &parsed) {
        return status;
    }
    report_surplus(&parsed);
    report_later(&parsed);
    0
}

/// Tasks that print and end; the first one given counts.
fn one_shot(program: &str, parsed: &Parsed) -> Option<u8> {
    let tasks = ["version", "help", "signum", "genhash"];
    let first = tasks.into_iter().filter(|t| parsed.has(t));
    match first.min_by_key(|t| parsed.position(t))? {
        "version" => Some(tell(&text::version())),
        "help" => Some(tell(&text::help(program))),
        "signum" => Some(signal_number(parsed)),
        _ => Some(complain("The genhash mode is not yet in effect")),
    }
}

fn signal_number(parsed: &Parsed) -> u8 {
    let function = parsed.value("signum").unwrap_or_default();
    match signum::number(&function) {
        Some(number) => {
            say(&number.to_string());
            0
        }
        None => complain(&format!("Unknown sigfunc {function}")),
    }
}

fn report_surplus(parsed: &Parsed) {
    if !parsed.surplus().is_empty() {
        say(&format!(
            "Unexpected argument(s): {}",
            parsed.surplus().join(" ")
        ));
    }
}

/// An option without its effect is never passed over in silence.
fn report_later(parsed: &Parsed) {
    for option in OPTIONS.iter().filter(|o| !o.in_effect) {
        if parsed.has(option.long) {
            complain(&format!("Option --{} is not yet in effect", option.long));
        }
    }
}

/// One line on the standard output. A closed output is nobody's concern.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Text on the standard error output, where version and help belong.
fn tell(text: &str) -> u8 {
    let _ = std::io::stderr().write_all(text.as_bytes());
    0
}

/// One line on the standard error output.
fn complain(text: &str) -> u8 {
    let _ = writeln!(std::io::stderr(), "{text}");
    FATAL
}
