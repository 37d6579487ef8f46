//! Words of the command line to options with their arguments.

use std::fmt;

use getopts::{Fail, HasArg, Matches, Occur, Options};

use super::options::{self, Argument, CliOption, REMOVED, Removed};

/// Why a command line is not understood. The texts are those of the C daemon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mistake {
    /// No option has this name (with its dashes).
    Unknown(String),
    /// The option (with its dashes) is one of an old version.
    Removed(String, &'static str),
    /// The option needs an argument, and it is missing or empty.
    MissingArgument(String),
    /// The option takes no argument.
    SurplusArgument(String),
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(option) => write!(f, "Unknown option {option}"),
            Self::Removed(option, text) => write!(f, "Unknown option {option}: {text}"),
            Self::MissingArgument(option) => write!(f, "Missing parameter for option {option}"),
            Self::SurplusArgument(option) => write!(f, "Option {option} takes no parameter"),
        }
    }
}

/// The options of a command line.
#[derive(Debug)]
pub struct Parsed {
    matches: Matches,
}

impl Parsed {
    /// How often the option was given.
    #[must_use]
    pub fn count(&self, long: &str) -> usize {
        self.matches.opt_count(long)
    }

    /// Whether the option was given.
    #[must_use]
    pub fn has(&self, long: &str) -> bool {
        self.count(long) > 0
    }

    /// The argument of the option's last use.
    #[must_use]
    pub fn value(&self, long: &str) -> Option<String> {
        self.matches.opt_strs(long).pop()
    }

    /// The arguments of all its uses.
    #[must_use]
    pub fn values(&self, long: &str) -> Vec<String> {
        self.matches.opt_strs(long)
    }

    /// Where the option was first used.
    #[must_use]
    pub fn position(&self, long: &str) -> Option<usize> {
        self.matches.opt_positions(long).into_iter().min()
    }

    /// Words that belong to no option.
    #[must_use]
    pub fn surplus(&self) -> &[String] {
        &self.matches.free
    }
}

/// Understand the words after the program's name by a table of options.
///
/// # Errors
/// The first word that is no option of the table or lacks its argument.
pub fn parse(table: Table, words: &[String]) -> Result<Parsed, Mistake> {
    let words = normalize(table, words)?;
    let mut parser = Options::new();
    for option in table {
        let (has_argument, hint) = match option.argument {
            Argument::None => (HasArg::No, ""),
            Argument::Required(name) => (HasArg::Yes, name),
            Argument::Optional(name) => (HasArg::Maybe, name),
        };
        parser.opt("", option.long, "", hint, has_argument, Occur::Multi);
    }
    let matches = parser.parse(&words).map_err(Mistake::from)?;
    Ok(Parsed { matches })
}

impl From<Fail> for Mistake {
    fn from(fail: Fail) -> Self {
        match fail {
            Fail::ArgumentMissing(name) => Self::MissingArgument(format!("--{name}")),
            Fail::UnexpectedArgument(name) => Self::SurplusArgument(format!("--{name}")),
            Fail::UnrecognizedOption(name)
            | Fail::OptionMissing(name)
            | Fail::OptionDuplicated(name) => Self::Unknown(format!("--{name}")),
        }
    }
}

/// Write every option as `--word` or `--word=argument`, so that letters in one
/// word, arguments in the next one and shortened words need no second thought.
fn normalize(table: Table, words: &[String]) -> Result<Vec<String>, Mistake> {
    let mut out = Vec::with_capacity(words.len());
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            out.push(word.clone());
            out.extend(rest.by_ref().cloned());
        } else if let Some(long) = word.strip_prefix("--") {
            normalize_word(table, long, &mut rest, &mut out)?;
        } else if let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) {
            normalize_letters(table, letters, &mut rest, &mut out)?;
        } else {
            out.push(word.clone());
        }
    }
    Ok(out)
}

type Rest<'a> = std::slice::Iter<'a, String>;
type Table = &'static [CliOption];

fn normalize_word(
    table: Table,
    long: &str,
    rest: &mut Rest<'_>,
    out: &mut Vec<String>,
) -> Result<(), Mistake> {
    let (name, attached) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (long, None),
    };
    let unknown = || unknown(format!("--{name}"), |removed| removed.long == name);
    let option = options::by_word(table, name).ok_or_else(unknown)?;
    let missing = || Mistake::MissingArgument(format!("--{}", option.long));
    let value = match (option.argument, attached) {
        (Argument::Required(_), Some("")) => return Err(missing()),
        (Argument::Required(_), None) => Some(rest.next().ok_or_else(missing)?.as_str()),
        (Argument::Optional(_), Some("")) => None,
        (_, attached) => attached,
    };
    out.push(spell(option.long, value));
    Ok(())
}

fn normalize_letters(
    table: Table,
    letters: &str,
    rest: &mut Rest<'_>,
    out: &mut Vec<String>,
) -> Result<(), Mistake> {
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        let unknown = || {
            unknown(format!("-{letter}"), |removed| {
                removed.short == Some(letter)
            })
        };
        let option = options::by_letter(table, letter).ok_or_else(unknown)?;
        if option.argument == Argument::None {
            out.push(spell(option.long, None));
            continue;
        }
        let attached = Some(letters.as_str()).filter(|a| !a.is_empty());
        let value = match (option.argument, attached) {
            (Argument::Required(_), None) => {
                let missing = || Mistake::MissingArgument(format!("-{letter}"));
                Some(rest.next().ok_or_else(missing)?.as_str())
            }
            (_, attached) => attached,
        };
        out.push(spell(option.long, value));
        break;
    }
    Ok(())
}

/// No option of the table; perhaps one of an old version.
fn unknown(option: String, is_it: impl Fn(&Removed) -> bool) -> Mistake {
    match REMOVED.iter().find(|removed| is_it(removed)) {
        Some(removed) => Mistake::Removed(option, removed.text),
        None => Mistake::Unknown(option),
    }
}

fn spell(long: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("--{long}={value}"),
        None => format!("--{long}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::OPTIONS;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn good(line: &str) -> Parsed {
        parse(OPTIONS, &words(line)).expect(line)
    }

    fn bad(line: &str) -> String {
        parse(OPTIONS, &words(line)).expect_err(line).to_string()
    }

    #[test]
    fn letters_may_share_a_word() {
        let p = good("-nlDDf /x/y -p/run/p");
        assert!(p.has("dont-fork") && p.has("log-console"));
        assert_eq!(p.count("log-detail"), 2);
        assert_eq!(p.value("use-file").as_deref(), Some("/x/y"));
        assert_eq!(p.value("pid").as_deref(), Some("/run/p"));
    }

    #[test]
    fn optional_arguments_must_be_attached() {
        let p = good("-t report -f x");
        assert!(p.has("config-test") && p.value("config-test").is_none());
        assert_eq!(p.surplus(), ["report"]);
        assert_eq!(
            good("-treport").value("config-test").as_deref(),
            Some("report")
        );
        let p = good("--config-test=report");
        assert_eq!(p.value("config-test").as_deref(), Some("report"));
    }

    #[test]
    fn the_last_of_several_values_counts() {
        assert_eq!(
            good("-f a --use-file b").value("use-file").as_deref(),
            Some("b")
        );
    }

    #[test]
    fn an_argument_may_look_like_an_option() {
        assert_eq!(good("-f -t").value("use-file").as_deref(), Some("-t"));
        assert_eq!(good("--pid --vrrp").value("pid").as_deref(), Some("--vrrp"));
    }

    #[test]
    fn mistakes_have_the_old_texts() {
        assert_eq!(bad("-Q"), "Unknown option -Q");
        assert_eq!(bad("--bogus"), "Unknown option --bogus");
        assert_eq!(bad("--pid="), "Missing parameter for option --pid");
        assert_eq!(bad("-p"), "Missing parameter for option -p");
        assert_eq!(bad("--signum"), "Missing parameter for option --signum");
        assert_eq!(bad("--vrrp=x"), "Option --vrrp takes no parameter");
    }

    /// Every option, in every form in which it may be written.
    #[test]
    fn each_option_has_all_its_forms() {
        for option in OPTIONS {
            let long = option.long;
            let value = |p: &Parsed| p.value(long);
            match option.argument {
                Argument::None => {
                    assert_eq!(good(&format!("--{long} --{long}")).count(long), 2);
                    let surplus = format!("Option --{long} takes no parameter");
                    assert_eq!(bad(&format!("--{long}=x")), surplus);
                }
                Argument::Required(_) => {
                    for line in [format!("--{long}=x"), format!("--{long} x")] {
                        assert_eq!(value(&good(&line)).as_deref(), Some("x"), "{line}");
                    }
                    let missing = format!("Missing parameter for option --{long}");
                    assert_eq!(bad(&format!("--{long}")), missing);
                    assert_eq!(bad(&format!("--{long}=")), missing);
                }
                Argument::Optional(_) => {
                    let p = good(&format!("--{long} x"));
                    assert!(p.has(long) && value(&p).is_none() && p.surplus() == ["x"]);
                    assert_eq!(value(&good(&format!("--{long}=x"))).as_deref(), Some("x"));
                }
            }
            let Some(letter) = option.short else { continue };
            match option.argument {
                Argument::None => {
                    let p = good(&format!("-n{letter}"));
                    assert!(p.has(long) && p.has("dont-fork"), "-{letter}");
                }
                Argument::Required(_) => {
                    for line in [format!("-n{letter}x"), format!("-{letter} x")] {
                        assert_eq!(value(&good(&line)).as_deref(), Some("x"), "{line}");
                    }
                    let missing = format!("Missing parameter for option -{letter}");
                    assert_eq!(bad(&format!("-n{letter}")), missing);
                }
                Argument::Optional(_) => {
                    let p = good(&format!("-n{letter}x"));
                    assert_eq!(value(&p).as_deref(), Some("x"), "-{letter}");
                    assert!(value(&good(&format!("-{letter} x"))).is_none());
                }
            }
        }
    }

    #[test]
    fn options_of_old_versions_are_refused_with_the_reason() {
        for removed in REMOVED {
            let text = bad(&format!("--{} 5", removed.long));
            assert!(text.starts_with("Unknown option --") && text.contains(removed.text));
        }
    }

    #[test]
    fn everything_after_two_dashes_is_surplus() {
        let p = good("-n -- -P x");
        assert!(!p.has("vrrp"));
        assert_eq!(p.surplus(), ["-P", "x"]);
    }
}
