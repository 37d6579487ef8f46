//! The command line: options to what is to be done.
//!
//! [`options`] is the one table; [`parse`] reads words by it, [`text`] makes help
//! and manual from it, `completion` what a shell completes. [`main`] does the one-shot
//! tasks itself (version, help, configuration test; [`signum`], `status`, and in `words`
//! those about single keywords) and hands everything else to the watchdog as its
//! settings, which `run` makes. [`genhash`] is another program in the same file, known by
//! its name. Only this folder and `control_plane::expand` read the environment.
#![forbid(unsafe_code)]

#[cfg(test)]
mod completion;
pub mod genhash;
pub mod options;
pub mod parse;
mod run;
pub mod signum;
mod status;
pub mod text;
mod words;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::check;
use crate::control_plane::Loaded;
use crate::sys::{memory, ns};
use crate::watchdog::settings::{DEFAULT_CONFIG, Settings};
use crate::watchdog::{self, config};

use options::OPTIONS;
use parse::Parsed;

/// Exit status: bad command line or fatal error.
const FATAL: u8 = 1;

/// Run the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    memory::map_large_blocks();
    let mut words = std::env::args_os().map(|w| w.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_else(|| "keepalived".to_owned());
    let words: Vec<String> = words.collect();
    ExitCode::from(run(&program, &words))
}

fn run(program: &str, words: &[String]) -> u8 {
    if program.ends_with("genhash") {
        return genhash::run(program, words);
    }
    if let Some((before, after)) = split_at_genhash(words) {
        if !before.is_empty() {
            let word = words.get(before.len()).map_or("--genhash", String::as_str);
            complain(&format!(
                "Warning -- `{word}` not used as first option, previous options ignored"
            ));
        }
        return genhash::run(&format!("{program} --genhash"), after);
    }
    let parsed = match parse::parse(OPTIONS, words) {
        Ok(parsed) => parsed,
        Err(mistake) => return complain(&mistake.to_string()),
    };
    if let Some(status) = one_shot(program, &parsed) {
        return status;
    }
    if let Some(status) = lonely(&parsed) {
        return status;
    }
    report_surplus(&parsed);
    report_notes(&parsed);
    if let Some(file) = parsed.value("upgrade-config") {
        return words::upgrade_config(&file, &run::load_options(&parsed));
    }
    let all_words = std::iter::once(program.to_owned()).chain(words.iter().cloned());
    let settings = run::settings(&parsed, all_words.collect());
    if parsed.has("config-test") {
        return config_test(&settings, parsed.value("config-test"));
    }
    if parsed.has("status") {
        return status::run(&settings, &parsed);
    }
    if parsed.has("reload-plan") {
        return reload_plan(&settings, parsed.value("running"));
    }
    watchdog::start(settings)
}

/// The words before and after `--genhash`, if that is what is asked for: what follows
/// are options of that utility. Tasks that come before it are done instead.
fn split_at_genhash(words: &[String]) -> Option<(&[String], &[String])> {
    let is_genhash = |word: &String| match word.strip_prefix("--") {
        Some(long) => options::by_word(OPTIONS, long).is_some_and(|o| o.long == "genhash"),
        None => word == "-T",
    };
    (0..words.len()).find_map(|at| {
        let (before, rest) = words.split_at(at);
        let (word, after) = rest.split_first()?;
        let parsed = parse::parse(OPTIONS, before)
            .ok()
            .filter(|_| is_genhash(word))?;
        let tasks = ["version", "help", "signum"];
        (!tasks.into_iter().any(|task| parsed.has(task))).then_some((before, after))
    })
}

/// Print what a reload of the running daemon with this configuration would do.
fn reload_plan(new: &Settings, running: Option<String>) -> u8 {
    let mut old = new.clone();
    old.config_file = running.unwrap_or_else(|| DEFAULT_CONFIG.to_owned()).into();
    if let Some(name) = &new.namespace
        && let Err(error) = ns::enter_network(name)
    {
        return complain(&format!("Cannot enter network namespace {name}: {error}"));
    }
    match watchdog::reload::plan(&old, new) {
        Ok(lines) if lines.is_empty() => say("nothing changes"),
        Ok(lines) => lines.iter().for_each(|line| say(line)),
        Err(error) => return complain(&format!("no reload: {error}")),
    }
    0
}

/// Check the configuration; the report goes to `file`, else to the standard error
/// output.
fn config_test(settings: &Settings, file: Option<String>) -> u8 {
    if let Some(name) = &settings.namespace
        && let Err(error) = ns::enter_network(name)
    {
        return complain(&format!("Cannot enter network namespace {name}: {error}"));
    }
    let mut loaded = read_in_namespace(settings);
    let mistake = loaded.config.as_deref().and_then(check::process::mistake);
    if let Some(mistake) = mistake {
        loaded.diags.push(mistake);
    }
    let report = config::report(&loaded);
    match file {
        Some(path) => {
            if let Err(error) = append(&path, &report) {
                return complain(&format!("Cannot write {path}: {error}"));
            }
        }
        None => {
            tell(&report);
        }
    }
    let status = loaded.diags.exit_status();
    // The process ends here, and the memory of thousands of services with it.
    std::mem::forget(loaded);
    status
}

/// The configuration, judged by the interfaces of the namespace it asks for. A file may
/// be tested where that does not exist: it is said, and the interfaces are those of
/// this one.
fn read_in_namespace(settings: &Settings) -> Loaded {
    let loaded = config::read(settings);
    let Some(name) = config::asked_namespace(settings, &loaded) else {
        return loaded;
    };
    if let Err(error) = ns::enter_network(&name) {
        complain(&format!(
            "Cannot enter network namespace {name}: {error}. The interfaces are those of this one"
        ));
        return loaded;
    }
    config::read(settings)
}

fn append(path: &str, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Tasks that print and end; the first one given counts.
fn one_shot(program: &str, parsed: &Parsed) -> Option<u8> {
    let tasks = ["version", "help", "signum", "explain", "genhash"];
    let first = tasks.into_iter().filter(|t| parsed.has(t));
    match first.min_by_key(|t| parsed.position(t))? {
        "version" => Some(tell(&text::version())),
        "help" => Some(tell(&text::help(program))),
        "signum" => Some(signal_number(parsed)),
        "explain" => Some(words::explain_word(
            &parsed.value("explain").unwrap_or_default(),
        )),
        _ => Some(genhash::run(&format!("{program} --genhash"), &[])),
    }
}

/// Options that only say how another one does its task. Without that one a daemon would start,
/// which nobody wants who asks for JSON.
const COMPANIONS: [(&str, &str); 3] = [
    ("json", "status"),
    ("watch", "status"),
    ("running", "reload-plan"),
];

fn lonely(parsed: &Parsed) -> Option<u8> {
    let mut companions = COMPANIONS.iter();
    let (option, other) =
        companions.find(|(option, other)| parsed.has(option) && !parsed.has(other))?;
    Some(complain(&format!("Option --{option} needs --{other}")))
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

/// What an option does not do here, although it is accepted.
fn report_notes(parsed: &Parsed) {
    for option in OPTIONS.iter().filter(|option| parsed.has(option.long)) {
        if let Some(note) = option.note {
            complain(&format!("Option --{} has no effect: {note}", option.long));
        }
    }
    for option in ["config-fd", "strict"] {
        if parsed.has(option) && !parsed.has("config-test") {
            complain(&format!(
                "Option --{option} has no effect without --config-test"
            ));
        }
    }
}

/// One line on the standard output. A closed output is nobody's concern.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Text on the standard output.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Text on the standard error output, where version and help belong.
fn tell(text: &str) -> u8 {
    let _ = io::stderr().write_all(text.as_bytes());
    0
}

/// One line on the standard error output.
fn complain(text: &str) -> u8 {
    let _ = writeln!(io::stderr(), "{text}");
    FATAL
}
