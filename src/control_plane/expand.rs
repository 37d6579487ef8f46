//! Definitions and their use: `$NAME=value`, `$NAME`, `${NAME}`, and the
//! predefined names (`config-syntax.md` section 6).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::lex;
use super::source::{Origin, Span};

/// How deep definitions may refer to others.
const DEPTH_LIMIT: usize = 32;
/// How many references one line may have, those in values included.
const REFERENCE_LIMIT: usize = 1000;

/// The value of a name.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    /// The value, of a multi-line definition its first line.
    pub(super) value: Vec<u8>,
    /// Where it was defined.
    pub(super) at: Span,
    /// The further lines, if it has several.
    pub(super) more: Option<Vec<Span>>,
    /// Whether the value is the first of `more`, since nothing followed the `=`.
    /// Behind other text that line is taken into the line of the reference.
    pub(super) first_of_more: bool,
}

impl Definition {
    /// With a value in one line.
    pub(super) fn new(value: Vec<u8>, at: Span) -> Self {
        Self {
            value,
            at,
            more: None,
            first_of_more: false,
        }
    }

    /// Add a line, if it has several.
    pub(super) fn add_line(&mut self, text: &[u8], span: Span) {
        let Some(more) = &mut self.more else { return };
        if self.value.is_empty() && more.is_empty() {
            self.value = text.to_vec();
            self.first_of_more = true;
        }
        more.push(span);
    }

    /// The text to put in and the lines to follow, for a reference that stands
    /// alone in its line or not.
    fn split(&self, alone: bool) -> (Vec<u8>, Option<Vec<Span>>) {
        match &self.more {
            Some(more) if self.first_of_more && alone => (Vec::new(), Some(more.clone())),
            Some(more) if self.first_of_more => (
                self.value.clone(),
                Some(more.iter().skip(1).copied().collect()),
            ),
            more => (self.value.clone(), more.clone()),
        }
    }
}

/// A use of a name in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Reference {
    /// The whole, from `$` on.
    pub(super) whole: Range<usize>,
    /// The name.
    pub(super) name: Range<usize>,
    /// What follows the name within braces.
    pub(super) parameters: Range<usize>,
    /// Whether it is `${NAME}`.
    pub(super) braced: bool,
}

/// What became of a line.
#[derive(Debug)]
pub(super) struct Expanded {
    /// The text, all references that are defined replaced.
    pub(super) text: Draft,
    /// Further lines to be read behind it, and the reference that asked for them.
    pub(super) more: Option<(Vec<Span>, Span)>,
}

/// A reference that cannot be replaced.
#[derive(Debug)]
pub(super) struct Fault {
    /// The reference.
    pub(super) span: Span,
    /// What is wrong with it.
    pub(super) text: String,
}

/// All names with a value.
#[derive(Debug)]
pub(super) struct Names {
    defined: HashMap<Vec<u8>, Definition>,
    config_id: String,
    environment: BTreeMap<String, String>,
    directory: PathBuf,
    random: u64,
}

impl Names {
    /// With the predefined names only.
    pub(super) fn new(config_id: String, environment: BTreeMap<String, String>, seed: u64) -> Self {
        Self {
            defined: HashMap::new(),
            config_id,
            environment,
            directory: PathBuf::new(),
            random: seed,
        }
    }

    /// Start the random numbers anew.
    pub(super) fn seed(&mut self, seed: u64) {
        self.random = seed;
    }

    /// The value of `${_PWD}` from now on.
    pub(super) fn enter(&mut self, directory: &Path) {
        self.directory = directory.to_owned();
    }

    /// Give a name a value, instead of the one it may have.
    pub(super) fn define(&mut self, name: &[u8], definition: Definition) {
        self.defined.insert(name.to_vec(), definition);
    }

    /// Whether a name is defined in the configuration.
    pub(super) fn knows(&self, name: &[u8]) -> bool {
        self.defined.contains_key(name)
    }

    /// The definition of a name.
    pub(super) fn definition_mut(&mut self, name: &[u8]) -> Option<&mut Definition> {
        self.defined.get_mut(name)
    }

    /// Replace the references of a text, and those in what replaced them. Ends
    /// early when the text becomes a sequence, whose names are not yet defined.
    pub(super) fn expand(&mut self, mut text: Draft) -> Result<Expanded, Fault> {
        let line = text.span(&(0..text.bytes.len()));
        let mut more = None;
        let mut at = 0;
        let mut open: Vec<usize> = Vec::new();
        for _ in 0..REFERENCE_LIMIT {
            let Some(reference) = reference(&text.bytes, at) else {
                return Ok(Expanded { text, more });
            };
            let whole = reference.whole.clone();
            open.retain(|end| *end > whole.start);
            let fault = |text: &Draft, why: String| Fault {
                span: text.span(&whole),
                text: why,
            };
            let value = self
                .value(&text.bytes, &reference)
                .map_err(|why| fault(&text, why))?;
            let Some(value) = value else {
                at = whole.start + 1;
                continue;
            };
            if let Some(lines) = value.more {
                let rest = text.bytes.get(whole.end..).unwrap_or_default();
                if !rest.trim_ascii_end().is_empty() {
                    return Err(fault(
                        &text,
                        "a definition of several lines must be the last word of its line".into(),
                    ));
                }
                more = Some((lines, text.span(&whole)));
            }
            if open.len() >= DEPTH_LIMIT {
                return Err(fault(
                    &text,
                    "the definition refers to itself, or definitions nest too deep".into(),
                ));
            }
            for end in &mut open {
                *end = (*end + value.value.len()).saturating_sub(whole.len());
            }
            open.push(whole.start + value.value.len());
            at = whole.start;
            text.replace(whole.clone(), &value.value, value.at.map(Origin::Defined));
            if text.bytes.len() > lex::LINE_LIMIT {
                return Err(too_long(line));
            }
            if text.bytes.trim_ascii_start().first() == Some(&b'~') {
                return Ok(Expanded { text, more });
            }
        }
        Err(Fault {
            span: line,
            text: format!("more than {REFERENCE_LIMIT} definitions are used in this line"),
        })
    }

    /// The value of a reference, `None` if it is to stay as it is.
    fn value(&mut self, text: &[u8], reference: &Reference) -> Result<Option<Value>, String> {
        let name = text.get(reference.name.clone()).unwrap_or(&[]);
        let parameters = text.get(reference.parameters.clone()).unwrap_or(&[]);
        let Some(definition) = self.defined.get(name) else {
            return Ok(self.predefined(name, parameters)?.map(|value| Value {
                value,
                at: None,
                more: None,
            }));
        };
        if !parameters.is_empty() {
            return Err(format!(
                "`{}` takes no parameters",
                String::from_utf8_lossy(name)
            ));
        }
        let alone = text.trim_ascii().len() == reference.whole.len();
        let (value, more) = definition.split(alone);
        Ok(Some(Value {
            value,
            at: Some(definition.at),
            more,
        }))
    }

    fn predefined(&mut self, name: &[u8], parameters: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let parameters = String::from_utf8_lossy(parameters);
        let words: Vec<&str> = parameters.split_ascii_whitespace().collect();
        if parameters.ends_with([' ', '\t']) {
            return Err("no blank is allowed before the `}`".into());
        }
        let value = match name {
            b"_ENV" => {
                let [variable] = words.as_slice() else {
                    return Err(
                        "`_ENV` takes the name of one environment variable, like `${_ENV HOME}`"
                            .into(),
                    );
                };
                self.environment.get(*variable).cloned().unwrap_or_default()
            }
            b"_RANDOM" => self.random_number(&words)?.to_string(),
            b"_PWD" | b"_INSTANCE" | b"_HASH" | b"_BANG" if !words.is_empty() => {
                return Err(format!(
                    "`{}` takes no parameters",
                    String::from_utf8_lossy(name)
                ));
            }
            b"_PWD" => self.directory.display().to_string(),
            b"_INSTANCE" => self.config_id.clone(),
            b"_HASH" => "#".into(),
            b"_BANG" => "!".into(),
            _ => return Ok(None),
        };
        Ok(Some(value.into_bytes()))
    }

    fn random_number(&mut self, words: &[&str]) -> Result<u64, String> {
        let number = |word: &str| {
            let number: Result<u32, _> = word.parse();
            number
                .map(u64::from)
                .map_err(|_| format!("`{word}` is not a number"))
        };
        let (low, high) = match words {
            [] => (0, 32767),
            [low] => (number(low)?, 32767),
            [low, high] => (number(low)?, number(high)?),
            _ => return Err("`_RANDOM` takes a minimum and a maximum".into()),
        };
        if low > high {
            return Err(format!("the minimum {low} is above the maximum {high}"));
        }
        Ok(low + self.next_random() % (high - low + 1))
    }

    /// SplitMix64: any seed will do, and the sequence is the same everywhere.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

struct Value {
    value: Vec<u8>,
    at: Option<Span>,
    more: Option<Vec<Span>>,
}

/// A line whose definitions are too much for it.
fn too_long(line: Span) -> Fault {
    let limit = lex::LINE_LIMIT;
    Fault {
        span: line,
        text: format!("with its definitions the line is longer than {limit} octets"),
    }
}

/// The length of a name at the start of a text, 0 if there is none.
pub(super) fn name_len(text: &[u8]) -> usize {
    match text.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => text
            .iter()
            .position(|octet| !(octet.is_ascii_alphanumeric() || *octet == b'_'))
            .unwrap_or(text.len()),
        _ => 0,
    }
}

/// The first text from `from` on that has the form of a reference.
pub(super) fn reference(text: &[u8], from: usize) -> Option<Reference> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'$', text.get(at..)?)?;
        if let Some(found) = reference_at(text, at) {
            return Some(found);
        }
        at += 1;
    }
}

/// The reference whose `$` is at `at`.
pub(super) fn reference_at(text: &[u8], at: usize) -> Option<Reference> {
    let braced = text.get(at + 1) == Some(&b'{');
    let start = at + 1 + usize::from(braced);
    let len = name_len(text.get(start..)?);
    if len == 0 {
        return None;
    }
    let name = start..start + len;
    let after = text.get(name.end..)?;
    if !braced {
        let ends = matches!(after.first(), None | Some(b' ' | b'\t' | b',' | b')'));
        let parameters = name.end..name.end;
        return ends.then_some(Reference {
            whole: at..name.end,
            name,
            parameters,
            braced,
        });
    }
    let in_braces =
        |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b' ' | b'\t');
    let end = name.end + after.iter().position(|octet| !in_braces(octet))?;
    (text.get(end) == Some(&b'}')).then(|| Reference {
        whole: at..end + 1,
        parameters: name.end..end,
        name,
        braced,
    })
}

/// `NAME=` behind the `$` of a definition: the name and where the value starts.
pub(super) fn definition(line: &[u8]) -> Option<(Range<usize>, usize)> {
    let rest = line.strip_prefix(b"$")?;
    let len = name_len(rest);
    if len == 0 || rest.get(len) != Some(&b'=') {
        return None;
    }
    let value = rest.get(len + 1..).unwrap_or(&[]);
    let blanks = value
        .iter()
        .position(|octet| !lex::is_blank(*octet))
        .unwrap_or(value.len());
    Some((1..1 + len, len + 2 + blanks))
}
